import type { Batch } from "@dbintel/pdata";
import { type Host, wait } from "@dbintel/pipeline";
import type { DeadLetters } from "../dead-letters/dead-letters.ts";
import type { Entrance } from "../destination/destination.ts";
import type { RequestSizes } from "../destination/request-sizes.ts";
import { sendWithRetry } from "../destination/retry.ts";
import { ExhaustedItems } from "../queue/exhausted-items.ts";
import type { Report } from "../report.ts";
import type { Sender } from "../sender.ts";
import type { DeliverySettings } from "../settings.ts";
import { isMisconfigured, type Outcome } from "./outcome.ts";
import type { Request } from "./request.ts";
import { Suspicion } from "./suspicion.ts";
import { Transmission, type Try } from "./transmission.ts";

export interface TransmitterOptions {
  readonly host: Host;
  readonly settings: DeliverySettings;
  readonly sender: Sender;
  readonly report: Report;
  /** The way to the destination, which all signals of the exporter share. */
  readonly entrance: Entrance;
  /** Where what the destination will never take is kept; absent: it is dropped. */
  readonly deadLetters?: DeadLetters | undefined;
  /** Behind a queue: told of each request that left it. */
  readonly sizes: RequestSizes | undefined;
}

export interface TransmitOptions {
  /** Ends attempts and waits; its reason becomes the error. */
  readonly signal: AbortSignal;
  /** Ends waits between attempts alone. Default: `signal`. */
  readonly patience?: AbortSignal;
  /**
   * Takes back what could not be delivered for no fault of its own: the retries were exhausted, the key is wrong, or the
   * collector stops.
   * Absent: it is given up.
   */
  readonly keep?: ((undelivered: Request) => Promise<void>) | undefined;
}

/** Carries requests to the destination until every item of them has a fate. */
export class Transmitter {
  readonly #options: TransmitterOptions;
  /** Requests that the destination has taken. */
  #delivered = 0;
  readonly #exhausted = new ExhaustedItems();

  constructor(options: TransmitterOptions) {
    this.#options = options;
  }

  /** Sends, tries again, and cuts what is not taken as it is. Never rejects: the shares of the request are told. */
  async transmit(request: Request, options: TransmitOptions): Promise<void> {
    const { report, deadLetters, sizes } = this.#options;
    sizes?.record(request.batch);
    const transmission = new Transmission({
      send: (batch, mode) => this.#send(batch, mode, options),
      isPostponed: (outcome) => this.#isPostponed(outcome, options),
      // Asked for when an attempt has failed: the successor of a lane that stops may have come meanwhile.
      keep: () => options.keep,
      delivered: () => this.#delivered,
      exhausted: this.#exhausted,
      deadLetters,
      report,
    });
    await transmission.run(request);
  }

  async #send(batch: Batch, mode: "retrying" | "once", { signal, patience, keep }: TransmitOptions): Promise<Try> {
    const { host, settings, sender, report, entrance, deadLetters } = this.#options;
    const { enabled, wait_for_result: awaited } = settings.sending_queue;
    const delivered = () => this.#delivered;
    const tries = deadLetters?.settings.tries;
    const suspicion = tries === undefined ? undefined : new Suspicion({ tries, delivered });
    const retry = settings.retry_on_failure;
    let attempts = 0;
    const outcome = await sendWithRetry({
      clock: host.clock,
      destination: sender.destinationOf?.(batch.signal) ?? "the destination",
      random: host.random,
      settings: mode === "once" ? { ...retry, enabled: false } : retry,
      timeoutMs: settings.timeout,
      signal,
      patience,
      entrance,
      waitsFirst: enabled && !awaited,
      waitsLast: keep !== undefined,
      run: (attemptSignal) => {
        attempts++;
        return sender.send(batch, { signal: attemptSignal });
      },
      isPoison: suspicion && ((error) => suspicion.failed(error)),
      onRetry: (error, delayMs) => report.retrying(error, delayMs),
    });
    if (outcome.kind !== "failed") {
      this.#delivered++;
      report.delivered();
    }
    return { outcome, attempts };
  }

  /**
   * Whether the same data may well be taken later. A wrong key is no fault of the data either: its batch waits until a
   * person may have repaired it, before it makes room for others.
   */
  async #isPostponed(outcome: Outcome, { signal, patience = signal }: TransmitOptions): Promise<boolean> {
    if (outcome.kind !== "failed") return false;
    const { host, settings, report } = this.#options;
    const { enabled, max_interval: pauseMs } = settings.retry_on_failure;
    if (outcome.reason === "shutdown") return true;
    if (!enabled) return false;
    if (outcome.reason === "retries_exhausted") return true;
    if (!isMisconfigured(outcome.error)) return false;
    report.kept(outcome.error);
    await wait(host.clock, pauseMs, patience).catch(() => {});
    return true;
  }
}
