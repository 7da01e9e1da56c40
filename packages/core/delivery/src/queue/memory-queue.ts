import { PermanentError, RefusedError } from "@dbintel/errors";
import { Fifo } from "./fifo.ts";
import type { PutOptions, QueueEntry, TakeOptions } from "./queue-entry.ts";

export interface MemoryQueueOptions {
  readonly capacity: number;
  /** When there is no room: true waits, in the order of the calls; false refuses. */
  readonly blockOnOverflow: boolean;
  /** What a refused caller is told to wait before it tries again, milliseconds. */
  readonly refusedDelayMs: number;
}

/** A caller that waits for room. */
interface Blocked<Entry> {
  readonly entry: Entry;
  admit(): void;
  refuse(error: RefusedError): void;
}

/**
 * A bounded queue in memory. What is in it is lost when the process ends without a stop.
 *
 * An entry occupies its size from `put` until `done`: what a sender works on still counts against the capacity.
 */
export class MemoryQueue<Entry extends QueueEntry> {
  readonly capacity: number;
  readonly #options: MemoryQueueOptions;
  readonly #entries = new Fifo<Entry>();
  readonly #blocked = new Fifo<Blocked<Entry>>();
  readonly #takers = new Fifo<(entry: Entry | undefined) => void>();
  #size = 0;
  #closed = false;

  constructor(options: MemoryQueueOptions) {
    this.#options = options;
    this.capacity = options.capacity;
  }

  /** The size of all entries that are not done. Above `capacity` only by what was restored. */
  get size(): number {
    return this.#size;
  }

  /**
   * Resolves when the queue keeps the entry. Rejects with a `RefusedError` when there is no room, or when the queue is
   * closed, and with a `PermanentError` (`DBI_TOO_LARGE`) for an entry that could never fit.
   */
  async put(entry: Entry, { signal }: PutOptions): Promise<void> {
    if (this.#closed) throw shuttingDown();
    if (entry.size > this.capacity) {
      throw new PermanentError(`a batch of size ${entry.size} can never fit into a queue of ${this.capacity}`, {
        code: "DBI_TOO_LARGE",
        hint: "raise sending_queue.queue_size, or cut batches before the exporter",
      });
    }
    if (this.#blocked.length === 0 && this.#hasRoom(entry)) {
      this.#admit(entry);
      return;
    }
    if (!this.#options.blockOnOverflow) {
      throw new RefusedError(`the sending queue is full (${this.#size} of ${this.capacity})`, {
        code: "DBI_QUEUE_FULL",
        hint: "the destination is slower than the data: raise sending_queue.queue_size or num_consumers, or send less",
        delayMs: this.#options.refusedDelayMs,
      });
    }
    await this.#waitForRoom(entry, signal);
  }

  /** The oldest entry that nobody has taken; waits for one. `undefined` when the queue is closed and empty. */
  take({ signal }: TakeOptions = {}): Promise<Entry | undefined> {
    const entry = this.#entries.shift();
    if (entry !== undefined || this.#closed || signal?.aborted === true) return Promise.resolve(entry);
    return new Promise((resolve) => {
      const onAbort = () => {
        if (this.#takers.remove(taker)) resolve(undefined);
      };
      const taker = (taken: Entry | undefined) => {
        signal?.removeEventListener("abort", onAbort);
        resolve(taken);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#takers.push(taker);
    });
  }

  /** Takes an entry in whatever its size: it has been in the queue before the process was started anew. */
  restore(entry: Entry): void {
    this.#admit(entry);
  }

  /** The oldest entry that nobody has taken, if there is one that passes the test. */
  takeIf(test: (oldest: Entry) => boolean): Entry | undefined {
    const oldest = this.#entries.peek();
    return oldest !== undefined && test(oldest) ? this.#entries.shift() : undefined;
  }

  /** Lets an entry that was taken wait again, behind the others. It has kept its size all the time. */
  giveBack(entry: Entry): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#entries.push(entry);
    else taker(entry);
  }

  /** Takes back an entry that nobody has taken, who then calls `done`; false when it is too late. */
  remove(entry: Entry): boolean {
    return this.#entries.remove(entry);
  }

  /** The entry's content has a final fate: it was delivered or given up. */
  done(entry: Entry): void {
    this.#size -= entry.size;
    this.#admitBlocked();
  }

  /** No more `put`; what is there can still be taken. Idempotent. */
  close(): void {
    this.#closed = true;
    for (let waiting = this.#blocked.shift(); waiting !== undefined; waiting = this.#blocked.shift()) {
      waiting.refuse(shuttingDown());
    }
    for (let taker = this.#takers.shift(); taker !== undefined; taker = this.#takers.shift()) taker(undefined);
  }

  #hasRoom(entry: Entry): boolean {
    return this.#size + entry.size <= this.capacity;
  }

  #admit(entry: Entry): void {
    this.#size += entry.size;
    this.giveBack(entry);
  }

  /** In the order of arrival, also when a later and smaller entry would fit: no caller waits for ever. */
  #admitBlocked(): void {
    for (let first = this.#blocked.peek(); first !== undefined; first = this.#blocked.peek()) {
      if (!this.#hasRoom(first.entry)) return;
      this.#blocked.shift();
      this.#admit(first.entry);
      first.admit();
    }
  }

  #waitForRoom(entry: Entry, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        if (!this.#blocked.remove(waiting)) return;
        reject(new RefusedError("the caller stopped waiting for room in the sending queue", { code: "DBI_ABORTED" }));
        this.#admitBlocked();
      };
      const waiting: Blocked<Entry> = {
        entry,
        admit: () => {
          signal.removeEventListener("abort", onAbort);
          resolve();
        },
        refuse: (error) => {
          signal.removeEventListener("abort", onAbort);
          reject(error);
        },
      };
      this.#blocked.push(waiting);
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { once: true });
    });
  }
}

export function shuttingDown(): RefusedError {
  return new RefusedError("the exporter is stopping", { code: "DBI_SHUTTING_DOWN" });
}
