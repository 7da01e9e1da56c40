import { type Metrics, metricsBuilder, type NumberPointInit } from "@dbintel/pdata";
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
