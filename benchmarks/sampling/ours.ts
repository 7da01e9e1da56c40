import type { Random } from "@dbintel/pipeline";
import { Candidates, Sampler } from "@dbintel/processor-adaptive-sampler";
import type { Arrival } from "./stream.ts";
import type { StreamSampler } from "./stream-sampler.ts";

/** Of the goal, for each keep-always class: the peer's goal is for all that it keeps, so ours is less by them. */
const shareOfClass = 0.1;
const errorClass = 1;
const slowClass = 2;

/** The library of adaptive_sampler with the interval of the peer. What is slow it finds out for itself. */
export class Ours implements StreamSampler {
  readonly #sampler: Sampler;

  constructor(args: { readonly goalPerSecond: number; readonly random: Random }) {
    this.#sampler = new Sampler({
      groups: [{ rate: 1 }],
      maxRecordsPerSecond: args.goalPerSecond * (1 - 2 * shareOfClass),
      keepAlwaysPerSecond: args.goalPerSecond * shareOfClass,
      slowClass,
      minimumPerKey: 1,
      intervalMs: 15_000,
      random: () => args.random.next(),
    });
  }

  offer({ atMs, records }: Arrival): readonly number[] {
    const candidates = Candidates.of({
      keys: records.map(({ key }) => key),
      weights: records.map(({ durationMs }) => durationMs),
      classes: records.map(({ error }) => (error ? errorClass : 0)),
    });
    this.#sampler.decide(candidates, atMs);
    return records.map((_, index) => (candidates.isKept(index) ? candidates.adjustedCount(index) : 0));
  }
}
