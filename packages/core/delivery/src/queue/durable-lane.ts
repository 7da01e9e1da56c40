import { PermanentError, toConsumeError } from "@dbintel/errors";
import type { Batch, Signal } from "@dbintel/pdata";
import type { ConsumeContext, Host, OpenedJournal } from "@dbintel/pipeline";
import type { Holdings } from "../holdings.ts";
import type { Fate } from "../request/fate.ts";
import { Receipt } from "../request/receipt.ts";
import type { Request } from "../request/request.ts";
import type { Transmitter } from "../request/transmitter.ts";
import { Assembler, type Taken } from "./assembler.ts";
import { DurableQueue, type StoredBatch } from "./durable-queue.ts";
import type { Lane, LaneQueue } from "./lane.ts";
import { shuttingDown } from "./memory-queue.ts";
import type { TakeOptions } from "./queue-entry.ts";
import type { QueueSettings } from "./queue-settings.ts";

/** How long a lane that stops goes on with what waits. A queue that is nearly empty is empty then. */
const farewellMs = 5000;

export interface DurableLaneOptions {
  readonly host: Host;
  readonly signal: Signal;
  readonly settings: QueueSettings;
  readonly opened: OpenedJournal;
  readonly holdings: Holdings;
  readonly transmitter: Transmitter;
  readonly refusedDelayMs: number;
  /** Items of an earlier run of this exporter in this process that its account still has. */
  readonly heldBefore: number;
}

/**
 * A lane whose queue outlives the process. A call is answered when its batch is on disk; what the destination does not
 * take for no fault of the data goes back to the queue, until it is older than `max_age`.
 */
export class DurableLane implements Lane {
  readonly #options: DurableLaneOptions;
  readonly #queue: DurableQueue;
  readonly #assembler: Assembler;
  readonly #senders: Promise<void>[] = [];
  /** What senders have, by who is told of its fate. */
  readonly #taken = new Map<Fate, StoredBatch>();
  readonly #stranded: Request[] = [];
  /** Aborted when stopping begins: nobody waits for a better moment then. */
  readonly #patience = new AbortController();
  readonly #deadline = new AbortController();
  #used = false;

  constructor(options: DurableLaneOptions) {
    const { host, signal, settings, opened, holdings } = options;
    this.#options = options;
    this.#queue = new DurableQueue({
      signal,
      opened,
      clock: host.clock,
      sizer: settings.sizer,
      capacity: settings.queue_size,
      blockOnOverflow: settings.block_on_overflow,
      refusedDelayMs: options.refusedDelayMs,
      maxAgeMs: settings.max_age,
      onLost: (items, reason) => holdings.dropped(items, reason, lossOf(reason)),
    });
    this.#assembler = new Assembler({ clock: host.clock, take: (take) => this.#take(take), batch: settings.batch });
    this.#takeOver();
  }

  get held(): number {
    return this.#options.holdings.items;
  }

  /** `undefined` until something was in it: an exporter opens a queue for each signal, also for those it never gets. */
  get queue(): LaneQueue | undefined {
    return this.#used ? this.#queue : undefined;
  }

  async consume(batch: Batch, { signal }: ConsumeContext): Promise<void> {
    const { holdings, settings } = this.#options;
    const items = batch.count;
    if (items === 0) return;
    this.#used = true;
    holdings.came(items);
    try {
      await this.#queue.put(batch.encode(), items, { signal });
      holdings.stored();
    } catch (reason) {
      const error = toConsumeError(reason);
      if (error.code !== "DBI_STORAGE") holdings.returned(items);
      else if (settings.on_storage_failure === "refuse") holdings.unstored(items, error);
      else {
        holdings.dropped(items, "storage_failed", error);
        return;
      }
      throw error;
    }
    this.#employ(1);
  }

  /**
   * Sends on for a few seconds, until something is not taken; then only attempts that are under way come to their end,
   * until the deadline. The rest stays on disk.
   */
  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.#patience.abort(shuttingDown());
    this.#queue.seal();
    const timer = this.#options.host.clock.schedule(farewellMs, () => this.#queue.close());
    const onDeadline = () => {
      this.#queue.close();
      this.#deadline.abort(shuttingDown());
    };
    if (signal.aborted) onDeadline();
    else signal.addEventListener("abort", onDeadline, { once: true });
    await Promise.all(this.#senders);
    timer.cancel();
    signal.removeEventListener("abort", onDeadline);
    await this.#options.opened.journal.close();
    if (this.held === 0) return;
    const fields = { "otelcol.signal": this.#options.signal, items: this.held };
    this.#options.host.logger.info(fields, "not delivered yet: it stays on disk and is sent after the next start");
  }

  /** Books what an earlier run left, and begins to send it. */
  #takeOver(): void {
    const { host, signal, opened, holdings, heldBefore } = this.#options;
    const { found, losses } = opened;
    if (found.length === 0 && losses.records === 0 && heldBefore === 0) return;
    this.#used = true;
    const items = found.reduce((sum, record) => sum + record.items, 0);
    host.accounting.received(signal, Math.max(0, items + losses.items - heldBefore));
    holdings.came(Math.max(items + losses.items, heldBefore));
    const lost = this.held - items;
    if (lost > 0) holdings.dropped(lost, "damaged", lossOf("damaged"));
    const uncertain = found.reduce((sum, record) => sum + (record.uncertain ? record.items : 0), 0);
    const fields = { "otelcol.signal": signal, items, batches: found.length, perhaps_sent_before: uncertain };
    if (items > 0) host.logger.info(fields, "sending what an earlier run left on disk");
    this.#employ(found.length);
  }

  /** Senders begin when there is something for them to do. */
  #employ(batches: number): void {
    const most = Math.min(this.#options.settings.num_consumers, this.#senders.length + batches);
    while (this.#senders.length < most) this.#senders.push(this.#sendAll());
  }

  async #sendAll(): Promise<void> {
    const options = {
      signal: this.#deadline.signal,
      patience: this.#patience.signal,
      keep: (undelivered: Request) => this.#keep(undelivered),
    };
    for (;;) {
      const request = this.#stranded.pop() ?? (await this.#assembler.next());
      if (request === undefined) return;
      await this.#queue.begin(this.#entriesOf(request));
      await this.#options.transmitter.transmit(request, options);
    }
  }

  async #take(options: TakeOptions): Promise<Taken | undefined> {
    const taken = await this.#queue.take(options);
    if (taken === undefined) return undefined;
    const { entry, batch } = taken;
    const receipt = new Receipt({
      items: batch.count,
      awaited: false,
      counts: this.#options.holdings,
      onSettled: () => this.#settle(receipt),
    });
    this.#taken.set(receipt, entry);
    return { batch, receipt };
  }

  /** Of each share the batch that it is of. */
  #entriesOf({ shares }: Request): readonly StoredBatch[] {
    return shares.flatMap(({ receipt }) => this.#taken.get(receipt) ?? []);
  }

  #settle(receipt: Fate): void {
    const entry = this.#taken.get(receipt);
    this.#taken.delete(receipt);
    if (entry !== undefined) void this.#queue.done(entry);
  }

  /**
   * Takes back what could not be delivered. Whole batches just wait again. Where a part of a batch was delivered, the
   * rest becomes a record of its own, so that nothing that was taken is sent again.
   */
  async #keep(undelivered: Request): Promise<void> {
    if (this.#patience.signal.aborted) this.#queue.close();
    const { batch, shares } = undelivered;
    const entries = this.#entriesOf(undelivered);
    if (shares.every(({ items }, index) => entries[index]?.items === items)) {
      for (const { receipt } of shares) this.#taken.delete(receipt);
      for (const entry of entries) this.#queue.giveBack(entry);
      return;
    }
    try {
      const bornMs = Math.min(...entries.map((entry) => entry.bornMs));
      await this.#queue.add(batch.encode(), { items: batch.count, bornMs });
      for (const { receipt, items } of shares) receipt.moved(items);
    } catch {
      // The disk does not take it. The whole batch is still there for the next run; until then the rest waits here.
      if (!this.#patience.signal.aborted) this.#stranded.push(undelivered);
    }
  }
}

function lossOf(reason: "expired" | "damaged"): PermanentError {
  return reason === "expired"
    ? new PermanentError("the data waited for longer than sending_queue.max_age", { code: "DBI_TIMEOUT" })
    : new PermanentError("the data on disk cannot be read any more", { code: "DBI_STORAGE" });
}
