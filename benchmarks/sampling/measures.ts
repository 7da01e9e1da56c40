import { type Arrival, keyCount, phases, type StreamRecord } from "./stream.ts";

/** Parts of the stream whose number of records and total duration are estimated from what was kept. */
const subsets: readonly Subset[] = [
  ...Array.from({ length: 10 }, (_, tenth): Subset => {
    return { group: "tenths of the keys", contains: ({ key }) => Math.floor((key * 10) / keyCount) === tenth };
  }),
  { group: "errors", contains: ({ error }) => error },
  { group: "slow ones", contains: ({ slow }) => slow },
];

interface Subset {
  /** Subsets of one group share a line of the table: it has the mean of their errors. */
  readonly group: string;
  readonly contains: (record: StreamRecord) => boolean;
}

/** Goals are measured over as long a time as a sampler has to adapt. */
const intervalSeconds = 15;
const minuteMs = 60_000;

/** The figure that is not an error. */
export const keptRow = "records kept";

/** What one run of a sampler over the stream came to. */
export class Measures {
  readonly #goalPerSecond: number;
  readonly #seconds: { seen: number; kept: number }[] = [];
  readonly #keys = { seen: new Set<number>(), kept: new Set<number>() };
  readonly #keyMinutes = { seen: new Set<number>(), kept: new Set<number>() };
  readonly #steady = new SubsetSums();
  readonly #whole = new SubsetSums();

  constructor(goalPerSecond: number) {
    this.#goalPerSecond = goalPerSecond;
  }

  /** Takes an arrival and the sampler's answer to it. */
  add({ atMs, records }: Arrival, adjustedCounts: readonly number[]): void {
    const second = Math.floor(atMs / 1000);
    const minute = Math.floor(atMs / minuteMs);
    this.#seconds[second] ??= { seen: 0, kept: 0 };
    const counts = this.#seconds[second];
    for (const [index, record] of records.entries()) {
      const adjusted = adjustedCounts[index] ?? 0;
      counts.seen++;
      this.#keys.seen.add(record.key);
      this.#keyMinutes.seen.add(minute * keyCount + record.key);
      if (adjusted > 0) {
        counts.kept++;
        this.#keys.kept.add(record.key);
        this.#keyMinutes.kept.add(minute * keyCount + record.key);
      }
      if (second < phases.steady.seconds) this.#steady.add(record, adjusted);
      this.#whole.add(record, adjusted);
    }
  }

  /** The figures by the names that the table has for them. */
  figures(): ReadonlyMap<string, number> {
    const intervals = this.#windows(intervalSeconds);
    return new Map<string, number>([
      [keptRow, this.#seconds.reduce((sum, { kept }) => sum + kept, 0)],
      ["goal missed by, mean over 15 s, %", mean(intervals.map(({ missed }) => Math.abs(missed))) * 100],
      ["most kept in 15 s, % of the goal", Math.max(...intervals.map(({ ofGoal }) => ofGoal)) * 100],
      ["most kept in 1 s, % of the goal", Math.max(...this.#windows(1).map(({ ofGoal }) => ofGoal)) * 100],
      ["keys never kept", this.#keys.seen.size - this.#keys.kept.size],
      ["minutes of a key with none kept, %", (1 - this.#keyMinutes.kept.size / this.#keyMinutes.seen.size) * 100],
      ...this.#steady.figures("steady"),
      ...this.#whole.figures("whole stream"),
    ]);
  }

  /**
   * By windows of so many seconds: records kept to the goal, and how far they are from what could be kept, which is
   * the goal, or all there was when that is less.
   */
  #windows(length: number): { readonly ofGoal: number; readonly missed: number }[] {
    const goal = this.#goalPerSecond * length;
    return Array.from({ length: Math.floor(this.#seconds.length / length) }, (_, index) => {
      const window = this.#seconds.slice(index * length, (index + 1) * length);
      const seen = window.reduce((sum, second) => sum + second.seen, 0);
      const kept = window.reduce((sum, second) => sum + second.kept, 0);
      return { ofGoal: kept / goal, missed: (kept - Math.min(goal, seen)) / goal };
    });
  }
}

/** Sums over the subsets, true and estimated (Horvitz and Thompson: each kept record stands for its adjusted count). */
class SubsetSums {
  readonly #sums = subsets.map((subset) => ({
    subset,
    truth: { records: 0, durationMs: 0 },
    estimate: { records: 0, durationMs: 0 },
  }));

  add(record: StreamRecord, adjusted: number): void {
    for (const { subset, truth, estimate } of this.#sums) {
      if (!subset.contains(record)) continue;
      truth.records++;
      truth.durationMs += record.durationMs;
      estimate.records += adjusted;
      estimate.durationMs += adjusted * record.durationMs;
    }
  }

  figures(part: string): readonly (readonly [string, number])[] {
    return [...new Set(subsets.map(({ group }) => group))].flatMap((group) => {
      const sums = this.#sums.filter(({ subset }) => subset.group === group);
      const error = (of: "records" | "durationMs") =>
        mean(sums.map(({ truth, estimate }) => Math.abs(estimate[of] / truth[of] - 1))) * 100;
      return [
        [`${part}: ${group}, count off by %`, error("records")],
        [`${part}: ${group}, duration off by %`, error("durationMs")],
      ] as const;
    });
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
