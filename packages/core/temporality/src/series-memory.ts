import { type DataPoint, joinHash } from "@dbintel/pdata";

export interface SeriesMemoryOptions {
  /** One more displaces the series that was silent longest. */
  readonly maxSeries: number;
  /** A series that was silent for longer begins anew, milliseconds. */
  readonly maxSilenceMs: number;
}

const nanosecondsPerMs = 1_000_000n;

interface Entry<State> {
  readonly state: State;
  readonly seenUnixNano: bigint;
}

/** What is remembered of each series of data points, within a bound. */
export class SeriesMemory<State> {
  readonly #maxSeries: number;
  readonly #maxSilenceNano: bigint;
  /** In the order in which they were seen last. */
  readonly #entries = new Map<string, Entry<State>>();
  #forgottenUnixNano = 0n;

  constructor({ maxSeries, maxSilenceMs }: SeriesMemoryOptions) {
    this.#maxSeries = maxSeries;
    this.#maxSilenceNano = BigInt(maxSilenceMs) * nanosecondsPerMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** When the last of the series that were forgotten was seen; 0n when none was. */
  get forgottenUnixNano(): bigint {
    return this.#forgottenUnixNano;
  }

  /** What is known of a point's series, and its key for `set`. */
  get(point: DataPoint, nowUnixNano: bigint): { readonly key: string; readonly state: State | undefined } {
    this.#forget(nowUnixNano, this.#maxSeries);
    const key = keyOf(point);
    return { key, state: this.#entries.get(key)?.state };
  }

  set(key: string, state: State, nowUnixNano: bigint): void {
    if (!this.#entries.delete(key)) this.#forget(nowUnixNano, this.#maxSeries - 1);
    this.#entries.set(key, { state, seenUnixNano: nowUnixNano });
  }

  /** Puts `before` back in the place of `state`, unless something else has come there since. */
  undo(key: string, state: State, before: State | undefined): void {
    const entry = this.#entries.get(key);
    if (entry?.state !== state) return;
    if (before === undefined) this.#entries.delete(key);
    else this.#entries.set(key, { ...entry, state: before });
  }

  #forget(nowUnixNano: bigint, most: number): void {
    for (const [key, { seenUnixNano }] of this.#entries) {
      if (this.#entries.size <= most && nowUnixNano - seenUnixNano <= this.#maxSilenceNano) return;
      this.#entries.delete(key);
      if (seenUnixNano > this.#forgottenUnixNano) this.#forgottenUnixNano = seenUnixNano;
    }
  }
}

/** Two hashes of 32 bits beside the names: series do not meet by chance. */
function keyOf({ metric, attributes }: DataPoint): string {
  const producer = metric.resource.attributes;
  const hashes = [1, 2].map((seed) => joinHash(producer.hashAll(seed), attributes.hashAll(seed)));
  return [metric.name, metric.unit, metric.type, metric.scope.name, metric.scope.version, ...hashes].join("\0");
}
