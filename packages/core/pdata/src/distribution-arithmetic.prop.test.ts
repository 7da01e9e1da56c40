import fc from "fast-check";
import { expect, it } from "vitest";
import type { Distribution, ExponentialBuckets, ExponentialHistogram } from "./api.ts";
import { distributionIncrease, joinDistributions } from "./distribution-arithmetic.ts";

/** The bucket of a value by the definition: the index i with base^i < value <= base^(i+1). */
function indexOf(value: number, scale: number): number {
  return Math.ceil(Math.log2(value) * 2 ** scale) - 1;
}

function bucketsOf(values: readonly number[], scale: number): ExponentialBuckets {
  const indexes = values.map((value) => indexOf(value, scale));
  if (indexes.length === 0) return { offset: 0, counts: [] };
  const first = Math.min(...indexes);
  const counts = new Array<bigint>(Math.max(...indexes) - first + 1).fill(0n);
  for (const index of indexes) counts[index - first] = (counts[index - first] ?? 0n) + 1n;
  return { offset: first, counts };
}

function histogramOf(values: readonly number[], scale: number): ExponentialHistogram {
  return {
    type: "exponential_histogram",
    count: BigInt(values.length),
    sum: values.reduce((total, value) => total + value, 0),
    min: undefined,
    max: undefined,
    scale,
    zeroCount: BigInt(values.filter((value) => value === 0).length),
    zeroThreshold: 0,
    positive: bucketsOf(
      values.filter((value) => value > 0),
      scale,
    ),
    negative: bucketsOf(
      values.filter((value) => value < 0).map((value) => -value),
      scale,
    ),
  };
}

function exponential(distribution: Distribution | undefined): ExponentialHistogram {
  if (distribution?.type !== "exponential_histogram") throw new Error("not an exponential histogram");
  return distribution;
}

const joined = (one: ExponentialHistogram, other: ExponentialHistogram) => exponential(joinDistributions(one, other));
const increase = (later: ExponentialHistogram, earlier: ExponentialHistogram) => distributionIncrease(later, earlier);

const counted = ({ scale, count, zeroCount, positive, negative }: ExponentialHistogram) => ({
  ...{ scale, count, zeroCount, positive, negative },
});

// Powers of four thirds lie on no bound of a bucket, where rounding would decide.
const value = fc.integer({ min: -40, max: 40 }).map((exponent) => Math.sign(exponent) * (4 / 3) ** Math.abs(exponent));
const values = fc.array(value, { maxLength: 30 });
const scale = fc.integer({ min: -2, max: 1 });

it("adds what two have counted as if one had counted all, at the lower scale", () => {
  fc.assert(
    fc.property(values, values, scale, scale, (one, other, a, b) => {
      const total = joined(histogramOf(one, a), histogramOf(other, b));
      expect(counted(total)).toEqual(counted(histogramOf([...one, ...other], Math.min(a, b))));
    }),
  );
});

it("takes from a total what an earlier one has counted, though the scale has fallen since", () => {
  fc.assert(
    fc.property(values, values, scale, fc.integer({ min: 0, max: 3 }), (before, since, finer, by) => {
      const later = histogramOf([...before, ...since], finer - by);
      const change = increase(later, histogramOf(before, finer));
      expect(counted(exponential(change))).toEqual(counted(histogramOf(since, finer - by)));
    }),
  );
});

it("keeps no more than 160 buckets a side", () => {
  const far = (exponent: number) => histogramOf([(4 / 3) ** exponent], 5);
  const total = joined(far(1), far(60));
  expect(total.positive.counts.length).toBeLessThanOrEqual(160);
  expect(total).toMatchObject({ count: 2n, scale: 2 });
});

it("counts what lies below a wider threshold as zeros", () => {
  const narrow = histogramOf([0.1, 5], 0);
  const wide = { ...histogramOf([5], 0), zeroThreshold: 0.5, zeroCount: 1n, count: 2n };
  expect(joined(narrow, wide)).toMatchObject({ count: 4n, zeroCount: 2n, zeroThreshold: 0.5 });
  expect(joined(narrow, wide).positive.counts).toEqual([2n]);
});

it("tells a counter that was reset", () => {
  expect(increase(histogramOf([2], 0), histogramOf([2, 5], 0))).toBeUndefined();
  expect(increase(histogramOf([2, 9, 9], 0), histogramOf([2, 5], 0))).toBeUndefined();
  expect(increase(histogramOf([2, 5], 1), histogramOf([2], 0))).toBeUndefined();
});
