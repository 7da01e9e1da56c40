import type { Logs } from "@dbintel/pdata";
import type { Consumer } from "./consumer.ts";
import type { Host } from "./host.ts";

/** Events that wait while the next component takes its time; more are dropped. */
const mostWaiting = 256;

/**
 * Sends log records that a processor makes itself, in their order, beside what passes through it. They are counted as
 * received, and dropped as `event_rejected` where the next component does not take them: nobody could send them again.
 */
export class OwnEvents {
  readonly #host: Host;
  readonly #next: Consumer<"logs">;
  /** The event sent last, when it is done with. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #abort = new AbortController();

  constructor(args: { readonly host: Host; readonly next: Consumer<"logs"> }) {
    this.#host = args.host;
    this.#next = args.next;
  }

  /** Resolves to whether the next component took the event. Never rejects. */
  send(event: Logs): Promise<boolean> {
    this.#host.accounting.received("logs", event.count);
    if (this.#waiting >= mostWaiting) return Promise.resolve(this.#drop(event, "too many events wait"));
    this.#waiting++;
    const sent = this.#last.then(() => this.#deliver(event));
    this.#last = sent;
    return sent;
  }

  /** Waits for the events on their way, and lets go of those that are left when `signal` is aborted. */
  async finish(signal: AbortSignal): Promise<void> {
    const abort = this.#abort;
    const giveUp = () => abort.abort(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    await this.#last;
    signal.removeEventListener("abort", giveUp);
    this.#abort = new AbortController();
  }

  async #deliver(event: Logs): Promise<boolean> {
    try {
      await this.#next.consume(event, { signal: this.#abort.signal });
      return true;
    } catch (error) {
      return this.#drop(event, error);
    } finally {
      this.#waiting--;
    }
  }

  #drop(event: Logs, error: unknown): false {
    this.#host.accounting.dropped("logs", event.count, "event_rejected");
    this.#host.logger.warn({ error }, "the next component did not take an event of this one");
    return false;
  }
}
