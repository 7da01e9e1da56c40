import type { RefusedError, RetryableError } from "@dbintel/errors";
import type { Random } from "@dbintel/pipeline";
import { BackOff } from "./back-off.ts";
import type { RetrySettings } from "./retry-settings.ts";

/** Failures in a row, over `initial_interval` or longer, after which a destination is left alone. */
const failuresToOpen = 5;

/**
 * - `closed`: requests go out.
 * - `paused`: the destination has asked to wait; until then none goes out.
 * - `open`: the destination keeps failing; none goes out until it is time for the next probe.
 * - `half_open`: one request is on its way, to see whether the destination works again.
 */
export const breakerStates = ["closed", "paused", "open", "half_open"] as const;
export type BreakerState = (typeof breakerStates)[number];

/** How one request ended that can be tried again. */
export type Failure = RetryableError | RefusedError;

export interface DestinationBreakerOptions {
  readonly settings: RetrySettings;
  readonly random: Random;
  readonly nowMs: () => number;
  /** It has opened, or is closed again. Not called for each probe. */
  readonly onChange: (state: "open" | "closed") => void;
}

/**
 * The circuit breaker of one destination. It refuses nothing: whoever has a request waits until it may go out.
 *
 * Any answer that can be understood closes it, that of a request that began before it opened too: the destination
 * lives. Probes come at the intervals of `retry_on_failure`, never further apart than `max_interval` unless the
 * destination asks for more by `Retry-After` or gRPC's `RetryInfo`, which holds for all its requests.
 */
export class DestinationBreaker {
  readonly #options: DestinationBreakerOptions;
  #state: "closed" | "open" | "half_open" = "closed";
  #backOff: BackOff;
  #nextMs = 0;
  #pausedUntilMs = 0;
  #failures = 0;
  #failingSinceMs = 0;
  #lastFailure: Failure | undefined;

  constructor(options: DestinationBreakerOptions) {
    this.#options = options;
    this.#backOff = new BackOff(options.settings, options.random);
  }

  get state(): BreakerState {
    if (this.#state !== "closed") return this.#state;
    return this.#options.nowMs() < this.#pausedUntilMs ? "paused" : "closed";
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Why requests wait; `undefined` while the destination works. */
  get lastFailure(): Failure | undefined {
    return this.#lastFailure;
  }

  /** Milliseconds until a request may go out; 0 now; `undefined` when that depends on the probe under way. */
  get waitMs(): number | undefined {
    if (this.#state === "half_open") return undefined;
    return Math.max(0, Math.max(this.#nextMs, this.#pausedUntilMs) - this.#options.nowMs());
  }

  /** A request goes out, which `waitMs` allows. True when it is a probe. */
  begin(): boolean {
    if (this.#state === "closed") return false;
    this.#state = "half_open";
    return true;
  }

  /** The destination answered, whatever it thinks of the data. What it asked others to wait still holds. */
  answered(): void {
    const wasClosed = this.#state === "closed";
    this.#state = "closed";
    this.#failures = 0;
    this.#lastFailure = undefined;
    this.#nextMs = 0;
    if (wasClosed) return;
    this.#backOff = new BackOff(this.#options.settings, this.#options.random);
    this.#options.onChange("closed");
  }

  failed(failure: Failure, { startedMs, probe }: { readonly startedMs: number; readonly probe: boolean }): void {
    const nowMs = this.#options.nowMs();
    this.#lastFailure = failure;
    if (failure.delayMs !== undefined) {
      this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + failure.delayMs);
    }
    this.#failingSinceMs = this.#failures === 0 ? startedMs : Math.min(this.#failingSinceMs, startedMs);
    this.#failures++;
    if (this.#state === "closed" ? this.#isSustained(nowMs) : probe) this.#open(nowMs);
  }

  /** A probe ended without saying anything about the destination: another may take its place. */
  released(): void {
    if (this.#state === "half_open") this.#state = "open";
  }

  /** Ten requests that one lost connection ends are one failure. */
  #isSustained(nowMs: number): boolean {
    const { initial_interval: leastMs } = this.#options.settings;
    return this.#failures >= failuresToOpen && nowMs - this.#failingSinceMs >= leastMs;
  }

  #open(nowMs: number): void {
    const wasClosed = this.#state === "closed";
    this.#state = "open";
    this.#nextMs = nowMs + Math.min(this.#backOff.next(), this.#options.settings.max_interval);
    if (wasClosed) this.#options.onChange("open");
  }
}
