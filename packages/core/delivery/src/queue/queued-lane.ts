import { type ConsumeError, RefusedError, toConsumeError } from "@dbintel/errors";
import { type Batch, decodeEncoded } from "@dbintel/pdata";
import { type Clock, type ConsumeContext, type Consumer, wait } from "@dbintel/pipeline";
import type { Holdings } from "../holdings.ts";
import { Receipt } from "../request/receipt.ts";
import { type Request, settleShares } from "../request/request.ts";
import type { Transmitter } from "../request/transmitter.ts";
import { Assembler } from "./assembler.ts";
import type { Lane } from "./lane.ts";
import { MemoryQueue, shuttingDown } from "./memory-queue.ts";
import type { QueueEntry } from "./queue-entry.ts";
import type { QueueSettings, Sizer } from "./queue-settings.ts";

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
  /** Aborted when nobody waits for a better moment any more. */
  readonly #patience = new AbortController();
  #successor: Consumer | undefined;

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

  /** With a successor attempts that are under way come to their end, and it gets the rest; else all is sent. */
  async stop({ signal, successor }: Parameters<Lane["stop"]>[0]): Promise<void> {
    const onDeadline = () => {
      this.#patience.abort(shuttingDown());
      this.#deadline.abort(shuttingDown());
    };
    this.#successor = successor;
    if (successor !== undefined) this.#patience.abort(shuttingDown());
    if (signal.aborted) onDeadline();
    else signal.addEventListener("abort", onDeadline, { once: true });
    this.queue.close();
    await Promise.all(this.#senders);
    signal.removeEventListener("abort", onDeadline);
  }

  /** One sender's life. After the deadline it still takes everything: each request then fails at once, and is counted. */
  async #sendAll(): Promise<void> {
    const keep = () => this.#handOver;
    const options = {
      ...{ signal: this.#deadline.signal, patience: this.#patience.signal },
      // Asked for when an attempt has failed: the successor may have come meanwhile.
      get keep() {
        return keep();
      },
    };
    for (;;) {
      const request = await this.#assembler.next();
      if (request === undefined) return;
      await (this.#handOver?.(request) ?? this.#options.transmitter.transmit(request, options));
    }
  }

  /** Gives a request to the successor, where there is one: what it does not take is given up. */
  get #handOver(): ((request: Request) => Promise<void>) | undefined {
    const successor = this.#successor;
    if (successor === undefined) return undefined;
    return async ({ batch, shares }) => {
      const error = await this.#offer(batch, successor);
      if (error !== undefined) {
        settleShares(shares, { kind: "failed", reason: "shutdown", error });
        return;
      }
      for (const { receipt, items } of shares) {
        this.#options.holdings.returned(items);
        receipt.moved(items);
      }
    };
  }

  /** Until it is taken, refused for good, or time is up: why it was not taken. */
  async #offer(batch: Batch, successor: Consumer): Promise<ConsumeError | undefined> {
    const { signal } = this.#deadline;
    const { clock, refusedDelayMs } = this.#options;
    for (;;) {
      try {
        await successor.consume(batch, { signal });
        return undefined;
      } catch (reason) {
        const error = toConsumeError(reason);
        if (error.kind !== "refused" || signal.aborted) return error;
        await wait(clock, error.delayMs ?? refusedDelayMs, signal).catch(() => {});
      }
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
  return batch.edited ? decodeEncoded(batch.signal, batch.encode(), batch.count) : batch;
}

function sizeOf(batch: Batch, items: number, sizer: Sizer): number {
  if (sizer === "bytes") return batch.byteSize;
  return sizer === "items" ? items : 1;
}
