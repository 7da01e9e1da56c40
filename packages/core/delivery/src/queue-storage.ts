/** What waits in a queue. `size` is in the queue's unit and never changes. */
export interface QueueEntry {
  readonly size: number;
}

export interface PutOptions {
  /** Stops waiting for room. */
  readonly signal: AbortSignal;
}

export interface TakeOptions {
  /** Stops waiting for an entry; the call then resolves to `undefined` and takes nothing. */
  readonly signal?: AbortSignal;
}

/**
 * Where batches wait between a pipeline and its destination.
 *
 * An entry occupies its size from `put` until `done`: what a sender works on still counts against the capacity.
 */
export interface QueueStorage<Entry extends QueueEntry> {
  /** The size of all entries that are not done. Never above `capacity`. */
  readonly size: number;
  readonly capacity: number;
  /**
   * Resolves when the queue keeps the entry. Rejects with a `RefusedError` when there is no room, or when the queue
   * is closed, and with a `PermanentError` (`DBI_TOO_LARGE`) for an entry that could never fit.
   */
  put(entry: Entry, options: PutOptions): Promise<void>;
  /** The oldest entry that nobody has taken; waits for one. `undefined` when the queue is closed and empty. */
  take(options?: TakeOptions): Promise<Entry | undefined>;
  /** Takes back an entry that nobody has taken, who then calls `done`; false when it is too late. */
  remove(entry: Entry): boolean;
  /** The entry's content has a final fate: it was delivered or given up. */
  done(entry: Entry): void;
  /** No more `put`; what is there can still be taken. Idempotent. */
  close(): void;
}
