import { decodeJson, type Metrics, metricsBuilder, type NumberPointInit } from "@dbintel/pdata";
import { describe, expect, it } from "vitest";
import { Folding } from "./folding.ts";

const never = () => {
  throw new Error("no point is malformed");
};

function sums(temporality: "delta" | "cumulative", values: Readonly<Record<string, number | bigint>>): Metrics {
  const points: NumberPointInit[] = Object.entries(values).map(([user, value], index) => ({
    attributes: { user, db: "shop" },
    startTimeUnixNano: 10n - BigInt(index % 2),
    timeUnixNano: 20n + BigInt(index),
    value,
  }));
  return metricsBuilder()
    .resource({ attributes: { "service.name": "test" } })
    .scope({ name: "test" })
    .sum({ name: "calls", monotonic: true, temporality }, points)
    .build();
}

function read(metrics: Metrics): Record<string, number | bigint | undefined> {
  const found: Record<string, number | bigint | undefined> = {};
  for (const point of metrics.points()) {
    found[`${point.attributes.getString("user")}/${point.attributes.getString("db")}`] = point.value;
  }
  return found;
}

/** The metrics after folding to four series: two as they are, the third and fourth place for folded ones. */
function folded(folding: Folding, metrics: Metrics) {
  folding.apply(metrics, 1, never);
  return read(metrics);
}

describe("Folding", () => {
  it("leaves metrics within the limit as they are", () => {
    const metrics = sums("delta", { a: 1n, b: 2n });
    const before = Buffer.from(metrics.encode());
    expect(new Folding(4).apply(metrics, 1, never)).toBe(0);
    expect(before.equals(metrics.encode())).toBe(true);
  });

  it("adds delta sums whose attribute with most values is folded, over their whole time", () => {
    const metrics = sums("delta", { a: 1n, b: 2n, c: 3n, d: 4n, e: 2n ** 62n });
    expect(folded(new Folding(4), metrics)).toEqual({
      "a/shop": 1n,
      "b/shop": 2n,
      "c/shop": 3n,
      "other/other": 4n + 2n ** 62n,
    });
    const last = Array.from(metrics.points(), ({ startTimeUnixNano, timeUnixNano }) => ({
      startTimeUnixNano,
      timeUnixNano,
    })).at(-1);
    expect(last).toEqual({ startTimeUnixNano: 9n, timeUnixNano: 24n });
    expect(metrics.dropped).toEqual(new Map([["folded", 1]]));
  });

  it("keeps the total of cumulative sums, whichever of them a batch holds, and over a reset", () => {
    const folding = new Folding(4);
    const next = (values: Record<string, bigint>) => folded(folding, sums("cumulative", values))["other/other"];
    expect(next({ a: 1n, b: 1n, c: 1n, d: 10n, e: 100n })).toBe(110n);
    expect(next({ d: 15n })).toBe(115n);
    expect(next({ e: 100n })).toBe(115n);
    expect(next({ e: 7n })).toBe(122n);
  });

  it("gives the places of silent series to others after two windows, not before", () => {
    const folding = new Folding(4);
    folded(folding, sums("delta", { a: 1n, b: 1n, c: 1n }));
    folding.rotate();
    expect(folded(folding, sums("delta", { d: 1n }))).toEqual({ "other/other": 1n });
    folding.rotate();
    expect(folded(folding, sums("delta", { d: 1n }))).toEqual({ "d/shop": 1n });
  });
});

type Json = Readonly<Record<string, unknown>>;

/** Metrics with one metric, whose points are of the users a, b, c …; all but two of them are folded. */
function histograms(data: Json, points: readonly Json[]): Metrics {
  const [kind = ""] = Object.keys(data);
  const dataPoints = points.map((point, index) => ({
    ...point,
    timeUnixNano: "7",
    attributes: [{ key: "user", value: { stringValue: String.fromCharCode(97 + index) } }],
  }));
  const metrics = [{ name: "latency", [kind]: { ...(data[kind] as Json), dataPoints } }];
  return decodeJson("metrics", JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }));
}

const delta = { aggregationTemporality: 1 };
const cumulative = { aggregationTemporality: 2 };

function usersOf(metrics: Metrics): (string | undefined)[] {
  return Array.from(metrics.points(), ({ attributes }) => attributes.getString("user"));
}

describe("Folding of histograms", () => {
  const point = { count: "3", sum: 12, min: 1, max: 9, explicitBounds: [5], bucketCounts: ["2", "1"] };

  it("adds delta histograms, buckets included", () => {
    const larger = { count: "1", sum: 20, min: 20, max: 20, explicitBounds: [5], bucketCounts: ["0", "1"] };
    const metrics = histograms({ histogram: delta }, [point, point, point, point, larger]);
    expect(new Folding(3).apply(metrics, 1, never)).toBe(3);
    expect(usersOf(metrics)).toEqual(["a", "b", "other"]);
    expect(Array.from(metrics.points(), ({ distribution }) => distribution).at(-1)).toEqual({
      type: "histogram",
      count: 7n,
      sum: 44,
      min: 1,
      max: 20,
      bounds: [5],
      bucketCounts: [4n, 3n],
    });
    expect(metrics.dropped).toEqual(new Map([["folded", 2]]));
  });

  it("adds exponential delta histograms of one scale", () => {
    const some = { count: "4", sum: 10, scale: 1, zeroCount: "1", positive: { offset: 2, bucketCounts: ["1", "2"] } };
    const metrics = histograms({ exponentialHistogram: delta }, [some, some, some, some]);
    expect(new Folding(3).apply(metrics, 1, never)).toBe(2);
    expect(Array.from(metrics.points(), ({ distribution }) => distribution).at(-1)).toMatchObject({
      count: 8n,
      sum: 20,
      zeroCount: 2n,
      positive: { offset: 2, counts: [2n, 4n] },
    });
  });

  it("leaves a histogram as it is whose buckets are others than those of the folded one", () => {
    const metrics = histograms({ histogram: delta }, [point, point, point, { ...point, explicitBounds: [6] }, point]);
    expect(new Folding(3).apply(metrics, 1, never)).toBe(2);
    expect(usersOf(metrics)).toEqual(["a", "b", "other", "d"]);
    expect(Array.from(metrics.points(), ({ count }) => count)).toEqual([3n, 3n, 6n, 3n]);
  });

  it.each<[string, Json, Json]>([
    ["cumulative histograms", { histogram: cumulative }, point],
    ["cumulative exponential histograms", { exponentialHistogram: cumulative }, { count: "1", scale: 0 }],
    ["summaries", { summary: {} }, { count: "1", sum: 5 }],
    ["points without a value", { gauge: {} }, { flags: 1, asInt: "0" }],
    ["histograms without a recorded value", { histogram: delta }, { flags: 1 }],
  ])("leaves %s as they are", (_, data, one) => {
    const metrics = histograms(data, [one, one, one, one, one]);
    const before = Buffer.from(metrics.encode());
    expect(new Folding(3).apply(metrics, 1, never)).toBe(0);
    expect(before.equals(metrics.encode())).toBe(true);
  });
});

describe("Folding of gauges", () => {
  it("keeps the last one", () => {
    const points = Array.from("abcde", (user, index) => ({ attributes: { user }, timeUnixNano: 1n, value: index }));
    const metrics = metricsBuilder().gauge({ name: "size" }, points).build();
    expect(new Folding(3).apply(metrics, 1, never)).toBe(3);
    expect(Array.from(metrics.points(), ({ value }) => value)).toEqual([0, 1, 4]);
  });
});

it("keeps the series of resources, scopes and metrics apart", () => {
  const builder = metricsBuilder();
  for (const name of ["r0", "r1"]) {
    builder.resource({ attributes: { name } });
    for (const scope of ["s0", "s1"]) {
      const points = Array.from("abc", (user) => ({ attributes: { user }, timeUnixNano: 1n, value: 1n }));
      builder.scope({ name: scope }).sum({ name: "calls", monotonic: true, temporality: "delta" }, points);
    }
  }
  const metrics = builder.build();
  new Folding(3).apply(metrics, 1, never);
  const left = Array.from(metrics.points(), ({ resource, scope, attributes, value }) =>
    [resource.attributes.getString("name"), scope.name, attributes.getString("user"), value].join(" "),
  );
  expect(left).toEqual(["r0 s0 a 1", "r0 s0 b 1", "r0 s0 other 1", "r0 s1 other 3", "r1 s0 other 3", "r1 s1 other 3"]);
});
