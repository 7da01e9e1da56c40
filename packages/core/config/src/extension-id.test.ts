import { describe, expect, it } from "vitest";
import { findings } from "../test/sample.ts";

/** Findings of an exporter that needs the extension `health_check/a`. */
const needing = (extensions: string, run: string, exporters = "[otlp_http]") =>
  findings(`receivers: {otlp: }
exporters:
  debug:
  otlp_http: {endpoint: "http://x", queue: {storage: health_check/a}}
extensions: {${extensions}}
service:
  extensions: [${run}]
  pipelines: {logs: {receivers: [otlp], exporters: ${exporters}}}
`)
    .split("\n")
    .filter((line) => !line.includes("is configured, but no pipeline"))
    .join("\n");

describe("an extension that a component needs", () => {
  const at = "c.yaml:4:54 exporters.otlp_http.queue.storage";

  it("has to run", () => {
    expect(needing("health_check/a: ", "health_check/a")).toBe("");
    expect(needing("health_check/a: ", "")).toContain(
      `${at}: names the extension "health_check/a", which does not run\n    name it in service.extensions too`,
    );
  });

  it("has to be configured", () => {
    expect(needing("health_check/b: ", "health_check/b")).toBe(
      `${at}: names the extension "health_check/a", which is not configured (did you mean "health_check/b"?)`,
    );
  });

  it("may be missing where the component does not run either", () => {
    expect(needing("", "", "[debug]")).toBe("");
  });
});
