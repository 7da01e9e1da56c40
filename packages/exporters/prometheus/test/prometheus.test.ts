import { describe, expect, it } from "vitest";
import { attributes, type JsonMetric, metrics, startExporter } from "./running.ts";

const second = (at: number) => `${1_700_000_000 + at}000000000`;
const cumulative = 2;
const delta = 1;

function sum(
  value: number,
  at: number,
  more: { readonly temporality?: number; readonly type?: string } = {},
): JsonMetric {
  const dataPoints = [
    { timeUnixNano: second(at), asInt: value, attributes: attributes({ "db.name": more.type ?? "a" }) },
  ];
  const aggregationTemporality = more.temporality ?? cumulative;
  return { name: "calls", sum: { isMonotonic: true, aggregationTemporality, dataPoints } };
}

const histogram = (counts: readonly number[], at: number, aggregationTemporality = delta): JsonMetric => ({
  name: "latency",
  unit: "s",
  histogram: {
    aggregationTemporality,
    dataPoints: [
      {
        timeUnixNano: second(at),
        count: counts.reduce((total, count) => total + count, 0),
        sum: 0.5,
        explicitBounds: [0.1, 1],
        bucketCounts: counts,
      },
    ],
  },
});

describe("what is served", () => {
  it("is each series with its last value, by name, with who it is of", async () => {
    await using exporter = await startExporter({ const_labels: { site: "here" }, send_timestamps: true });
    const gauge = { dataPoints: [{ timeUnixNano: second(1), asDouble: 0.25 }] };
    const resource = { "service.name": "db", "service.instance.id": "host:5432", "server.address": "host" };
    const list = [sum(3, 1), { name: "load", description: 'a "load"\nand more', gauge }];
    expect(await exporter.send(metrics(list, resource, { name: "scope", version: "1" }))).toEqual({});
    await exporter.send(metrics([sum(5, 2)], resource, { name: "scope", version: "1" }));
    const { status, headers, body } = await exporter.get();
    expect([status, headers["content-type"]]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
    const who = 'instance="host:5432",job="db",otel_scope_name="scope",otel_scope_version="1",site="here"';
    expect(body.split("\n")).toEqual([
      "# TYPE target_info gauge",
      'target_info{instance="host:5432",job="db",server_address="host",site="here"} 1',
      "# TYPE calls_total counter",
      `calls_total{db_name="a",${who}} 5 1700000002000`,
      '# HELP load a "load"\\nand more',
      "# TYPE load gauge",
      `load{${who}} 0.25 1700000001000`,
      "",
    ]);
  });

  it("is a histogram with buckets that add up", async () => {
    await using exporter = await startExporter();
    await exporter.send(metrics([histogram([1, 2, 3], 1, cumulative)]));
    expect((await exporter.get()).body.split("\n")).toEqual([
      "# TYPE latency_seconds histogram",
      'latency_seconds_bucket{le="0.1"} 1',
      'latency_seconds_bucket{le="1"} 3',
      'latency_seconds_bucket{le="+Inf"} 6',
      "latency_seconds_sum 0.5",
      "latency_seconds_count 6",
      "",
    ]);
  });

  it("is the total of deltas; what a sender repeats is not counted twice", async () => {
    await using exporter = await startExporter();
    await exporter.send(metrics([sum(3, 1, { temporality: delta }), histogram([1, 0, 0], 1)]));
    await exporter.send(metrics([sum(4, 2, { temporality: delta }), histogram([0, 1, 0], 2)]));
    const repeated = metrics([sum(4, 2, { temporality: delta }), histogram([0, 1, 0], 2)]);
    expect(await exporter.send(repeated)).toEqual({ out_of_order: 2 });
    const { body } = await exporter.get();
    expect(body).toContain('calls_total{db_name="a"} 7\n');
    expect(body).toContain('latency_seconds_bucket{le="1"} 2\n');
    expect(body).toContain("latency_seconds_sum 1\n");
    expect(exporter.host.accounting.of("metrics").sent).toBe(4);
  });

  it("keeps integers of 64 bits exact", async () => {
    await using exporter = await startExporter();
    const dataPoints = [{ timeUnixNano: second(1), asInt: "9007199254740993" }];
    await exporter.send(metrics([{ name: "big", gauge: { dataPoints } }]));
    expect((await exporter.get()).body).toContain("big 9007199254740993\n");
  });

  it("is OpenMetrics for who asks, where that is on", async () => {
    await using exporter = await startExporter({ enable_open_metrics: true, send_timestamps: true });
    await exporter.send(metrics([sum(3, 1)]));
    const { body, headers } = await exporter.get("/metrics", { accept: "application/openmetrics-text;version=1.0.0" });
    expect(headers["content-type"]).toContain("application/openmetrics-text");
    expect(body).toBe('# TYPE calls counter\ncalls_total{db_name="a"} 3 1700000001.000\n# EOF\n');
  });

  it("has the attributes of the resource as labels, where that is on", async () => {
    const resource_to_telemetry_conversion = { enabled: true };
    await using exporter = await startExporter({ resource_to_telemetry_conversion, without_scope_info: true });
    await exporter.send(metrics([sum(3, 1)], { "server.address": "host" }, { name: "scope" }));
    expect((await exporter.get()).body).toBe(
      '# TYPE calls_total counter\ncalls_total{db_name="a",server_address="host"} 3\n',
    );
  });

  it("shows exponential histograms by powers of two, and adds their changes up", async () => {
    await using exporter = await startExporter();
    const latency = (at: number, offset: number) => ({
      name: "latency",
      exponentialHistogram: {
        aggregationTemporality: 1,
        dataPoints: [
          {
            ...{ timeUnixNano: second(at), count: 7, sum: 9.5, scale: 1, zeroCount: 1 },
            positive: { offset, bucketCounts: [1, 2, 3] },
          },
        ],
      },
    });
    await exporter.send(metrics([latency(1, 0)]));
    await exporter.send(metrics([latency(2, 2)]));
    expect((await exporter.get()).body.split("\n")).toEqual([
      "# TYPE latency histogram",
      'latency_bucket{le="0"} 2',
      'latency_bucket{le="2"} 5',
      'latency_bucket{le="4"} 11',
      'latency_bucket{le="8"} 14',
      'latency_bucket{le="+Inf"} 14',
      "latency_sum 19",
      "latency_count 14",
      "",
    ]);
  });

  it("quotes what would end a label or a line", async () => {
    await using exporter = await startExporter();
    await exporter.send(metrics([sum(1, 1, { type: 'a"} 9\nfake 1\\' })]));
    const { body } = await exporter.get();
    expect(body.split("\n")).toEqual([
      "# TYPE calls_total counter",
      'calls_total{db_name="a\\"} 9\\nfake 1\\\\"} 1',
      "",
    ]);
  });
});

describe("bounds", () => {
  it("drop points of further series, and take them again when others have expired", async () => {
    await using exporter = await startExporter({ max_series: 1, metric_expiration: "1m" });
    const { clock } = exporter.host;
    expect(await exporter.send(metrics([sum(1, 1, { type: "a" }), sum(1, 1, { type: "b" })]))).toEqual({
      too_many_series: 1,
    });
    await clock.advance(60_000);
    expect((await exporter.get()).body).toBe("");
    expect(await exporter.send(metrics([sum(1, 2, { type: "b" })]))).toEqual({});
    expect((await exporter.get()).body).toContain('calls_total{db_name="b"} 1');
  });

  it.each([
    ["unsupported_type", { name: "x", summary: { dataPoints: [{ timeUnixNano: second(1), count: 1 }] } }],
    ["no_value", { name: "x", gauge: { dataPoints: [{ timeUnixNano: second(1), flags: 1 }] } }],
    ["out_of_order", sum(1, 0)],
    ["type_conflict", { name: "calls_total", gauge: { dataPoints: [{ timeUnixNano: second(1), asInt: 1 }] } }],
  ])("drop with the reason %s what cannot be served", async (reason, metric) => {
    await using exporter = await startExporter();
    await exporter.send(metrics([sum(1, 1)]));
    expect(await exporter.send(metrics([metric]))).toEqual({ [reason]: 1 });
    expect((await exporter.get()).body).toBe('# TYPE calls_total counter\ncalls_total{db_name="a"} 1\n');
  });
});

describe("requests", () => {
  it("are answered by path and method, compressed for who asks", async () => {
    await using exporter = await startExporter({ path: "/db" });
    await exporter.send(metrics([sum(1, 1)]));
    expect((await exporter.get("/metrics")).status).toBe(404);
    expect((await exporter.get("/db", {}, "POST")).status).toBe(405);
    expect((await exporter.get("/db", {}, "HEAD")).body).toBe("");
    const { headers, body } = await exporter.get("/db?x=1", { "accept-encoding": "gzip, br" });
    expect([headers["content-encoding"], body.includes("calls_total")]).toEqual(["gzip", true]);
  });

  it("of strangers get 401 where an authenticator stands before them", async () => {
    const guard = {
      challenge: "Password",
      admits: async (header: (name: string) => string | undefined) => header("key") === "1",
    };
    await using exporter = await startExporter({ auth: { authenticator: "guard" } }, new Map([["guard", guard]]));
    expect(await exporter.get()).toMatchObject({ status: 401, headers: { "www-authenticate": "Password" } });
    expect((await exporter.get("/metrics", { key: "1" })).status).toBe(200);
  });
});
