import { describe, expect, it } from "vitest";
import type { Metrics, Temporality } from "./api.ts";
import { decodeMetrics } from "./batches.ts";
import { decodeJson } from "./json-decoder.ts";
import { encodeJson } from "./json-encoder.ts";

const point = (value: number) => ({ timeUnixNano: "1", asInt: String(value), attributes: [] });
const batchOf = (...metrics: readonly object[]): Metrics =>
  decodeJson("metrics", JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }));
const jsonOf = (metrics: Metrics) => JSON.parse(Buffer.from(encodeJson(metrics)).toString());

/** Tag 10, wire type 2 for the metrics of a request, and so on down to the points of a sum. */
const wrap = (field: number, content: Buffer) =>
  Buffer.concat([Buffer.from([(field << 3) | 2, content.length]), content]);

function setAll(metrics: Metrics, value: Temporality): void {
  for (const metric of metrics.metrics()) metric.temporality = value;
}

describe("the temporality of a metric", () => {
  it.each([
    ["sum", { dataPoints: [point(1), point(2)], aggregationTemporality: 1, isMonotonic: true }],
    ["histogram", { dataPoints: [{ timeUnixNano: "1", count: "1" }], aggregationTemporality: 1 }],
    ["exponentialHistogram", { dataPoints: [{ timeUnixNano: "1", count: "1", scale: 1 }], aggregationTemporality: 1 }],
  ])("of a %s can be changed, and nothing else changes with it", (kind, data) => {
    const metrics = batchOf({ name: "a", [kind]: data, unit: "1" }, { name: "b", [kind]: data });
    const before = jsonOf(metrics);
    setAll(metrics, "cumulative");
    expect(Array.from(metrics.metrics(), ({ temporality }) => temporality)).toEqual(["cumulative", "cumulative"]);
    const size = metrics.byteSize;
    const encoded = decodeMetrics(metrics.encode());
    expect([encoded.byteSize, encoded.count]).toEqual([size, metrics.count]);
    for (const metric of before.resourceMetrics[0].scopeMetrics[0].metrics) metric[kind].aggregationTemporality = 2;
    expect(jsonOf(encoded)).toEqual(before);
  });

  it.each([
    ["before its points", [wrap(1, Buffer.from([0x31, 7, 0, 0, 0, 0, 0, 0, 0])), Buffer.from([0x10, 1])].toReversed()],
    ["behind them", [wrap(1, Buffer.from([0x31, 7, 0, 0, 0, 0, 0, 0, 0])), Buffer.from([0x10, 1])]],
    [
      "between them",
      [
        wrap(1, Buffer.from([0x31, 7, 0, 0, 0, 0, 0, 0, 0])),
        Buffer.from([0x10, 1]),
        wrap(1, Buffer.from([0x31, 7, 0, 0, 0, 0, 0, 0, 0])),
      ],
    ],
    ["nowhere", [wrap(1, Buffer.from([0x31, 7, 0, 0, 0, 0, 0, 0, 0]))]],
  ])("is written once, where it stood %s", (_, sum) => {
    const metrics = decodeMetrics(wrap(1, wrap(2, wrap(2, wrap(7, Buffer.concat(sum))))));
    const items = metrics.count;
    setAll(metrics, "cumulative");
    for (const { value } of metrics.points()) expect(value).toBe(7n);
    const encoded = Buffer.from(metrics.encode());
    expect(encoded.length).toBe(metrics.byteSize);
    const again = decodeMetrics(encoded);
    expect([again.count, ...Array.from(again.metrics(), ({ temporality }) => temporality)]).toEqual([
      items,
      "cumulative",
    ]);
    expect(encoded.toString("hex").split("1002")).toHaveLength(2);
    expect(encoded.toString("hex")).not.toContain("1001");
  });

  it("changes together with points, and with the name", () => {
    const metrics = batchOf({ name: "a", sum: { dataPoints: [point(1), point(2)], aggregationTemporality: 1 } });
    setAll(metrics, "cumulative");
    for (const item of metrics.points()) {
      if (item.value === 1n) item.drop("test");
      else item.value = 5n;
    }
    for (const metric of metrics.metrics()) metric.name = "b";
    const again = decodeMetrics(metrics.encode());
    expect(Array.from(again.points(), ({ metric, value }) => [metric.name, metric.temporality, value])).toEqual([
      ["b", "cumulative", 5n],
    ]);
  });

  it("is a fork's own", () => {
    const metrics = batchOf({ name: "a", sum: { dataPoints: [point(1)], aggregationTemporality: 1 } });
    const fork = metrics.fork();
    setAll(fork, "cumulative");
    const seen = (batch: Metrics) =>
      Array.from(decodeMetrics(batch.encode()).metrics(), ({ temporality }) => temporality);
    expect([seen(metrics), seen(fork)]).toEqual([["delta"], ["cumulative"]]);
  });

  it("is no edit when it stays, and refused for what has none", () => {
    const metrics = batchOf({ name: "a", sum: { dataPoints: [point(1)], aggregationTemporality: 1 } });
    setAll(metrics, "delta");
    expect(metrics.edited).toBe(false);
    const gauge = batchOf({ name: "a", gauge: { dataPoints: [point(1)] } });
    expect(() => setAll(gauge, "delta")).toThrow("a gauge has no temporality");
  });
});
