import { toConsumeError } from "@dbintel/errors";
import type { Batch } from "@dbintel/pdata";
import { type Host, wait } from "@dbintel/pipeline";
import type { Entrance } from "./destination.ts";
import { isMisconfigured, type Outcome } from "./outcome.ts";
import type { Report } from "./report.ts";
import { type Request, ShareCutter, settleShares } from "./request.ts";
import type { RequestSizes } from "./request-sizes.ts";
import { sendWithRetry } from "./retry.ts";
import type { Sender } from "./sender.ts";
import type { DeliverySettings } from "./settings.ts";

export interface TransmitterOptions {
  readonly host: Host;
  readonly settings: DeliverySettings;
  readonly sender: Sender;
  readonly report: Report;
  /** The way to the destination, which all signals of the exporter share. */
  readonly entrance: Entrance;
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

  constructor(options: TransmitterOptions) {
    this.#options = options;
  }

  /**
   * Sends, tries again, and halves what is too large. Never rejects: the shares of the request are told.
   *
   * Halving is no retry of the same request, which OTLP forbids after a 413: each half is another request. It ends
   * at single items; n items of which none is taken cost 2n − 1 attempts.
   */
  async transmit(request: Request, options: TransmitOptions): Promise<void> {
    this.#options.sizes?.record(request.batch);
    const cutter = new ShareCutter(request.shares);
    // Left halves on top: pieces end in the order of their items, which is the order of the shares.
    const pieces: Batch[] = [request.batch];
    for (let piece = pieces.pop(); piece !== undefined; piece = pieces.pop()) {
      const { count } = piece;
      let outcome = await this.#send(piece, options);
      if (outcome.kind === "failed" && outcome.reason === "too_large" && count > 1) {
        try {
          const halves: readonly Batch[] = piece.splitByCount(Math.ceil(count / 2));
          this.#options.report.halved(count, outcome.error);
          pieces.push(...halves.toReversed());
          continue;
        } catch (reason) {
          outcome = { kind: "failed", reason: "internal_error", error: toConsumeError(reason) };
        }
      }
      const shares = cutter.next(count);
      if (options.keep !== undefined && (await this.#isPostponed(outcome, options))) {
        await options.keep({ batch: piece, shares });
      } else settleShares(shares, outcome);
    }
  }

  async #send(batch: Batch, { signal, patience, keep }: TransmitOptions): Promise<Outcome> {
    const { host, settings, sender, report, entrance } = this.#options;
    const { enabled, wait_for_result: awaited } = settings.sending_queue;
    const outcome = await sendWithRetry({
      clock: host.clock,
      random: host.random,
      settings: settings.retry_on_failure,
      timeoutMs: settings.timeout,
      signal,
      patience,
      entrance,
      waitsFirst: enabled && !awaited,
      waitsLast: keep !== undefined,
      run: (attemptSignal) => sender.send(batch, { signal: attemptSignal }),
      onRetry: (error, delayMs) => report.retrying(error, delayMs),
    });
    if (outcome.kind !== "failed") report.delivered();
    return outcome;
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
