import { type WaitCategory, waitCategories } from "../category.ts";
import type { WaitProfile } from "../profile/wait-profile.ts";
import { chiSquareUpperTail } from "./chi-square.ts";

/** When a difference between two profiles counts. */
export interface WaitShiftSettings {
  /** The probability of such a difference by chance from which on it is none. Default 0.001. */
  readonly significance: number;
  /** Cramér's V from which on it matters. Default 0.3, "medium" by J. Cohen, "Statistical Power Analysis" (1988). */
  readonly effect: number;
  /** Samples that each profile needs. Default 30. */
  readonly minSamples: number;
  /**
   * How many samples say as much as one that were independent (L. Kish's design effect), by which χ² is divided (J. N. K.
   * Rao and A. J. Scott, 1981): samples of a session that stays in one wait are alike. Sessions that stay for m samples on
   * average have 2m - 1, (1 + ρ) / (1 - ρ) with ρ = 1 - 1/m. Default 5: three samples.
   */
  readonly designEffect: number;
}

export const defaultWaitShiftSettings: WaitShiftSettings = {
  significance: 0.001,
  effect: 0.3,
  minSamples: 30,
  designEffect: 5,
};

/** A category whose share has changed. Shares are 0 to 1. */
export interface ShareChange {
  readonly category: WaitCategory;
  readonly before: number;
  readonly after: number;
}

/** How a profile differs from what was usual. */
export interface WaitShift {
  /** It is neither chance nor a trifle. */
  readonly shifted: boolean;
  readonly chiSquare: number;
  readonly degreesOfFreedom: number;
  readonly pValue: number;
  /** 0 (the same) to 1 (nothing in common), whatever the numbers of samples. */
  readonly cramersV: number;
  /** The share of the samples that lie elsewhere than before: the total variation distance. */
  readonly moved: number;
  /** The category that has gained most. */
  readonly gained: ShareChange;
  /** The category that has lost most. */
  readonly lost: ShareChange;
  readonly samplesBefore: number;
  readonly samplesAfter: number;
}

/**
 * How many times the samples of the other a profile counts at most. More of what was usual would say little more of now, but
 * a wait that is new would be expected to be so rare beside it that Cochran's rule took it together with others.
 */
const mostTimes = 4;

/**
 * Tests whether sessions wait for other things than before: Pearson's χ² test of homogeneity on the samples by category.
 *
 * Categories of which either profile would be expected to have fewer than five samples are taken together (W. G. Cochran,
 * 1954), and two categories are compared with Yates's correction (1934). `undefined` when there are too few samples to say
 * anything. Cramér's V is that of the table whose rows were brought to the same size, since otherwise it would be small
 * whenever one profile is much larger than the other.
 */
export function waitShift(
  before: WaitProfile,
  after: WaitProfile,
  settings: Partial<WaitShiftSettings> = {},
): WaitShift | undefined {
  const { significance, effect, minSamples, designEffect } = { ...defaultWaitShiftSettings, ...settings };
  if (before.samples < minSamples || after.samples < minSamples) return undefined;
  const { chiSquare, degreesOfFreedom } = homogeneity(before, after);
  const pValue = degreesOfFreedom === 0 ? 1 : chiSquareUpperTail(chiSquare / designEffect, degreesOfFreedom);
  const changes = waitCategories.map((category, ordinal) => ({
    category,
    before: (before.samplesByCategory[ordinal] ?? 0) / before.samples,
    after: (after.samplesByCategory[ordinal] ?? 0) / after.samples,
  }));
  const cramersV = Math.sqrt(sum(changes.map(halfSquareOverSum)));
  return {
    shifted: pValue < significance && cramersV >= effect,
    chiSquare,
    degreesOfFreedom,
    pValue,
    cramersV: Math.min(1, cramersV),
    moved: sum(changes.map((change) => Math.abs(growth(change)))) / 2,
    gained: changes.reduce((most, change) => (growth(change) > growth(most) ? change : most)),
    lost: changes.reduce((most, change) => (growth(change) < growth(most) ? change : most)),
    samplesBefore: before.samples,
    samplesAfter: after.samples,
  };
}

function growth(change: ShareChange): number {
  return change.after - change.before;
}

/** χ² / n of a column of two rows of the same size: (p - q)² / 2(p + q). */
function halfSquareOverSum(change: ShareChange): number {
  const total = change.before + change.after;
  return total === 0 ? 0 : growth(change) ** 2 / (2 * total);
}

function homogeneity(before: WaitProfile, after: WaitProfile) {
  const weightBefore = Math.min(1, (mostTimes * after.samples) / before.samples);
  const weightAfter = Math.min(1, (mostTimes * before.samples) / after.samples);
  const samplesBefore = before.samples * weightBefore;
  const samplesAfter = after.samples * weightAfter;
  const total = samplesBefore + samplesAfter;
  const smallerShare = Math.min(samplesBefore, samplesAfter) / total;
  const columns: (readonly [number, number])[] = [];
  let rest: readonly [number, number] = [0, 0];
  for (const [ordinal, samples] of before.samplesByCategory.entries()) {
    const left = samples * weightBefore;
    const right = (after.samplesByCategory[ordinal] ?? 0) * weightAfter;
    if ((left + right) * smallerShare >= 5) columns.push([left, right]);
    else rest = [rest[0] + left, rest[1] + right];
  }
  // What is too small even together goes to the last of the others: leaving it out would change the margins.
  const last = columns.at(-1);
  if (rest[0] + rest[1] > 0 && ((rest[0] + rest[1]) * smallerShare >= 5 || last === undefined)) columns.push(rest);
  else if (last !== undefined) columns[columns.length - 1] = [last[0] + rest[0], last[1] + rest[1]];
  const correction = columns.length === 2 ? 0.5 : 0;
  const terms = columns.flatMap(([left, right]) => {
    const expectedLeft = ((left + right) * samplesBefore) / total;
    const expectedRight = left + right - expectedLeft;
    const distance = Math.max(0, Math.abs(left - expectedLeft) - correction);
    return [distance ** 2 / expectedLeft, distance ** 2 / expectedRight];
  });
  return { chiSquare: sum(terms), degreesOfFreedom: columns.length - 1 };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
