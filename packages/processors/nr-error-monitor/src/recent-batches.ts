import type { Batch, Signal } from "@dbintel/pdata";

/** Batches of each signal that are remembered. */
const maxBatches = 240;

/** A batch that passed, for telling which one an error is about. */
export interface PassedBatch {
  /** Counts the batches of the signal from 1. */
  readonly number: number;
  readonly signal: Signal;
  readonly unixNano: bigint;
  readonly items: number;
}

const features: Readonly<Record<string, Signal>> = {
  Metrics: "metrics",
  Logs: "logs",
  "Distributed Tracing": "traces",
};

/** Remembers when the last batches passed. */
export class RecentBatches {
  readonly #batches: PassedBatch[] = [];
  readonly #numbers = { logs: 0, metrics: 0, traces: 0 };

  add(batch: Batch, unixNano: bigint): void {
    const number = ++this.#numbers[batch.signal];
    this.#batches.push({ number, signal: batch.signal, unixNano, items: batch.count });
    if (this.#batches.length > maxBatches) this.#batches.shift();
  }

  /** The last batch of a feature's signal that had passed when New Relic reported an error of it. */
  before(feature: string, timeMs: number): PassedBatch | undefined {
    const signal = features[feature];
    return this.#batches.findLast(
      (batch) => (signal === undefined || batch.signal === signal) && batch.unixNano <= BigInt(timeMs) * 1_000_000n,
    );
  }
}
