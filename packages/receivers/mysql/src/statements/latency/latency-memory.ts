import { type Baseline, exactInteger, JsonForm } from "@dbintel/polling";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { LatencyBuckets } from "./latency-buckets.ts";
import type { LatencyReading } from "./latency-interval.ts";

const bucket = z.tuple([z.number().int(), exactInteger, exactInteger, exactInteger]);

const buckets = z.codec(
  z.array(bucket),
  z.custom<LatencyBuckets>((value) => value instanceof Map),
  {
    decode: (list) => new Map(list.map(([number, low, high, count]) => [number, { low, high, count }])),
    encode: (of) =>
      [...of].map(([number, { low, high, count }]): z.output<typeof bucket> => [number, low, high, count]),
  },
);

const reading = z.object({
  micros: exactInteger,
  life: z.number().int(),
  firstSeenMicros: exactInteger,
  picoseconds: exactInteger.optional(),
  buckets,
});

const form = new JsonForm("mysql latencies 1", z.object({ all: reading, of: z.array(z.tuple([z.string(), reading])) }));

/** What histograms are compared with at the next reading, by name of statement; kept over a restart. */
export class LatencyMemory implements Baseline {
  readonly #of: LRUCache<string, LatencyReading>;
  #all: LatencyReading | undefined;

  /** Of `max` statements. */
  constructor(max: number) {
    this.#of = new LRUCache({ max });
  }

  /** Of all that the server executed. */
  get all(): LatencyReading | undefined {
    return this.#all;
  }

  get(name: string): LatencyReading | undefined {
    return this.#of.get(name);
  }

  keep(args: { readonly all: LatencyReading; readonly readings: ReadonlyMap<string, LatencyReading> }): void {
    this.#all = args.all;
    for (const [name, of] of args.readings) this.#of.set(name, of);
  }

  take(): Uint8Array | undefined {
    // What was used least comes first, and is the first to go.
    return this.#all && form.encode({ all: this.#all, of: [...this.#of.entries()].reverse() });
  }

  restore(bytes: Uint8Array): boolean {
    const kept = form.decode(bytes);
    if (kept === undefined) return false;
    this.keep({ all: kept.all, readings: new Map(kept.of) });
    return true;
  }

  forget(): void {
    this.#of.clear();
    this.#all = undefined;
  }
}
