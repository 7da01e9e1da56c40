import { type BatchOf, mergeBatches, type Signal } from "@dbintel/pdata";
import type { Consumer } from "./consumer.ts";
import type { Host } from "./host.ts";

/** Events that wait while the next component takes its time; more are dropped. */
const mostWaiting = 256;

interface Waiting<S extends Signal> {
  readonly event: BatchOf[S];
  readonly answer: (taken: boolean) => void;
}

/**
 * Sends items that a processor makes itself, mostly log records that tell of events, in their order, beside what passes
 * through it: one batch at a time, and in it all that came while the one before was on its way. They are counted as
 * received, and dropped as `event_rejected` where the next component does not take them: nobody could send them again.
 */
export class OwnEvents<S extends Signal = "logs"> {
  readonly #host: Host;
  readonly #next: Consumer<S>;
  #waiting: Waiting<S>[] = [];
  /** The sending of everything that waits, until it is done. */
  #sending: Promise<void> | undefined;
  #abort = new AbortController();

  constructor(args: { readonly host: Host; readonly next: Consumer<NoInfer<S>> }) {
    this.#host = args.host;
    this.#next = args.next;
  }

  /** Resolves to whether the next component took the event. Never rejects. */
  send(event: BatchOf[S]): Promise<boolean> {
    this.#host.accounting.received(event.signal, event.count);
    if (this.#waiting.length >= mostWaiting) return Promise.resolve(this.#drop(event, "too many events wait"));
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.push({ event, answer: resolve });
    this.#sending ??= this.#sendAll();
    return promise;
  }

  /** Waits for the events on their way, and lets go of those that are left when `signal` is aborted. */
  async finish(signal: AbortSignal): Promise<void> {
    const abort = this.#abort;
    const giveUp = () => abort.abort(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    await this.#sending;
    signal.removeEventListener("abort", giveUp);
    this.#abort = new AbortController();
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const together = this.#waiting.splice(0);
      const taken = await this.#deliver(mergeBatches<S>(together.map(({ event }) => event)));
      for (const { answer } of together) answer(taken);
    }
    this.#sending = undefined;
  }

  async #deliver(events: BatchOf[S]): Promise<boolean> {
    try {
      await this.#next.consume(events, { signal: this.#abort.signal });
      return true;
    } catch (error) {
      return this.#drop(events, error);
    }
  }

  #drop(events: BatchOf[S], error: unknown): false {
    this.#host.accounting.dropped(events.signal, events.count, "event_rejected");
    this.#host.logger.warn({ error }, "the next component did not take an event of this one");
    return false;
  }
}
