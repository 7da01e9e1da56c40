import { describe, expect, it } from "vitest";
import { otlpHttpConfig } from "./config.ts";

const endpoint = "https://otlp.example.com:4318";

function issues(input: unknown): string[] {
  const result = otlpHttpConfig.safeParse(input);
  return (result.error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("otlpHttpConfig", () => {
  it("has the OpenTelemetry Collector's defaults", () => {
    expect(otlpHttpConfig.parse({ endpoint })).toMatchObject({
      compression: "gzip",
      encoding: "proto",
      timeout: 30_000,
      tls: { insecure_skip_verify: false, min_version: "1.2" },
      retry_on_failure: { enabled: true },
      sending_queue: { enabled: true },
    });
  });

  it("wants somewhere to send to", () => {
    expect(issues({})).toEqual(["endpoint: is required, or an endpoint for each signal"]);
    expect(issues({ logs_endpoint: "http://localhost:4318/v1/logs" })).toEqual([]);
  });

  it.each(["localhost:4318", "otlp.example.com", "ftp://example.com", ""])("refuses the endpoint %j", (text) => {
    expect(issues({ endpoint: text })).toEqual(['endpoint: expected a URL such as "https://otlp.example.com:4318"']);
  });

  it("refuses credentials in a URL without repeating them", () => {
    const [issue] = issues({ endpoint: "https://user:pa55word@example.com" });
    expect(issue).toBe("endpoint: must not hold a user or a password: use `headers`, whose values are never printed");
  });

  it("keeps the values of headers to itself", () => {
    const config = otlpHttpConfig.parse({ endpoint, headers: { "api-key": "s3cr3t" } });
    expect(JSON.stringify(config)).not.toContain("s3cr3t");
    expect(config.headers["api-key"]?.reveal()).toBe("s3cr3t");
  });

  it.each([
    [{ "api-key": "line\nbreak" }, "api-key: a header cannot hold a line break"],
    [{ "api-key": "bell\u0007" }, "api-key: holds characters that an HTTP header cannot have"],
    [{ "api key": "x" }, "api key: Invalid key in record"],
    [{ "Content-Length": "3" }, "Content-Length: is set by the exporter"],
  ])("refuses the header %j", (headers, message) => {
    expect(issues({ endpoint, headers })).toEqual([`headers.${message}`]);
  });

  it.each([
    [{ compression_params: { level: 10 } }, "compression_params.level: is at most 9 for gzip"],
    [
      { compression: "none", compression_params: { level: 1 } },
      "compression_params.level: has no effect without compression",
    ],
    [{ tls: { cert_file: "a.pem" } }, "tls.key_file: cert_file and key_file belong together"],
  ])("refuses %j", (config, message) => {
    expect(issues({ endpoint, ...config })).toEqual([message]);
  });
});
