import { describe, expect, it } from "vitest";
import { otlpHttpConfig } from "./config.ts";
import { endpointOf, isLoopback } from "./endpoint.ts";

describe("endpointOf", () => {
  it.each([
    ["http://localhost:4318", "http://localhost:4318/v1/logs"],
    ["http://localhost:4318/", "http://localhost:4318/v1/logs"],
    ["https://example.com/otlp//", "https://example.com/otlp/v1/logs"],
    ["https://example.com/otlp?tenant=1", "https://example.com/otlp/v1/logs?tenant=1"],
  ])("appends the path of the signal to %s", (endpoint, url) => {
    expect(endpointOf(otlpHttpConfig.parse({ endpoint }), "logs")?.url.href).toBe(url);
  });

  it("takes the endpoint of a signal as it is", () => {
    const config = otlpHttpConfig.parse({ endpoint: "http://a", traces_endpoint: "http://b/custom" });
    expect(endpointOf(config, "traces")?.url.href).toBe("http://b/custom");
    expect(endpointOf(config, "metrics")?.url.href).toBe("http://a/v1/metrics");
  });

  it("has none for a signal without", () => {
    expect(endpointOf(otlpHttpConfig.parse({ logs_endpoint: "http://a/v1/logs" }), "traces")).toBeUndefined();
  });

  it("shows no query in messages", () => {
    const config = otlpHttpConfig.parse({ endpoint: "https://example.com?key=s3cr3t" });
    expect(endpointOf(config, "logs")?.label).toBe("https://example.com/v1/logs");
  });
});

describe("isLoopback", () => {
  it.each([
    ["http://localhost:1", true],
    ["http://127.0.0.2", true],
    ["http://[::1]:4318", true],
    ["http://127.example.com", false],
    ["http://10.0.0.1", false],
    ["http://example.com", false],
  ])("%s: %s", (url, expected) => {
    expect(isLoopback(new URL(url))).toBe(expected);
  });
});
