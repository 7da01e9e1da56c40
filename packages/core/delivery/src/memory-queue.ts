import { PermanentError, RefusedError } from "@dbintel/errors";
import { Fifo } from "./fifo.ts";
import type { PutOptions, QueueEntry, QueueStorage, TakeOptions } from "./queue-storage.ts";

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

/** A bounded queue in memory. What is in it is lost when the process ends without a stop. */
export class MemoryQueue<Entry extends QueueEntry> implements QueueStorage<Entry> {
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

  get size(): number {
    return this.#size;
  }

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

  remove(entry: Entry): boolean {
    return this.#entries.remove(entry);
  }

  done(entry: Entry): void {
    this.#size -= entry.size;
    this.#admitBlocked();
  }

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
    const taker = this.#takers.shift();
    if (taker === undefined) this.#entries.push(entry);
    else taker(entry);
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
