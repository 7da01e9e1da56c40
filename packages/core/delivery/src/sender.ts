import type { Batch, Signal } from "@dbintel/pdata";

export interface SendOptions {
  /** Aborted when the attempt has timed out or shutdown has reached its deadline. The sender then closes what it opened. */
  readonly signal: AbortSignal;
}

/** What an exporter brings: one attempt to hand one batch to its destination. Everything else is the delivery's. */
export interface Sender {
  /**
   * Resolves when the destination has taken the batch. Rejects with one of the typed errors of `@dbintel/errors`:
   *
   * - `RetryableError`: tried again after the back-off, not before its `delayMs`.
   * - `PartialError`: the rejected items are dropped, the others count as sent; never tried again.
   * - `PermanentError`: dropped. With code `DBI_TOO_LARGE` or HTTP status 413 the batch is cut in half and both are sent.
   * - anything else is a defect and drops the batch.
   *
   * The batch is shared: it may be read and encoded, never edited. May be called again with the same batch.
   */
  send(batch: Batch, options: SendOptions): Promise<void>;

  /** Where batches of a signal go, as a message may show it: without user, password and query. Default: "the destination". */
  destinationOf?(signal: Signal): string;
}
