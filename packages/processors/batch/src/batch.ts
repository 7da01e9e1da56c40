import { type ConsumeError, PartialError, RefusedError, RetryableError, toConsumeError } from "@dbintel/errors";
import { type Batch, mergeBatches, type Signal } from "@dbintel/pdata";
import type { Component, ConsumeContext, Consumer, Host, Timer } from "@dbintel/pipeline";
import { BatchMetrics, type Trigger } from "./batch-metrics.ts";
import type { BatchConfig } from "./config.ts";
import { Contribution } from "./contribution.ts";
import { sendPieces } from "./send-pieces.ts";
import { shares } from "./shares.ts";
import { split } from "./split.ts";

/**
 * Joins small batches into larger ones.
 *
 * Unlike the OpenTelemetry Collector's processor it keeps back-pressure: a call resolves when the next component has
 * taken the batch that its data became part of, and rejects when that was rejected. Between calls nothing is held, so
 * a crash loses nothing that a sender was told is safe.
 */
export class BatchProcessor implements Component, Consumer {
  readonly #config: BatchConfig;
  readonly #host: Host;
  readonly #signal: Signal;
  readonly #next: Consumer;
  readonly #metrics: BatchMetrics;
  /** What waits to be joined, in order of arrival. */
  readonly #gathering = new Set<Contribution>();
  #gatheredItems = 0;
  #gatheredBytes = 0;
  /** Bytes of all calls that have no answer yet: gathering, or under way. */
  #pendingBytes = 0;
  #timer: Timer | undefined;
  readonly #shipments = new Map<AbortController, Promise<void>>();
  #stopping = false;

  constructor(args: {
    readonly id: string;
    readonly config: BatchConfig;
    readonly host: Host;
    readonly signal: Signal;
    readonly next: Consumer;
  }) {
    this.#config = args.config;
    this.#host = args.host;
    this.#signal = args.signal;
    this.#next = args.next;
    this.#metrics = new BatchMetrics(args.host, args.id);
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {
    this.#stopping = false;
  }

  /** Sends what has gathered and waits for every answer; at the deadline the sends are aborted and their callers told. */
  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.#stopping = true;
    this.#flush("stop");
    const abort = () => {
      for (const shipment of this.#shipments.keys()) shipment.abort(signal.reason);
    };
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    await Promise.all(this.#shipments.values());
    signal.removeEventListener("abort", abort);
  }

  consume(batch: Batch, context: ConsumeContext): Promise<void> {
    const contribution = new Contribution(batch, context);
    const refusal = this.#refusal(contribution, context);
    if (refusal !== undefined) return Promise.reject(refusal);
    this.#pendingBytes += contribution.bytes;
    this.#gather(contribution);
    return contribution.answer.finally(() => {
      this.#pendingBytes -= contribution.bytes;
    });
  }

  #refusal({ bytes }: Contribution, context: ConsumeContext): ConsumeError | undefined {
    if (this.#stopping) {
      return new RefusedError("the batch processor is stopping", { code: "DBI_SHUTTING_DOWN" });
    }
    if (context.signal.aborted) return left();
    const { max_pending_bytes: limit, timeout } = this.#config;
    // A request larger than the limit passes when it is alone: otherwise it never could.
    if (this.#pendingBytes === 0 || this.#pendingBytes + bytes <= limit) return undefined;
    return new RefusedError(`${this.#pendingBytes} bytes wait to be sent in batches; max_pending_bytes is ${limit}`, {
      delayMs: timeout,
      hint: "The destination is slower than the senders: speed it up, send less, or raise max_pending_bytes of the batch processor.",
    });
  }

  #gather(contribution: Contribution): void {
    const { send_batch_size: enough, send_batch_max_bytes: maxBytes, timeout } = this.#config;
    if (this.#exceeds(this.#gatheredItems + contribution.items, this.#gatheredBytes + contribution.bytes)) {
      this.#flush("size");
    }
    this.#gathering.add(contribution);
    this.#gatheredItems += contribution.items;
    this.#gatheredBytes += contribution.bytes;
    if (timeout === 0 || this.#gatheredItems >= enough || (maxBytes > 0 && this.#gatheredBytes >= maxBytes)) {
      this.#flush("size");
      return;
    }
    contribution.onLeave(() => this.#withdraw(contribution));
    this.#timer ??= this.#host.clock.schedule(timeout, () => this.#flush("timeout"));
  }

  /** The caller left before its data was sent: it will send again, so nothing of it goes out. */
  #withdraw(contribution: Contribution): void {
    this.#remove(contribution);
    if (this.#gathering.size === 0) this.#cancelTimer();
    contribution.reject(left());
  }

  #remove(contribution: Contribution): void {
    this.#gathering.delete(contribution);
    this.#gatheredItems -= contribution.items;
    this.#gatheredBytes -= contribution.bytes;
  }

  #cancelTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #exceeds(items: number, bytes: number): boolean {
    const { send_batch_max_size: maxItems, send_batch_max_bytes: maxBytes } = this.#config;
    return (maxItems > 0 && items > maxItems) || (maxBytes > 0 && bytes > maxBytes);
  }

  #flush(trigger: Trigger): void {
    this.#cancelTimer();
    if (this.#gathering.size === 0) return;
    const contributions = [...this.#gathering];
    for (const contribution of contributions) this.#remove(contribution);
    const shipment = new AbortController();
    const sent = this.#ship(contributions, trigger, shipment).finally(() => this.#shipments.delete(shipment));
    this.#shipments.set(shipment, sent);
  }

  /** Sends one joined batch and answers everybody who contributed; never rejects. */
  async #ship(contributions: readonly Contribution[], trigger: Trigger, shipment: AbortController): Promise<void> {
    abortWithAll(contributions, shipment);
    try {
      const pieces = this.#pieces(contributions);
      for (const piece of pieces) this.#metrics.sent(trigger, piece.count);
      await sendPieces({
        signal: this.#signal,
        pieces,
        next: this.#next,
        context: { signal: shipment.signal },
        accounting: this.#host.accounting,
      });
      for (const contribution of contributions) contribution.resolve();
    } catch (reason) {
      answerAll(contributions, toConsumeError(reason));
    }
  }

  #pieces(contributions: readonly Contribution[]): readonly Batch[] {
    const joined = mergeBatches(contributions.map(({ batch }) => batch));
    // Requests are joined only up to the limits, so only a single one that is too large on its own is split here.
    return split(joined, this.#config.send_batch_max_size, this.#config.send_batch_max_bytes);
  }
}

/** When nobody waits for the answer any more, neither does the shipment. */
function abortWithAll(contributions: readonly Contribution[], shipment: AbortController): void {
  let waiting = contributions.length;
  for (const contribution of contributions) {
    contribution.onLeave(() => {
      waiting -= 1;
      if (waiting === 0) shipment.abort(left());
    });
  }
}

function answerAll(contributions: readonly Contribution[], failure: ConsumeError): void {
  const rejected =
    failure.kind === "partial"
      ? shares(
          failure.rejected,
          contributions.map(({ items }) => items),
        )
      : undefined;
  contributions.forEach((contribution, index) => {
    const share = rejected?.[index];
    if (share === undefined) contribution.reject(failure);
    else if (share === 0) contribution.resolve();
    else contribution.reject(new PartialError(failure.message, { rejected: share, cause: failure }));
  });
}

function left(): RetryableError {
  return new RetryableError("the sender left before its data was taken", { code: "DBI_ABORTED" });
}
