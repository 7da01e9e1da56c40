/** By how much the mean logarithm of a time lies above or below its level in each hour of the day (UTC). */
export interface DailyRhythm {
  /** 24 differences. */
  readonly offsets: readonly number[];
  /** How many verdicts each rests on. */
  readonly weights: readonly number[];
}

export const noRhythm: DailyRhythm = { offsets: Array<number>(24).fill(0), weights: Array<number>(24).fill(0) };

/** Verdicts of an hour after which half of its difference is believed: those of one day, with windows of five minutes. */
const halfBelieved = 12;

export function hourOf(epochMs: number): number {
  return Math.floor(epochMs / 3_600_000) % 24;
}

/** What is to be expected of that hour: the less it rests on, the nearer to nothing. */
export function expectedOffset({ offsets, weights }: DailyRhythm, hour: number): number {
  const weight = weights[hour] ?? 0;
  return ((offsets[hour] ?? 0) * weight) / (weight + halfBelieved);
}

/** The rhythm after one difference more, with a memory of so many verdicts for each hour. */
export function learnOffset(rhythm: DailyRhythm, hour: number, difference: number, memory: number): DailyRhythm {
  const weight = Math.min((rhythm.weights[hour] ?? 0) + 1, memory);
  const offset = rhythm.offsets[hour] ?? 0;
  return {
    offsets: rhythm.offsets.with(hour, offset + (difference - offset) / weight),
    weights: rhythm.weights.with(hour, weight),
  };
}
