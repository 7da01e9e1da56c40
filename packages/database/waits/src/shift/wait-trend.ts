import { type WaitProfile, type WaitShare, waitingShare } from "../profile/wait-profile.ts";

/** How the share of its time that a statement waits has changed against what is usual. */
export interface WaitTrend {
  readonly trend: "improving" | "steady" | "worsening";
  readonly usual: WaitShare;
  readonly now: WaitShare;
}

/** Samples of each side below which nothing is said. */
const minSamples = 20;
/** A change of less than this is no trend, however certain. */
const minChange = 0.2;
/** Samples of one wait are alike: what so many of them are worth one, as for `waitShift`. */
const designEffect = 3;

/**
 * Compares the share of the time that was waited: a trend is a change by a fifth of the time or more that the intervals of
 * both shares do not explain. `undefined` while one of them has too few samples.
 */
export function waitTrend(reference: WaitProfile, recent: WaitProfile): WaitTrend | undefined {
  if (reference.samples < minSamples || recent.samples < minSamples) return undefined;
  const [usual, now] = [reference, recent].map((profile) =>
    waitingShare({ ...profile, squares: profile.squares * designEffect }),
  );
  if (usual === undefined || now === undefined) return undefined;
  if (now.share <= usual.share - minChange && now.high < usual.low) return { trend: "improving", usual, now };
  if (now.share >= usual.share + minChange && now.low > usual.high) return { trend: "worsening", usual, now };
  return { trend: "steady", usual, now };
}
