/**
 * EMAThroughput sampling after its published description: the documentation of Honeycomb's dynsampler-go and Refinery.
 * A key's rate is such that it keeps its share of the goal, shares are by the logarithm of the moving average of the
 * key's records per interval. Options have the names and defaults that are documented there, but for the goal.
 */
import type { Random } from "@dbintel/pipeline";
import type { Arrival, StreamRecord } from "./stream.ts";
import type { StreamSampler } from "./stream-sampler.ts";

interface EmaThroughputOptions {
  readonly goalThroughputPerSec: number;
  readonly random: Random;
  /** Whether rates are whole numbers, rounded up, as in its first versions; later ones keep the fraction. */
  readonly wholeRates: boolean;
}

const adjustmentIntervalMs = 15_000;
const weight = 0.5;
const initialSampleRate = 10;
/** Averages below it are forgotten. Equal to the weight, so that one record in an interval is remembered. */
const ageOutValue = weight;
const burstMultiple = 2;
/** Intervals after the start in which bursts are not looked for. */
const burstDetectionDelay = 3;

export class EmaThroughput implements StreamSampler {
  readonly #options: EmaThroughputOptions;
  readonly #averages = new Map<string, number>();
  #counts = new Map<string, number>();
  #counted = 0;
  #burstThreshold = Number.POSITIVE_INFINITY;
  #rates: Map<string, number> | undefined;
  #intervals = 0;
  #nextAdjustmentMs = adjustmentIntervalMs;

  constructor(options: EmaThroughputOptions) {
    this.#options = options;
  }

  offer({ atMs, records }: Arrival): readonly number[] {
    for (; atMs >= this.#nextAdjustmentMs; this.#nextAdjustmentMs += adjustmentIntervalMs) {
      this.#intervals++;
      this.#adjust();
    }
    return records.map((record) => {
      const rate = this.#rateOf(record, atMs);
      return this.#options.random.next() * rate < 1 ? rate : 0;
    });
  }

  #rateOf(record: StreamRecord, atMs: number): number {
    // Errors are keys of their own, as its users are told to make them: it has no other way to tell them apart.
    const key = `${record.key} ${record.error}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    this.#counted++;
    if (this.#intervals >= burstDetectionDelay && this.#counted > this.#burstThreshold) {
      // At once, and a new interval begins: one that the burst cut short would look like a fall.
      this.#adjust();
      this.#nextAdjustmentMs = atMs + adjustmentIntervalMs;
    }
    if (this.#rates === undefined) return initialSampleRate;
    return this.#rates.get(key) ?? 1;
  }

  #adjust(): void {
    // Rates and averages stay as they are when nothing came.
    if (this.#counted === 0) return;
    const averages = this.#averages;
    for (const key of this.#counts.keys()) if (!averages.has(key)) averages.set(key, 0);
    let total = 0;
    let logarithms = 0;
    for (const [key, average] of averages) {
      const moved = weight * (this.#counts.get(key) ?? 0) + (1 - weight) * average;
      if (moved < ageOutValue) {
        averages.delete(key);
        continue;
      }
      averages.set(key, moved);
      total += moved;
      logarithms += Math.log10(Math.max(1, moved));
    }
    const goal = (this.#options.goalThroughputPerSec * adjustmentIntervalMs) / 1000;
    this.#rates = new Map(Array.from(averages, ([key, average]) => [key, this.#rate(average, goal / logarithms)]));
    this.#burstThreshold = total * burstMultiple;
    this.#counts = new Map();
    this.#counted = 0;
  }

  #rate(average: number, goalPerLogarithm: number): number {
    // One record in an interval has no logarithm to share by: it is kept.
    if (average <= 1) return 1;
    const rate = Math.max(1, average / (Math.log10(average) * goalPerLogarithm));
    return this.#options.wholeRates ? Math.ceil(rate) : rate;
  }
}
