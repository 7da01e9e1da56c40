import type { ConsumeError } from "@dbintel/errors";
import { PartialError } from "@dbintel/errors";
import type { Fate } from "./fate.ts";
import type { DropReason } from "./outcome.ts";

/** Where the fate of items is counted. */
export interface Counts {
  sent(items: number): void;
  dropped(items: number, reason: DropReason, error: ConsumeError): void;
  /** Handed back by a rejected call: the edge of the pipeline counts them, as refused or as rejected. */
  returned(items: number): void;
}

export interface ReceiptOptions {
  readonly items: number;
  /**
   * Whether the caller waits for the fate of its items. Otherwise it has been told that they are taken, and what
   * cannot be delivered is dropped.
   */
  readonly awaited: boolean;
  readonly counts: Counts;
  /** Called once, when the fate of the last item is known. */
  readonly onSettled: () => void;
}

/**
 * Follows the items of one `consume` call, which may travel in several requests and share them with other calls.
 *
 * An awaited call rejects in one of two ways. Nothing was taken: it rejects with the error itself and all items are
 * the caller's again. A part was taken: giving the batch back would deliver that part twice, so it rejects with a
 * `PartialError` and the rest is lost.
 */
export class Receipt implements Fate {
  /** Settles for an awaited call when the fate of all items is known; never for another. */
  readonly settled: Promise<void>;
  readonly #options: ReceiptOptions;
  readonly #answered = Promise.withResolvers<void>();
  #open: number;
  #lost = 0;
  #lastError: ConsumeError | undefined;
  #taken = false;

  constructor(options: ReceiptOptions) {
    this.#options = options;
    this.#open = options.items;
    this.settled = this.#answered.promise;
    // The fate may be known before the caller has begun to wait for it; that is no unhandled rejection.
    this.settled.catch(() => {});
  }

  sent(items: number): void {
    this.#taken = true;
    this.#options.counts.sent(items);
    this.#close(items);
  }

  rejected(items: number, error: ConsumeError): void {
    this.#taken = true;
    this.failed(items, "rejected", error);
  }

  failed(items: number, reason: DropReason, error: ConsumeError): void {
    this.#lost += items;
    this.#lastError = error;
    if (!this.#options.awaited) this.#options.counts.dropped(items, reason, error);
    this.#close(items);
  }

  moved(items: number): void {
    this.#close(items);
  }

  /** The caller took its whole batch back before anybody began with it. */
  withdrawn(error: ConsumeError): void {
    this.#lost = this.#open;
    this.#lastError = error;
    this.#close(this.#open);
  }

  #close(items: number): void {
    this.#open -= items;
    if (this.#open > 0) return;
    if (this.#options.awaited) this.#answer();
    this.#options.onSettled();
  }

  #answer(): void {
    const { items, counts } = this.#options;
    if (this.#lastError === undefined) {
      this.#answered.resolve();
      return;
    }
    counts.returned(this.#lost);
    if (!this.#taken) {
      this.#answered.reject(this.#lastError);
      return;
    }
    const message = `${this.#lost} of ${items} items were not delivered: ${this.#lastError.message}`;
    this.#answered.reject(new PartialError(message, { rejected: this.#lost, cause: this.#lastError }));
  }
}
