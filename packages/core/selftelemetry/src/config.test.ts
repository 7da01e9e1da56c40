import { Secret } from "@dbintel/config";
import { describe, expect, it } from "vitest";
import { telemetrySchema } from "./index.ts";

const issues = (input: unknown) =>
  telemetrySchema.safeParse(input).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];

const otlp = (settings: object) => ({ metrics: { readers: [{ periodic: { exporter: { otlp: settings } } }] } });

describe("service.telemetry", () => {
  it("serves Prometheus text on localhost:8888 and logs for people unless told otherwise", () => {
    const { logs, metrics } = telemetrySchema.parse({});
    expect(logs).toMatchObject({ level: "info", encoding: "console", sampling: { tick: 10_000, initial: 10 } });
    expect(metrics).toMatchObject({
      level: "normal",
      readers: [{ pull: { exporter: { prometheus: { host: "localhost", port: 8888, without_type_suffix: true } } } }],
    });
  });

  it("takes the keys of the OpenTelemetry Collector", () => {
    expect(
      issues({
        resource: { "service.name": "edge", "service.instance.id": null },
        logs: {
          level: "DEBUG",
          encoding: "json",
          development: false,
          disable_caller: true,
          sampling: { enabled: true, tick: "10s", initial: 5, thereafter: 200 },
          initial_fields: { region: "eu" },
        },
        metrics: {
          level: "detailed",
          readers: [
            { pull: { exporter: { prometheus: { host: "0.0.0.0", port: 9999, without_units: true } } } },
            {
              periodic: {
                interval: 10_000,
                exporter: { otlp: { protocol: "http/protobuf", endpoint: "https://a:4318" } },
              },
            },
          ],
        },
      }),
    ).toEqual([]);
    expect(telemetrySchema.parse({ logs: { level: "WARN" } }).logs.level).toBe("warn");
  });

  it("takes headers by name or as a list, and keeps their values secret", () => {
    for (const headers of [{ "api-key": "k" }, [{ name: "api-key", value: "k" }]]) {
      const [reader] = telemetrySchema.parse(otlp({ headers })).metrics.readers;
      const found = reader !== undefined && "periodic" in reader ? reader.periodic.exporter.otlp.headers : {};
      expect(found["api-key"]).toBeInstanceOf(Secret);
      expect(JSON.stringify(found)).toBe('{"api-key":"[REDACTED]"}');
    }
  });

  it("takes an interval in milliseconds or with a unit", () => {
    const intervals = [250, "2s"].map((interval) => {
      const settings = { metrics: { readers: [{ periodic: { interval, exporter: { otlp: {} } } }] } };
      const [reader] = telemetrySchema.parse(settings).metrics.readers;
      return reader !== undefined && "periodic" in reader ? reader.periodic.interval : undefined;
    });
    expect(intervals).toEqual([250, 2000]);
  });

  it.each([
    [{ traces: {} }, "traces: not supported: the collector makes no traces of itself; remove the key"],
    [
      { metrics: { address: "localhost:8888" } },
      "metrics.address: not supported: it is deprecated; use readers with pull.exporter.prometheus.host and port",
    ],
    [
      { logs: { output_paths: ["/var/log/x"] } },
      "logs.output_paths: not supported: the collector logs to stderr; redirect it where the collector is started",
    ],
  ])("says what to do instead of %j", (input, message) => {
    expect(issues(input)).toEqual([message]);
  });
});
