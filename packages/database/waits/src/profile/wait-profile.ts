import { ordinalOf, type WaitCategory, type WaitClass, waitCategories, waitClassOf } from "../category.ts";
import { wilsonInterval } from "./wilson.ts";

/**
 * What sessions did and waited for in a time, as far as it was sampled. Nothing in it is estimated: counts and seconds are
 * those of the samples.
 */
export interface WaitProfile {
  /** Samples without those of idle sessions. */
  readonly samples: number;
  /** What they stand for: the sum of the times between a sample and the one before. */
  readonly seconds: number;
  /** The sum of the squares of those times: how evenly the samples weigh. */
  readonly squares: number;
  /** How long it was sampled. */
  readonly windowSeconds: number;
  /** By the order of `waitCategories`. */
  readonly samplesByCategory: readonly number[];
  readonly secondsByCategory: readonly number[];
}

/** A share of the time of a profile, and how far it can be trusted. */
export interface WaitShare {
  /** 0 to 1. */
  readonly share: number;
  /** The interval that holds the true share with a confidence of 95 %. */
  readonly low: number;
  readonly high: number;
  /** Samples that the share is of, not those that fall into it. */
  readonly samples: number;
}

const zeros: readonly number[] = waitCategories.map(() => 0);

export const noWaits: WaitProfile = {
  samples: 0,
  seconds: 0,
  squares: 0,
  windowSeconds: 0,
  samplesByCategory: zeros,
  secondsByCategory: zeros,
};

/** Two profiles of different sessions in the same time, or of the same in times one after the other: then the windows add up. */
export function mergeProfiles(one: WaitProfile, other: WaitProfile, windows: "same" | "successive"): WaitProfile {
  const add = (left: readonly number[], right: readonly number[]) =>
    left.map((value, index) => value + (right[index] ?? 0));
  return {
    samples: one.samples + other.samples,
    seconds: one.seconds + other.seconds,
    squares: one.squares + other.squares,
    windowSeconds:
      windows === "same" ? Math.max(one.windowSeconds, other.windowSeconds) : one.windowSeconds + other.windowSeconds,
    samplesByCategory: add(one.samplesByCategory, other.samplesByCategory),
    secondsByCategory: add(one.secondsByCategory, other.secondsByCategory),
  };
}

/** Sessions that were active on average; 0 before anything was sampled. */
export function averageActiveSessions({ seconds, windowSeconds }: WaitProfile): number {
  return windowSeconds > 0 ? seconds / windowSeconds : 0;
}

/**
 * What share of the time fell into a category or into any of several.
 *
 * The interval is Wilson's for the number of evenly weighing samples that the samples are worth, (Σ w)² / Σ w² (Kish,
 * "Survey Sampling", 1965). A session that stays in one wait over many samples makes them alike: for what one session did,
 * the interval is too narrow.
 */
export function waitShare(profile: WaitProfile, ...categories: readonly WaitCategory[]): WaitShare {
  const { samples, seconds, squares, secondsByCategory } = profile;
  if (seconds <= 0) return { share: 0, low: 0, high: 1, samples };
  let inside = 0;
  for (const category of categories) inside += secondsByCategory[ordinalOf(category)] ?? 0;
  const share = Math.min(1, inside / seconds);
  return { share, ...wilsonInterval(share, (seconds * seconds) / squares), samples };
}

const waits = waitCategories.filter((category) => waitClassOf(category) !== "cpu" && category !== "idle");

/** What share of the time was waited, for whatever it was. */
export function waitingShare(profile: WaitProfile): WaitShare {
  return waitShare(profile, ...waits);
}

const categoriesByClass = Map.groupBy(waitCategories, waitClassOf);

/** The same for all categories of a class. */
export function classShare(profile: WaitProfile, waitClass: WaitClass): WaitShare {
  return waitShare(profile, ...(categoriesByClass.get(waitClass) ?? []));
}
