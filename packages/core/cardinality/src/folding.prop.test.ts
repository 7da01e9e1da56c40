import { type Metrics, metricsBuilder } from "@dbintel/pdata";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Folding } from "./folding.ts";

const never = () => {
  throw new Error("no point is malformed");
};

type Attributes = Readonly<Record<string, string | undefined>>;

const attributes: fc.Arbitrary<Attributes> = fc.record({
  user: fc.option(
    fc.nat(30).map((id) => `user ${id}`),
    { nil: undefined },
  ),
  db: fc.constantFrom("shop", "crm", undefined),
  host: fc.nat(3).map((id) => `host ${id}`),
});

/** What comes in one after the other: batches of points, and the ends of windows. */
const stream = (value: fc.Arbitrary<bigint>) =>
  fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.array(fc.record({ attributes, value }), { maxLength: 40 }) },
      { weight: 1, arbitrary: fc.constant("rotate" as const) },
    ),
    { maxLength: 8 },
  );

type Point = { readonly attributes: Attributes; readonly value: bigint };

function calls(temporality: "delta" | "cumulative", points: readonly Point[]): Metrics {
  return metricsBuilder()
    .sum(
      { name: "calls", monotonic: true, temporality },
      points.map((point) => ({ ...point, timeUnixNano: 1n })),
    )
    .build();
}

const seriesOf = (of: Iterable<readonly [string, unknown]>) => JSON.stringify([...of].map(String).toSorted(compare));
const compare = (a: string, b: string) => (a < b ? -1 : 1);

function read(metrics: Metrics): { readonly series: string; readonly value: bigint }[] {
  return Array.from(metrics.points(), ({ attributes: of, value }) => ({
    series: seriesOf(of.entries()),
    value: BigInt(value ?? 0),
  }));
}

const limit = fc.integer({ min: 2, max: 40 });
const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);

describe("Folding", () => {
  it("loses nothing of delta sums, and keeps to the limit", () => {
    const values = fc.bigInt(-(2n ** 50n), 2n ** 50n);
    fc.assert(
      fc.property(limit, stream(values), (most, events) => {
        const folding = new Folding(most);
        const seen = new Set<string>();
        for (const event of events) {
          if (event === "rotate") {
            folding.rotate();
            seen.clear();
            continue;
          }
          const metrics = calls("delta", event);
          folding.apply(metrics, 1, never);
          const left = read(metrics);
          expect(sum(left.map(({ value }) => value))).toBe(sum(event.map(({ value }) => value)));
          for (const { series } of left) seen.add(series);
          // Beside the places there are series in which all is folded: one for each set of names.
          expect(seen.size).toBeLessThanOrEqual(most + 4);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("loses nothing of cumulative sums within a window", () => {
    fc.assert(
      fc.property(limit, stream(fc.bigInt(0n, 1000n)), (most, events) => {
        const folding = new Folding(most);
        const truth = new Map<string, bigint>();
        const kept = new Map<string, bigint>();
        for (const event of events) {
          if (event === "rotate") continue;
          // Counters that rise by the value, each once a batch.
          const points = new Map(event.map((point) => [seriesOf(Object.entries(point.attributes)), point]));
          for (const [series, { value }] of points) truth.set(series, (truth.get(series) ?? 0n) + value);
          const counters = [...points].map(([series, { attributes: of }]) => ({
            attributes: of,
            value: truth.get(series) ?? 0n,
          }));
          const metrics = calls("cumulative", counters);
          folding.apply(metrics, 1, never);
          for (const { series, value } of read(metrics)) kept.set(series, value);
          expect(sum([...kept.values()])).toBe(sum([...truth.values()]));
        }
      }),
      { numRuns: 100 },
    );
  });
});
