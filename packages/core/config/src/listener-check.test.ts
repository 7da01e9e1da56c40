import { describe, expect, it } from "vitest";
import { findings, type SampleOptions } from "../test/sample.ts";

/** Findings of a configuration in which `otlp`, `otlp/b` and `health_check` run with these settings. */
function listening(
  settings: { readonly a?: string; readonly b?: string; readonly health?: string; readonly telemetry?: string },
  options?: SampleOptions,
): string {
  const { a = "", b = "", health = "", telemetry = "" } = settings;
  return findings(
    `receivers:
  otlp: {${a}}
  otlp/b: {${b}}
exporters: {debug: }
extensions:
  health_check: {${health}}
service:
  telemetry: {${telemetry}}
  extensions: [health_check]
  pipelines:
    logs: {receivers: [otlp, otlp/b], exporters: [debug]}
`,
    options,
  );
}

const http = (endpoint: string) => `protocols: {http: {endpoint: "${endpoint}"}}`;
const advice = "\n    only one of them could start: choose another port for the other";

describe("two listeners on one address", () => {
  it("are told with both places", () => {
    expect(listening({ a: http("localhost:1"), b: http("127.0.0.1:1") })).toBe(
      "c.yaml:3:41 receivers.otlp/b.protocols.http.endpoint: listens on 127.0.0.1:1, " +
        `and so does receivers.otlp.protocols.http.endpoint at c.yaml:2:39, on localhost:1${advice}`,
    );
  });

  it("are told at the one that was written where the other is a default", () => {
    const place = (other: string) =>
      `c.yaml:2:39 receivers.otlp.protocols.http.endpoint: listens on localhost:13133, and so does ${other}${advice}`;
    expect(listening({ a: http("localhost:13133") })).toBe(
      place("extensions.health_check.endpoint at c.yaml:6:3, its default"),
    );
    expect(listening({ a: "protocols: {http: }", b: "protocols: {http: }" })).toBe(
      "c.yaml:3:24 receivers.otlp/b.protocols.http.endpoint: listens on localhost:4318, " +
        `and so does receivers.otlp.protocols.http.endpoint at c.yaml:2:22, its default${advice}`,
    );
  });

  it("are told of the collector's own telemetry, and across files", () => {
    const options = {
      files: { "d.yaml": `extensions: {health_check: {endpoint: "localhost:9"}}` },
      sources: ["c.yaml", "d.yaml"],
    };
    expect(listening({ telemetry: "listen: {host: 127.0.0.1, port: 9}" }, options)).toBe(
      "c.yaml:8:15 service.telemetry.listen: listens on 127.0.0.1:9, " +
        `and so does extensions.health_check.endpoint at d.yaml:1:39, on localhost:9${advice}`,
    );
  });

  it("are told beside other errors", () => {
    expect(listening({ a: http("localhost:13133"), b: "protocol: " })).toMatch(/and so does[\s\S]*unknown key/);
  });

  it("do not clash when a component does not run, or lets the system choose a port", () => {
    const text = listening({ a: http("localhost:0"), b: http("localhost:0") });
    expect(text).toBe("");
    const unused = `receivers: {otlp: {${http("localhost:13133")}}}
exporters: {debug: }
extensions: {health_check: }
service: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}`;
    expect(findings(unused)).not.toContain("listens on");
  });
});
