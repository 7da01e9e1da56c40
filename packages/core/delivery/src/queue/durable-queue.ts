import { RefusedError } from "@dbintel/errors";
import { type Batch, decode, decodeEncoded, type Signal } from "@dbintel/pdata";
import type { Clock, Journal, JournalRecord, OpenedJournal } from "@dbintel/pipeline";
import { MemoryQueue } from "./memory-queue.ts";
import type { QueueEntry, TakeOptions } from "./queue-entry.ts";
import type { Sizer } from "./queue-settings.ts";

/** Content that is kept in memory too, so that a queue that is nearly empty never reads from disk. */
const mostCachedBytes = 16 * 2 ** 20;
/** What the index of the queue may take is bounded too, whatever the size of its entries. */
const mostEntries = 250_000;

/** One batch that waits on disk. */
export interface StoredBatch extends QueueEntry {
  readonly items: number;
  /** On the monotonic clock, before the start of the process perhaps. */
  readonly bornMs: number;
  /** Resolves to where it is when it is on disk. */
  readonly record: Promise<JournalRecord>;
  /** The encoded batch while it is in memory too. */
  content: Uint8Array | undefined;
  /** Whether the journal knows that it was about to be sent. */
  begun: boolean;
}

export interface DurableQueueOptions {
  readonly signal: Signal;
  readonly opened: OpenedJournal;
  readonly clock: Clock;
  readonly sizer: Sizer;
  readonly capacity: number;
  readonly blockOnOverflow: boolean;
  readonly refusedDelayMs: number;
  /** Entries that are older are given up; 0 never. */
  readonly maxAgeMs: number;
  /** The queue gives an entry up by itself. */
  readonly onLost: (items: number, reason: "expired" | "damaged") => void;
}

/**
 * A bounded queue on disk: the order and the bounds of a queue in memory, over records of a journal.
 *
 * What it holds in memory for an entry is where it is; the content only for the first few MiB.
 */
export class DurableQueue {
  readonly #options: DurableQueueOptions;
  readonly #journal: Journal;
  readonly #index: MemoryQueue<StoredBatch>;
  #cachedBytes = 0;
  #entries = 0;
  #closed = false;

  constructor(options: DurableQueueOptions) {
    const { opened, capacity, blockOnOverflow, refusedDelayMs, clock } = options;
    this.#options = options;
    this.#journal = opened.journal;
    this.#index = new MemoryQueue({ capacity, blockOnOverflow, refusedDelayMs });
    const [nowMs, unixMs] = [clock.monotonicMs(), Number(clock.unixNano() / 1_000_000n)];
    for (const record of opened.found) {
      const { items, bytes, storedUnixMs, uncertain: begun } = record;
      // A wall clock that was set back makes nothing older than it is.
      const bornMs = nowMs - Math.max(0, unixMs - storedUnixMs);
      const place = { size: this.#sizeOf(bytes, items), items, bornMs };
      this.#index.restore({ ...place, record: Promise.resolve(record), content: undefined, begun });
      this.#entries++;
    }
  }

  get size(): number {
    return this.#index.size;
  }

  get capacity(): number {
    return this.#index.capacity;
  }

  get diskBytes(): number {
    return this.#journal.diskBytes;
  }

  /**
   * Resolves when the batch is on disk. Rejects as `MemoryQueue.put` does, and with a `RefusedError` (`DBI_STORAGE`)
   * when the disk does not take it.
   */
  async put(content: Uint8Array, items: number, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.#expireOldest();
    if (this.#entries >= mostEntries) {
      throw new RefusedError(`the sending queue holds ${mostEntries} batches, its limit`, {
        code: "DBI_QUEUE_FULL",
        hint: "join batches before the exporter by the batch processor",
        delayMs: this.#options.refusedDelayMs,
      });
    }
    const stored = Promise.withResolvers<JournalRecord>();
    stored.promise.catch(() => {});
    const { clock } = this.#options;
    const place = { size: this.#sizeOf(content.length, items), items, bornMs: clock.monotonicMs() };
    const entry: StoredBatch = { ...place, record: stored.promise, content: undefined, begun: false };
    try {
      await this.#index.put(entry, { signal });
      this.#entries++;
      this.#cache(entry, content);
      stored.resolve(await this.#journal.append(content, items));
    } catch (error) {
      // Whoever has taken the entry meanwhile waits for the record, and then passes it over.
      stored.reject(error);
      if (this.#index.remove(entry)) this.#forget(entry);
      throw error;
    }
  }

  /** Adds what has been in the queue as a part of something else, whatever room there is. */
  async add(
    content: Uint8Array,
    { items, bornMs }: { readonly items: number; readonly bornMs: number },
  ): Promise<void> {
    const record = Promise.resolve(await this.#journal.append(content, items));
    const place = { size: this.#sizeOf(content.length, items), items, bornMs };
    this.#index.restore({ ...place, record, content: undefined, begun: false });
    this.#entries++;
  }

  /** The oldest batch that nobody has taken; `undefined` when the queue is closed. */
  async take(options: TakeOptions = {}): Promise<{ readonly entry: StoredBatch; readonly batch: Batch } | undefined> {
    while (!this.#closed) {
      const entry = await this.#index.take(options);
      if (entry === undefined) return undefined;
      const record = await entry.record.catch(() => undefined);
      if (record === undefined) this.#forget(entry);
      else if (this.#closed) this.#index.giveBack(entry);
      else if (this.#expired(entry)) this.#lose(entry, record, "expired");
      else {
        const batch = await this.#load(entry, record);
        if (batch !== undefined) return { entry, batch };
      }
    }
    return undefined;
  }

  /** Notes that batches are about to be sent: after a crash nobody knows whether they were. Never rejects. */
  async begin(entries: readonly StoredBatch[]): Promise<void> {
    const fresh = entries.filter(({ begun }) => !begun);
    await Promise.all(
      fresh.map(async (entry) => {
        entry.begun = true;
        await this.#journal.begin(await entry.record);
      }),
    );
  }

  /** The batch has a final fate. */
  async done(entry: StoredBatch): Promise<void> {
    this.#journal.finish(await entry.record);
    this.#forget(entry);
  }

  /** Nobody could send the batch: it waits again, behind the others. */
  giveBack(entry: StoredBatch): void {
    this.#index.giveBack(entry);
  }

  /** No more is put; what is there can still be taken. Idempotent. */
  seal(): void {
    this.#index.close();
  }

  /** No more is taken either: what is there stays for the next run. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#index.close();
  }

  #sizeOf(bytes: number, items: number): number {
    if (this.#options.sizer === "bytes") return bytes;
    return this.#options.sizer === "items" ? items : 1;
  }

  #cache(entry: StoredBatch, content: Uint8Array): void {
    if (this.#cachedBytes + content.length > mostCachedBytes) return;
    this.#cachedBytes += content.length;
    entry.content = content;
  }

  async #load(entry: StoredBatch, record: JournalRecord): Promise<Batch | undefined> {
    try {
      const { signal } = this.#options;
      if (entry.content !== undefined) return decodeEncoded(signal, entry.content, entry.items);
      return decode(signal, await this.#journal.read(record));
    } catch {
      // The journal has logged it or counts it as damaged; what cannot be decoded is no batch of this program.
      this.#lose(entry, record, "damaged");
      return undefined;
    } finally {
      this.#uncache(entry);
    }
  }

  #uncache(entry: StoredBatch): void {
    this.#cachedBytes -= entry.content?.length ?? 0;
    entry.content = undefined;
  }

  #expired({ bornMs }: StoredBatch): boolean {
    const { clock, maxAgeMs } = this.#options;
    return maxAgeMs > 0 && clock.monotonicMs() - bornMs > maxAgeMs;
  }

  /** While nothing can be sent nobody takes: what is too old must not keep new data out. */
  #expireOldest(): void {
    for (;;) {
      const entry = this.#index.takeIf((oldest) => this.#expired(oldest));
      if (entry === undefined) return;
      void entry.record.then(
        (record) => this.#lose(entry, record, "expired"),
        () => this.#forget(entry),
      );
    }
  }

  #lose(entry: StoredBatch, record: JournalRecord, reason: "expired" | "damaged"): void {
    this.#journal.finish(record);
    this.#forget(entry);
    this.#options.onLost(entry.items, reason);
  }

  #forget(entry: StoredBatch): void {
    this.#uncache(entry);
    this.#entries--;
    this.#index.done(entry);
  }
}
