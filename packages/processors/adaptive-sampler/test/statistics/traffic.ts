import { Candidates } from "../../src/index.ts";
import { logNormal, numbers } from "./trials.ts";

export const intervalMs = 10_000;
const keyCount = 20;
export const errorClass = 1;

const arrivalMs = 500;
const errorShare = 0.01;

/** What arrived together. */
export interface Arrival {
  readonly atMs: number;
  readonly candidates: Candidates;
  /** Position of its first record among all records of the traffic. */
  readonly from: number;
}

/** One record of the traffic, as tests ask for it. */
export interface TrafficRecord {
  readonly key: number;
  readonly duration: number;
  readonly interval: number;
  readonly error: boolean;
}

export interface Traffic {
  readonly arrivals: readonly Arrival[];
  readonly records: readonly TrafficRecord[];
}

/**
 * Traffic at so many records a second in one interval after the other. A half of the records is of one key, a quarter
 * of the next, and so on; the last key has one record in each interval.
 * `traces` is the seed of the random bits of their traces; without it they are of none.
 */
export function traffic(recordsPerSecond: readonly number[], traces?: number): Traffic {
  const next = numbers(7);
  const ofTraces = traces === undefined ? undefined : numbers(traces);
  const total = recordsPerSecond.reduce((sum, rate) => sum + (rate * intervalMs) / 1000, 0);
  const durations = logNormal(total + recordsPerSecond.length, 11);
  const records: TrafficRecord[] = [];
  const arrivals: Arrival[] = [];
  for (const [interval, rate] of recordsPerSecond.entries()) {
    for (let sinceMs = 0; sinceMs < intervalMs; sinceMs += arrivalMs) {
      const from = records.length;
      const count = (rate * arrivalMs) / 1000;
      for (let index = 0; index < count; index++) {
        const key = Math.min(keyCount - 2, Math.floor(-Math.log2(1 - next())));
        const error = next() < errorShare;
        records.push({ key, duration: durations[records.length] ?? 1, interval, error });
      }
      // In the middle of an interval, when a busy one may have used up what it has.
      if (sinceMs === intervalMs / 2) {
        records.push({ key: keyCount - 1, duration: durations[records.length] ?? 1, interval, error: false });
      }
      const arrived = records.slice(from);
      const candidates = Candidates.of({
        weights: arrived.map(({ duration }) => duration),
        keys: arrived.map(({ key }) => key),
        classes: arrived.map(({ error }) => (error ? errorClass : 0)),
        ...(ofTraces && { randomness: arrived.map(() => Math.floor(ofTraces() * 2 ** 48)) }),
      });
      arrivals.push({ atMs: interval * intervalMs + sinceMs, candidates, from });
    }
  }
  return { arrivals, records };
}
