import { type ConsumeError, type RefusedError, RetryableError, toConsumeError } from "@dbintel/errors";
import type { Batch, Signal } from "@dbintel/pdata";
import { type Consumer, type Consumers, type Host, wait } from "@dbintel/pipeline";
import { unlessAborted } from "./abort.ts";

/** First and longest pause before a batch that was refused is offered again, when the consumer names none. */
const firstPauseMs = 1000;
const longestPauseMs = 30_000;

type DelivererHost = Pick<Host, "clock" | "random" | "accounting" | "logger">;

interface Refusal {
  readonly batch: Batch;
  readonly error: RetryableError | RefusedError;
}

/**
 * Hands the batches of one poll downstream and keeps what was refused until it is taken.
 *
 * A permanent rejection gives the batch up, counted as dropped with reason `rejected`; after `closing` a batch gets
 * one more chance and is then dropped with reason `shutdown`. `sent` is counted where the graph's edges are.
 */
export class Deliverer {
  readonly #host: DelivererHost;
  readonly #next: Consumers;
  #pending: Batch[] = [];

  constructor(host: DelivererHost, next: Consumers) {
    this.#host = host;
    this.#next = next;
  }

  /** Items that were produced and that nobody downstream has taken yet. */
  held(signal: Signal): number {
    return this.#pending.reduce((sum, batch) => sum + (batch.signal === signal ? batch.count : 0), 0);
  }

  /**
   * Resolves when nothing is pending: true when each batch was taken or rejected for good, false when one was dropped
   * for the shutdown. `abort` is what consumers see; it ends a call at the deadline.
   */
  async deliver(batches: readonly Batch[], closing: AbortSignal, abort: AbortSignal): Promise<boolean> {
    this.#pending = batches.filter((batch) => batch.count > 0 && this.#next[batch.signal] !== undefined);
    for (const batch of this.#pending) this.#host.accounting.received(batch.signal, batch.count);
    for (let attempt = 0; this.#pending.length > 0; attempt++) {
      const last = closing.aborted;
      const refusals = await this.#offer(abort);
      if (refusals.length === 0) break;
      if (last || abort.aborted) {
        for (const { batch, error } of refusals) this.#giveUp(batch, "shutdown", error);
        this.#pending = [];
        return false;
      }
      await this.#pause(Math.max(...refusals.map(({ error }) => error.delayMs ?? 0)), attempt, closing);
    }
    return true;
  }

  /** Offers what is pending, in order, and keeps what was refused. */
  async #offer(abort: AbortSignal): Promise<readonly Refusal[]> {
    const refusals: Refusal[] = [];
    for (const batch of this.#pending) {
      const error = await this.#consume(batch, abort);
      if (error === undefined) this.#pending = this.#pending.filter((other) => other !== batch);
      else refusals.push({ batch, error });
    }
    return refusals;
  }

  /** `undefined` when the batch is done with; otherwise why it may be offered again. */
  async #consume(batch: Batch, signal: AbortSignal): Promise<Refusal["error"] | undefined> {
    try {
      await unlessAborted(consume(this.#next, batch, signal), signal);
    } catch (reason) {
      // Nobody answered until the deadline: whether the data was taken is not known, so it counts as not taken.
      const error = signal.aborted ? new RetryableError("no answer before the shutdown") : toConsumeError(reason);
      if (error.kind === "retryable" || error.kind === "refused") return error;
      // A partial rejection counts as sent here and as dropped at the exporter: the edges of the graph do both.
      if (error.kind === "permanent") this.#giveUp(batch, "rejected", error);
    }
    return undefined;
  }

  #giveUp({ signal, count }: Batch, reason: string, { code, message, hint }: ConsumeError): void {
    this.#host.accounting.dropped(signal, count, reason);
    this.#host.logger.warn({ signal, items: count, reason, code, hint }, `polled data is given up: ${message}`);
  }

  async #pause(askedMs: number, attempt: number, closing: AbortSignal): Promise<void> {
    const backOffMs = Math.min(longestPauseMs, firstPauseMs * 2 ** attempt);
    const jittered = backOffMs * (0.5 + this.#host.random.next() / 2);
    // Ends early when the poller closes: then comes the last offer.
    await wait(this.#host.clock, Math.max(askedMs, jittered), closing).catch(() => {});
  }
}

function consume(next: Consumers, batch: Batch, signal: AbortSignal): Promise<void> {
  const consumer: Consumer | undefined = next[batch.signal];
  return consumer === undefined ? Promise.resolve() : consumer.consume(batch, { signal });
}
