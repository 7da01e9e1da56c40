import { RefusedError } from "@dbintel/errors";
import { type Batch, decode } from "@dbintel/pdata";
import type { Clock, ConsumeContext } from "@dbintel/pipeline";
import { Assembler } from "./assembler.ts";
import type { Holdings } from "./holdings.ts";
import type { Lane } from "./lane.ts";
import { MemoryQueue, shuttingDown } from "./memory-queue.ts";
import type { QueueEntry } from "./queue-entry.ts";
import type { QueueSettings, Sizer } from "./queue-settings.ts";
import { Receipt } from "./receipt.ts";
import type { Transmitter } from "./transmitter.ts";

/** One call's batch in the queue. */
interface Waiting extends QueueEntry {
  readonly batch: Batch;
  readonly receipt: Receipt;
}

export interface QueuedLaneOptions {
  readonly clock: Clock;
  readonly settings: QueueSettings;
  readonly holdings: Holdings;
  readonly transmitter: Transmitter;
  /** What a caller is told to wait when the queue is full, milliseconds. */
  readonly refusedDelayMs: number;
}

/** A lane with a queue and `num_consumers` senders that empty it. */
export class QueuedLane implements Lane {
  readonly queue: MemoryQueue<Waiting>;
  readonly #options: QueuedLaneOptions;
  readonly #assembler: Assembler;
  readonly #senders: Promise<void>[] = [];
  readonly #deadline = new AbortController();

  constructor(options: QueuedLaneOptions) {
    const { settings, clock } = options;
    this.#options = options;
    this.queue = new MemoryQueue({
      capacity: settings.queue_size,
      blockOnOverflow: settings.block_on_overflow,
      refusedDelayMs: options.refusedDelayMs,
    });
    this.#assembler = new Assembler({ clock, take: (take) => this.queue.take(take), batch: settings.batch });
  }

  get held(): number {
    return this.#options.holdings.items;
  }

  async consume(batch: Batch, context: ConsumeContext): Promise<void> {
    const { settings, holdings } = this.#options;
    const items = batch.count;
    if (items === 0) return;
    const awaited = settings.wait_for_result;
    const onSettled = () => this.queue.done(waiting);
    const receipt = new Receipt({ items, awaited, counts: holdings, onSettled });
    const size = sizeOf(batch, items, settings.sizer);
    const waiting: Waiting = { batch: compact(batch), receipt, size };
    // Before the queue has it: a sender may be done with it before `put` returns here.
    holdings.came(items);
    try {
      await this.queue.put(waiting, context);
    } catch (error) {
      holdings.returned(items);
      throw error;
    }
    if (this.#senders.length < settings.num_consumers) this.#senders.push(this.#sendAll());
    if (awaited) await this.#result(waiting, context.signal);
  }

  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const onDeadline = () => this.#deadline.abort(shuttingDown());
    if (signal.aborted) onDeadline();
    else signal.addEventListener("abort", onDeadline, { once: true });
    this.queue.close();
    await Promise.all(this.#senders);
    signal.removeEventListener("abort", onDeadline);
  }

  /** One sender's life. After the deadline it still takes everything: each request then fails at once, and is counted. */
  async #sendAll(): Promise<void> {
    for (;;) {
      const request = await this.#assembler.next();
      if (request === undefined) return;
      await this.#options.transmitter.transmit(request, { signal: this.#deadline.signal });
    }
  }

  /**
   * Waits until the fate of all items is known. A caller that leaves takes its batch back while it is in the queue;
   * what a sender has taken may be delivered any moment, so its fate is waited for.
   */
  async #result(waiting: Waiting, signal: AbortSignal): Promise<void> {
    const onAbort = () => {
      if (!this.queue.remove(waiting)) return;
      waiting.receipt.withdrawn(new RefusedError("the caller stopped waiting for the result", { code: "DBI_ABORTED" }));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    try {
      await waiting.receipt.settled;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}

/**
 * A batch whose memory is its encoding. An edited one also keeps the bytes that it was read from: behind a filter that
 * drops most records the queue would hold a multiple of its bound. Encoding is not lost work: each attempt needs it.
 */
function compact(batch: Batch): Batch {
  return batch.edited ? decode(batch.signal, batch.encode()) : batch;
}

function sizeOf(batch: Batch, items: number, sizer: Sizer): number {
  if (sizer === "bytes") return batch.byteSize;
  return sizer === "items" ? items : 1;
}
