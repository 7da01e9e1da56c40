import { RetryableError } from "@dbintel/errors";
import type { Signal } from "@dbintel/pdata";
import type { Host, Timer } from "@dbintel/pipeline";
import type { ConcurrencyLimit } from "./concurrency-limit.ts";
import { type BreakerState, DestinationBreaker, type Failure } from "./destination-breaker.ts";
import type { RetrySettings } from "./retry-settings.ts";

/** How a request that went out came to its end. */
export type PassEnd =
  /** The destination took it. */
  | "taken"
  /** The destination answered, and will not take it. */
  | "answered"
  /** It says nothing about the destination: a defect of ours, or nobody waited for the answer. */
  | "unknown"
  /** The destination did not take it now. */
  | Failure;

/** Leave for one request to go out; `end` is to be called once. */
export interface Pass {
  end(how: PassEnd): void;
}

export interface EnterOptions {
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Ends the wait for a destination that is left alone, not that for a turn among other requests. */
  readonly patience: AbortSignal;
  /** On the monotonic clock: the wait for a destination that is left alone ends here. May be infinite. */
  readonly untilMs: number;
}

/** The way of one signal to the destination. */
export interface Entrance {
  /** Resolves when a request may go out; to `undefined` when the wait was ended. Never rejects. */
  enter(options: EnterOptions): Promise<Pass | undefined>;
  /** Why requests wait now, for those who cannot. */
  refusal(): RetryableError;
}

interface Waiter {
  readonly limit: ConcurrencyLimit;
  /** It waits for its turn alone, not for a destination that is left alone. */
  hurried: boolean;
  settle(pass: Pass | undefined): void;
}

export interface DestinationOptions {
  readonly host: Host;
  readonly settings: RetrySettings;
}

/**
 * Where an exporter sends to. All signals go to the same host, so they share the breaker and wait together when it asks
 * for time; each has its own limit of requests on their way, as round trips of one say little about those of another.
 */
export class Destination {
  readonly #host: Host;
  readonly #breaker: DestinationBreaker;
  /** Of the signals that it has got. */
  readonly #limits = new Map<Signal, ConcurrencyLimit>();
  /** In the order of their coming. */
  readonly #waiting = new Set<Waiter>();
  #timer: Timer | undefined;

  constructor({ host, settings }: DestinationOptions) {
    this.#host = host;
    this.#breaker = new DestinationBreaker({
      settings,
      random: host.random,
      nowMs: () => host.clock.monotonicMs(),
      onChange: (state) => this.#tell(state, settings),
    });
  }

  get state(): BreakerState {
    return this.#breaker.state;
  }

  /** Whether it has failed for so long that it is asked by single requests only. */
  get broken(): boolean {
    return this.state === "open" || this.state === "half_open";
  }

  get limits(): ReadonlyMap<Signal, ConcurrencyLimit> {
    return this.#limits;
  }

  /** Requests of all signals that are on their way. */
  get inFlight(): number {
    return [...this.#limits.values()].reduce((sum, { inFlight }) => sum + inFlight, 0);
  }

  entrance(signal: Signal, limit: ConcurrencyLimit): Entrance {
    return {
      enter: (options) => {
        this.#limits.set(signal, limit);
        return this.#enter(limit, options);
      },
      refusal: () => this.#refusal(),
    };
  }

  #enter(limit: ConcurrencyLimit, { signal, patience, untilMs }: EnterOptions): Promise<Pass | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    if (limit.hasRoom && this.#breaker.waitMs === 0) return Promise.resolve(this.#pass(limit));
    const { clock } = this.#host;
    return new Promise((resolve) => {
      const hurry = () => {
        waiter.hurried = true;
        this.#dispatch();
      };
      const leave = () => waiter.settle(undefined);
      const waiter: Waiter = {
        limit,
        hurried: patience.aborted || untilMs <= clock.monotonicMs(),
        settle: (pass) => {
          this.#waiting.delete(waiter);
          if (this.#waiting.size === 0) this.#timer?.cancel();
          timer?.cancel();
          signal.removeEventListener("abort", leave);
          patience.removeEventListener("abort", hurry);
          resolve(pass);
        },
      };
      const timer = Number.isFinite(untilMs) ? clock.schedule(untilMs - clock.monotonicMs(), hurry) : undefined;
      signal.addEventListener("abort", leave, { once: true });
      patience.addEventListener("abort", hurry, { once: true });
      this.#waiting.add(waiter);
      this.#dispatch();
    });
  }

  #pass(limit: ConcurrencyLimit): Pass {
    const { clock } = this.#host;
    const startedMs = clock.monotonicMs();
    const probe = this.#breaker.begin();
    limit.begin();
    return {
      end: (how) => {
        const nowMs = clock.monotonicMs();
        if (how === "taken") limit.taken(nowMs - startedMs, nowMs);
        else if (how === "answered" || how === "unknown") limit.ended();
        else limit.refused(nowMs);
        if (how === "taken" || how === "answered") this.#breaker.answered();
        else if (how !== "unknown") this.#breaker.failed(how, { startedMs, probe });
        else if (probe) this.#breaker.released();
        this.#dispatch();
      },
    };
  }

  /** Lets those go whose time has come, and comes back when there may be more. */
  #dispatch(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const waiter of this.#waiting) {
      if (this.#breaker.waitMs !== 0) {
        if (waiter.hurried) waiter.settle(undefined);
      } else if (waiter.limit.hasRoom) waiter.settle(this.#pass(waiter.limit));
    }
    const { waitMs = 0 } = this.#breaker;
    if (this.#waiting.size > 0 && waitMs > 0) this.#timer = this.#host.clock.schedule(waitMs, () => this.#dispatch());
  }

  #refusal(): RetryableError {
    const { lastFailure, waitMs, failures } = this.#breaker;
    const reason = this.broken ? `has failed ${failures} times in a row` : "has asked to wait";
    return new RetryableError(`the destination ${reason}${lastFailure ? `: ${lastFailure.message}` : ""}`, {
      hint: hintOf(lastFailure),
      delayMs: waitMs,
      cause: lastFailure,
    });
  }

  /** Once when it stops to work and once when it works again, however long the time between. */
  #tell(state: "open" | "closed", { max_interval }: RetrySettings): void {
    const { logger } = this.#host;
    if (state === "closed") {
      logger.info({}, "the destination answers again: what waits is sent");
      this.#host.reportStatus({ state: "ok" });
      return;
    }
    const { failures, lastFailure: error, waitMs } = this.#breaker;
    const how = `requests wait, and one at a time tries it, at least every ${max_interval / 1000} s`;
    const fields = { failures, next_attempt_ms: Math.round(waitMs ?? 0), error };
    logger.warn(fields, `the destination keeps failing: ${how}`);
    this.#host.reportStatus({
      state: "recoverable_error",
      message: `the destination has failed ${failures} times in a row: ${error?.message}`,
      hint: `${hintOf(error)}; ${how}`,
    });
  }
}

function hintOf(failure: Failure | undefined): string {
  return failure?.hint ?? "check that the destination is up, can be reached and is not overloaded";
}
