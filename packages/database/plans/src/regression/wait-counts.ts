import {
  noWaits,
  type WaitCategory,
  type WaitProfile,
  type WaitShift,
  waitCategories,
  waitShift,
} from "@dbintel/waits";

/** How often sessions with a statement were found in each wait, by the order of `waitCategories`. */
export type WaitCounts = readonly number[];

/** Samples that are remembered as usual; older ones fade. */
const mostSamples = 1000;

export function countWait(counts: WaitCounts | undefined, category: WaitCategory): WaitCounts {
  const ordinal = waitCategories.indexOf(category);
  const before = counts ?? waitCategories.map(() => 0);
  return before.with(ordinal, (before[ordinal] ?? 0) + 1);
}

export function addWaits(one: WaitCounts | undefined, other: WaitCounts | undefined): WaitCounts | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.map((count, ordinal) => count + (other[ordinal] ?? 0));
}

/** Usual waits after some more of them. */
export function learnWaits(usual: WaitCounts | undefined, more: WaitCounts | undefined): WaitCounts | undefined {
  const counts = addWaits(usual, more);
  const samples = counts === undefined ? 0 : sumOf(counts);
  if (counts === undefined || samples <= mostSamples) return counts;
  return counts.map((count) => Math.round((count * mostSamples) / samples));
}

/** How the waits have changed; `undefined` where too few are known or the difference may be chance. */
export function shiftOf(usual: WaitCounts | undefined, now: WaitCounts | undefined): WaitShift | undefined {
  if (usual === undefined || now === undefined) return undefined;
  const shift = waitShift(profileOf(usual), profileOf(now));
  return shift?.shifted === true ? shift : undefined;
}

function profileOf(counts: WaitCounts): WaitProfile {
  return { ...noWaits, samples: sumOf(counts), samplesByCategory: counts };
}

function sumOf(counts: WaitCounts): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
