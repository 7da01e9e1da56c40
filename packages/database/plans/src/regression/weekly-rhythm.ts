/** By how much a level lies above or below the mean in each of some recurring spans of time. */
interface Offsets {
  readonly offsets: readonly number[];
  /** How many verdicts each rests on. */
  readonly weights: readonly number[];
}

/** By how much the mean logarithm of a time lies above or below its level: by hour of the day plus by day of the week. */
export interface WeeklyRhythm {
  /** 24, from midnight UTC. */
  readonly hours: Offsets;
  /** 7, from Sunday. */
  readonly days: Offsets;
}

/** A position in the rhythm. */
interface Slot {
  readonly hour: number;
  readonly day: number;
}

export const noRhythm: WeeklyRhythm = { hours: noOffsets(24), days: noOffsets(7) };

/** Verdicts after which half of an offset is believed: those of an hour, and of four, with windows of five minutes. */
const halfBelieved = { hour: 12, day: 48 };

const hourMs = 3_600_000;

export function slotOf(epochMs: number): Slot {
  const hours = Math.floor(epochMs / hourMs);
  // 1970 began on a Thursday.
  return { hour: hours % 24, day: (Math.floor(hours / 24) + 4) % 7 };
}

/** What is to be expected at that time: the less it rests on, the nearer to nothing. */
export function expectedOffset({ hours, days }: WeeklyRhythm, { hour, day }: Slot): number {
  return believed(hours, hour, halfBelieved.hour) + believed(days, day, halfBelieved.day);
}

/**
 * The rhythm after one difference from the mean more; it remembers about as many verdicts as a week has.
 * Each of the two parts learns what the other does not explain (backfitting; Hastie and Tibshirani, 1990, chapter 4).
 */
export function learnOffset(rhythm: WeeklyRhythm, slot: Slot, difference: number, memory: number): WeeklyRhythm {
  const { hour, day } = slot;
  const hourOffset = believed(rhythm.hours, hour, halfBelieved.hour);
  const days = learned(rhythm.days, day, difference - hourOffset, Math.ceil(memory / 7));
  const dayOffset = believed(days, day, halfBelieved.day);
  return { hours: learned(rhythm.hours, hour, difference - dayOffset, Math.ceil(memory / 24)), days };
}

function noOffsets(count: number): Offsets {
  return { offsets: Array<number>(count).fill(0), weights: Array<number>(count).fill(0) };
}

function believed({ offsets, weights }: Offsets, index: number, half: number): number {
  const weight = weights[index] ?? 0;
  return ((offsets[index] ?? 0) * weight) / (weight + half);
}

function learned({ offsets, weights }: Offsets, index: number, difference: number, memory: number): Offsets {
  const weight = Math.min((weights[index] ?? 0) + 1, memory);
  const offset = offsets[index] ?? 0;
  return {
    offsets: offsets.with(index, offset + (difference - offset) / weight),
    weights: weights.with(index, weight),
  };
}
