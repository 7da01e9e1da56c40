import { describe, expect, test } from "vitest";
import { Sampler } from "../../src/index.ts";
import { errorClass, intervalMs, type TrafficRecord, traffic } from "./traffic.ts";
import { Estimates, numbers, seeds } from "./trials.ts";

const goalPerSecond = 20;
const goal = (goalPerSecond * intervalMs) / 1000;
const keepAlwaysPerSecond = 1;

/** Records a second, an interval each: steady, ten times as much, as before, and less than the goal. */
const rates = [40, 400, 40, 10, 10];
const { arrivals, records } = traffic(rates);

/** What one seed made of the traffic, by position of the record. */
interface Outcome {
  /** How many records it stands for; 0 when it was dropped. */
  readonly adjustedCounts: Float64Array;
  readonly probabilities: Float64Array;
  readonly guarantees: Uint8Array;
}

function run(seed: number, samplerIntervalMs = intervalMs): Outcome {
  const sampler = new Sampler({
    groups: [{ rate: 1 }],
    maxRecordsPerSecond: goalPerSecond,
    keepAlwaysPerSecond,
    minimumPerKey: 1,
    intervalMs: samplerIntervalMs,
    random: numbers(seed),
  });
  const adjustedCounts = new Float64Array(records.length);
  const probabilities = new Float64Array(records.length);
  const guarantees = new Uint8Array(records.length);
  for (const { atMs, candidates, from } of arrivals) {
    sampler.decide(candidates, atMs);
    for (let index = 0; index < candidates.count; index++) {
      if (candidates.isKept(index)) adjustedCounts[from + index] = candidates.adjustedCount(index);
    }
    probabilities.set(candidates.probabilities.subarray(0, candidates.count), from);
    guarantees.set(candidates.guarantees.subarray(0, candidates.count), from);
  }
  return { adjustedCounts, probabilities, guarantees };
}

const outcomes = seeds.map((seed) => run(seed));
const { probabilities } = outcomes[0] ?? run(1);

/** Positions of the records that the condition holds for. */
function positionsOf(condition: (record: TrafficRecord) => boolean): readonly number[] {
  return Array.from(records.entries()).flatMap(([position, record]) => (condition(record) ? [position] : []));
}

const intervals = rates.map((rate, interval) => ({ rate, positions: positionsOf((of) => of.interval === interval) }));

describe("a goal of 20 records a second, and traffic of 40, 400, 40, 10 and 10", () => {
  const subsets: Readonly<Record<string, readonly number[]>> = {
    all: positionsOf(() => true),
    errors: positionsOf(({ error }) => error),
    "no errors": positionsOf(({ error }) => !error),
    "long ones": positionsOf(({ duration }) => duration > 10),
    "short ones": positionsOf(({ duration }) => duration < 0.1),
    "every seventh": positionsOf(() => true).filter((position) => position % 7 === 0),
    ...Object.fromEntries(intervals.map(({ positions }, at) => [`interval ${at}`, positions] as const)),
    ...Object.fromEntries([0, 1, 3, 5, 8].map((of) => [`key ${of}`, positionsOf(({ key }) => key === of)] as const)),
  };
  const values: readonly (readonly [string, (record: TrafficRecord) => number])[] = [
    ["numbers of records", () => 1],
    ["durations", ({ duration }) => duration],
  ];

  test.each(values)("%s of subsets are estimated without bias, and within three deviations", (_, value) => {
    const ofPosition = records.map(value);
    for (const [name, members] of Object.entries(subsets)) {
      const estimates = new Estimates(
        members.map((at) => ({ value: ofPosition[at] ?? 0, probability: probabilities[at] ?? 1 })),
      );
      for (const { adjustedCounts } of outcomes) {
        let sum = 0;
        for (const at of members) sum += (adjustedCounts[at] ?? 0) * (ofPosition[at] ?? 0);
        estimates.add(sum);
      }
      const beyond = estimates.beyond(3 * estimates.expectedDeviation);
      expect(estimates.bias, `bias of ${name}`).toBeLessThan(3);
      expect(beyond, `estimates of ${name} beyond`).toBeLessThan(estimates.mayBeBeyond);
    }
  });

  test("probabilities do not depend on what was drawn", () => {
    for (const outcome of outcomes) {
      expect(outcome.probabilities.every((probability, at) => probability === probabilities[at])).toBe(true);
    }
  });

  test("no interval passes the goal by more than 1 %, nor what is left for errors", () => {
    for (const { adjustedCounts, guarantees } of outcomes) {
      for (const { positions } of intervals) {
        const kept = positions.filter((at) => adjustedCounts[at] !== 0);
        const errors = kept.filter((at) => guarantees[at] === errorClass).length;
        expect(kept.length - errors).toBeLessThanOrEqual(1.01 * goal);
        expect(errors).toBeLessThanOrEqual((keepAlwaysPerSecond * intervalMs) / 1000);
      }
    }
  });

  test("ten times the traffic is absorbed in the interval that it begins in, and the goal is still used", () => {
    for (const { adjustedCounts } of outcomes) {
      for (const { positions, rate } of intervals.filter((interval) => interval.rate > goalPerSecond)) {
        const kept = positions.filter((at) => adjustedCounts[at] !== 0);
        expect(kept.length, `of ${rate}`).toBeGreaterThan(0.9 * goal);
        // What the end of the interval needs is not used up by its beginning: half of an even share is there at least.
        const endFrom = (positions[0] ?? 0) + (positions.length * 2) / 3;
        expect(kept.filter((at) => at >= endFrom).length, `of ${rate}`).toBeGreaterThan(goal / 6);
      }
    }
  });

  test("so is a burst in the middle of an interval: the whole of it does not pass the goal", () => {
    const [before, burst] = [intervals[0]?.positions ?? [], intervals[1]?.positions ?? []];
    for (const seed of seeds.slice(0, 100)) {
      const { adjustedCounts, guarantees } = run(seed, 2 * intervalMs);
      const isKept = (at: number) => adjustedCounts[at] !== 0 && guarantees[at] !== errorClass;
      const inBurst = burst.filter(isKept).length;
      expect(before.filter(isKept).length + inBurst).toBeLessThanOrEqual(1.01 * 2 * goal);
      // What was left when it began is not lost either.
      expect(inBurst).toBeGreaterThan(goal / 2);
    }
  });

  test("everything is kept of traffic below the goal, once it is known to be", () => {
    for (const { adjustedCounts } of outcomes) {
      expect(intervals.at(-1)?.positions.every((at) => adjustedCounts[at] === 1)).toBe(true);
    }
  });

  test("each key that has a record in an interval has one that is kept", () => {
    for (const { positions } of intervals) {
      const seen = new Set(positions.map((at) => records[at]?.key));
      for (const { adjustedCounts } of outcomes) {
        const found = new Set(positions.filter((at) => adjustedCounts[at] !== 0).map((at) => records[at]?.key));
        expect(found).toEqual(seen);
      }
    }
  });
});
