import { normalUpperTail } from "./normal.ts";

/**
 * The probability that `values` rank so high among `others`, or higher, when both are of one kind: the test of Mann and
 * Whitney ("On a test of whether one of two random variables is stochastically larger than the other", 1947),
 * one-sided, by the normal approximation with its corrections for continuity and for ties (Lehmann, "Nonparametrics",
 * 1975, chapter 1, section 4). Only order counts: no outlier moves it. 1 where there is nothing to compare.
 */
export function mannWhitneyUpperTail(values: readonly number[], others: readonly number[]): number {
  const total = values.length + others.length;
  const pairs = values.length * others.length;
  if (pairs === 0) return 1;
  // Pairs of which the value is the larger one; equal ones count half.
  let won = 0;
  for (const value of values) {
    for (const other of others) won += value > other ? 1 : value === other ? 0.5 : 0;
  }
  const variance = (pairs / 12) * (total + 1 - tieTerm([...values, ...others]) / (total * (total - 1)));
  return variance > 0 ? normalUpperTail((won - pairs / 2 - 0.5) / Math.sqrt(variance)) : 1;
}

/** The sum of `t³ - t` over all groups of `t` equal values. */
function tieTerm(values: readonly number[]): number {
  let sum = 0;
  for (const { length } of Map.groupBy(values, (value) => value).values()) sum += length ** 3 - length;
  return sum;
}
