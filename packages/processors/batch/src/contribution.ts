import type { Batch } from "@dbintel/pdata";
import type { ConsumeContext } from "@dbintel/pipeline";

/** One call of `consume` that waits for its answer, with what it brought. */
export class Contribution {
  readonly batch: Batch;
  readonly items: number;
  readonly bytes: number;
  /** Settles when `resolve` or `reject` was called. */
  readonly answer: Promise<void>;
  readonly #signal: AbortSignal;
  readonly #settled = Promise.withResolvers<void>();
  #onLeave: (() => void) | undefined;

  constructor(batch: Batch, context: ConsumeContext) {
    this.batch = batch;
    this.items = batch.count;
    this.bytes = batch.byteSize;
    this.answer = this.#settled.promise;
    this.#signal = context.signal;
  }

  /** Runs `callback` when the caller stops waiting; replaces the callback that was there. */
  onLeave(callback: () => void): void {
    this.#forget();
    this.#onLeave = callback;
    if (this.#signal.aborted) callback();
    else this.#signal.addEventListener("abort", callback, { once: true });
  }

  resolve(): void {
    this.#forget();
    this.#settled.resolve();
  }

  reject(reason: Error): void {
    this.#forget();
    this.#settled.reject(reason);
  }

  #forget(): void {
    if (this.#onLeave !== undefined) this.#signal.removeEventListener("abort", this.#onLeave);
    this.#onLeave = undefined;
  }
}
