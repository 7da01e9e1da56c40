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
