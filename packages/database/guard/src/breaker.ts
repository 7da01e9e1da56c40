import type { Random } from "@dbintel/pipeline";
import { type Calls, CallWindow } from "./call-window.ts";
import type { ErrorClass } from "./error-class.ts";
import type { BreakerSettings } from "./settings.ts";

/** `closed`: calls pass; `open`: none does; `half_open`: probes do, in stages. */
export type BreakerState = "closed" | "open" | "half_open";

/** The stages of `half_open`: one harmless question, then one call of the cheapest kind, then ever more calls. */
export type ProbeStage = "ping" | "cheapest" | "slow_start";

/** `auto` decides by outcomes; the others are set by people. `metrics_only` decides as `auto` and refuses nothing. */
export const breakerModes = ["auto", "force_open", "force_closed", "metrics_only"] as const;
export type BreakerMode = (typeof breakerModes)[number];

/** Leave to make one call. Exactly one of its methods is to be called, once; later calls do nothing. */
export interface Permit {
  readonly admitted: true;
  /** Set for a probe. At the stage `ping` the caller asks the smallest question there is instead of its own. */
  readonly stage: ProbeStage | undefined;
  succeed(durationMs: number): void;
  fail(errorClass: ErrorClass): void;
  /** The call was not made, or says nothing about the other side. */
  release(): void;
}

export interface Refusal {
  readonly admitted: false;
  /** `busy`: too many calls are under way. `shed`: left out, with other classes that cost much, under overload. */
  readonly reason: "open" | "forced_open" | "probing" | "busy" | "shed";
  /** Milliseconds until asking again can help; `undefined` when that depends on others. */
  readonly retryAfterMs: number | undefined;
}

export type Admission = Permit | Refusal;

/** What can open a breaker beside the outcome of its own calls. */
export type TripCause = "children" | "health" | "rate_limit" | "quota" | "cardinality" | "api_key";

/** Why a breaker changed its state. */
export type ChangeCause =
  | TripCause
  | "consecutive_failures"
  | "failure_rate"
  | "slow_calls"
  | "configuration"
  | "parent"
  | "probe_failed"
  | "delay_over"
  | "recovered"
  | "retry";

export interface StateChange {
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly cause: ChangeCause;
  /** How long it stays open; 0 for the other states. */
  readonly openMs: number;
}

export interface BreakerOptions {
  readonly settings: BreakerSettings;
  readonly random: Pick<Random, "next">;
  readonly nowMs: () => number;
  readonly onChange?: (change: StateChange) => void;
}

/** What a restart must not forget. */
export interface BreakerSnapshot {
  readonly state: "closed" | "open";
  /** Openings that count for the next delay. */
  readonly openings: number;
  /** Milliseconds that it would still have stayed open. */
  readonly remainingMs: number;
}

/**
 * A circuit breaker. Pure and synchronous: `admit` checks and takes a place in one step, so no two callers can take
 * the same one, however their promises interleave.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  readonly #window: CallWindow;
  #mode: BreakerMode = "auto";
  #state: BreakerState = "closed";
  #stage: ProbeStage = "ping";
  /** Permits of an earlier state are stale: their outcome says nothing about this one. */
  #epoch = 0;
  #inFlight = 0;
  #consecutive = 0;
  #successes = 0;
  #openings = 0;
  #openUntilMs = 0;
  /** Whether it is not closed because it was refused for a configuration. */
  #refused = false;
  #closedSinceMs: number;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#window = new CallWindow(options.settings.windowMs);
    this.#closedSinceMs = options.nowMs();
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** The stage of the probes; `undefined` unless half-open. */
  get stage(): ProbeStage | undefined {
    return this.#state === "half_open" ? this.#stage : undefined;
  }

  get mode(): BreakerMode {
    return this.#mode;
  }

  set mode(mode: BreakerMode) {
    this.#mode = mode;
  }

  get consecutiveFailures(): number {
    return this.#consecutive;
  }

  /** A permit or a refusal. `cheap` says that the call is of the cheapest kind there is here. */
  admit(cheap = true): Admission {
    if (this.#mode === "force_closed") return this.#permit(undefined);
    if (this.#mode === "force_open") return { admitted: false, reason: "forced_open", retryAfterMs: undefined };
    const refusal = this.#refusal(cheap);
    if (refusal === undefined) return this.#permit(this.stage);
    return this.#mode === "metrics_only" ? passedAnyway : refusal;
  }

  /**
   * Opens for a reason that no call of its own has shown: children that are open, the health of the database. `openMs`
   * is how long the other side asked to be left alone; without it the time is drawn as after any failure.
   */
  trip(cause: TripCause, openMs?: number): void {
    if (this.#state !== "open") this.#open(cause, openMs);
  }

  /** Closes because its parent has opened, which decides alone from now on; the next delay is the longer for it. */
  absorb(): void {
    if (this.#state !== "closed") this.#change("closed", "parent");
  }

  /**
   * Somebody says that what was wrong is repaired: one that was opened by a configuration closes, any other lets its ping
   * through now. Answers whether it was not closed.
   */
  retry(): boolean {
    if (this.#state === "closed") return false;
    this.#openUntilMs = Math.min(this.#openUntilMs, this.#options.nowMs());
    if (this.#refused) {
      this.#openings = 0;
      this.#change("closed", "retry");
    }
    return true;
  }

  /**
   * Judges calls that others made and that nobody asked for here: how many of them failed, how many were slow. While
   * half-open they count as one probe.
   */
  observe(calls: Calls): void {
    const admission = this.admit();
    if (!admission.admitted) return;
    const { failureRate, slowCallRate } = this.#options.settings;
    if (this.#state === "half_open") {
      const bad = calls.failed >= failureRate * calls.made || calls.slow >= slowCallRate * calls.made;
      if (calls.made > 0 && bad) admission.fail("other");
      else admission.succeed(0);
      return;
    }
    admission.release();
    if (this.#state !== "closed") return;
    this.#window.add(this.#options.nowMs(), calls);
    this.#judge();
  }

  /**
   * What is worth keeping over a restart; `undefined` when that is nothing. What was refused is asked at once then, as
   * whoever starts the collector anew may have repaired it; only the back-off goes on.
   */
  snapshot(): BreakerSnapshot | undefined {
    const openings = this.#decayedOpenings();
    const closed = this.#state === "closed" || this.#refused;
    if (closed) return openings === 0 ? undefined : { state: "closed", openings, remainingMs: 0 };
    const remainingMs = this.#state === "open" ? Math.max(0, this.#openUntilMs - this.#options.nowMs()) : 0;
    return { state: "open", openings, remainingMs };
  }

  /** Goes on where a snapshot was taken `elapsedMs` ago. */
  restore(snapshot: BreakerSnapshot, elapsedMs: number): void {
    const { minOpenMs, maxOpenMs, configurationRecheckMs } = this.#options.settings;
    this.#openings = snapshot.openings;
    if (snapshot.state === "closed") return;
    const remainingMs = Math.min(
      snapshot.remainingMs - elapsedMs,
      Math.max(minOpenMs, maxOpenMs, configurationRecheckMs),
    );
    this.#enter("open");
    this.#openUntilMs = this.#options.nowMs() + Math.max(0, remainingMs);
  }

  #refusal(cheap: boolean): Refusal | undefined {
    const { settings, nowMs } = this.#options;
    if (this.#state === "closed") {
      return this.#inFlight < settings.maxConcurrent
        ? undefined
        : { admitted: false, reason: "busy", retryAfterMs: undefined };
    }
    if (this.#state === "open") {
      const retryAfterMs = this.#openUntilMs - nowMs();
      if (retryAfterMs > 0) return { admitted: false, reason: "open", retryAfterMs };
      this.#change("half_open", "delay_over");
    }
    const places =
      this.#stage === "slow_start" ? settings.probes * 2 ** Math.min(this.#successes + 1, 16) : settings.probes;
    const excluded = this.#stage === "cheapest" && !cheap;
    if (excluded || this.#inFlight >= places) return { admitted: false, reason: "probing", retryAfterMs: undefined };
    return undefined;
  }

  #permit(stage: ProbeStage | undefined): Permit {
    const epoch = this.#epoch;
    let settled = false;
    this.#inFlight++;
    const settle = (then: () => void) => {
      if (settled) return;
      settled = true;
      if (epoch !== this.#epoch) return;
      this.#inFlight--;
      then();
    };
    return {
      admitted: true,
      stage,
      succeed: (durationMs) => settle(() => this.#succeeded(durationMs, stage)),
      fail: (errorClass) => settle(() => this.#failed(errorClass, stage)),
      release: () => settle(() => {}),
    };
  }

  #succeeded(durationMs: number, stage: ProbeStage | undefined): void {
    this.#consecutive = 0;
    const { settings, nowMs } = this.#options;
    const slow = durationMs > settings.slowCallMs;
    if (this.#state === "half_open") {
      if (slow) this.#open("probe_failed");
      // A second probe of a stage that is passed already proves nothing more.
      else if (stage === this.#stage) this.#advance();
      return;
    }
    this.#window.add(nowMs(), { made: 1, failed: 0, slow: slow ? 1 : 0 });
    this.#judge();
  }

  #failed(errorClass: ErrorClass, stage: ProbeStage | undefined): void {
    if (errorClass === "ours") {
      // The server answered and is well; the statement is at fault.
      this.#succeeded(0, stage);
      return;
    }
    this.#consecutive++;
    if (errorClass === "configuration" || errorClass === "login") this.#open("configuration");
    else if (this.#state === "half_open") this.#open("probe_failed");
    else {
      this.#window.add(this.#options.nowMs(), { made: 1, failed: 1, slow: 0 });
      this.#judge();
    }
  }

  #judge(): void {
    const cause = this.#reasonToOpen();
    if (cause !== undefined) this.#open(cause);
  }

  #reasonToOpen(): ChangeCause | undefined {
    const { settings, nowMs } = this.#options;
    if (this.#consecutive >= settings.failureThreshold) return "consecutive_failures";
    const { volume, failureRate, slowRate } = this.#window.rates(nowMs());
    if (volume < settings.minimumVolume) return undefined;
    if (failureRate >= settings.failureRate) return "failure_rate";
    return slowRate >= settings.slowCallRate ? "slow_calls" : undefined;
  }

  #advance(): void {
    if (this.#stage === "ping") this.#stage = "cheapest";
    else if (this.#stage === "cheapest") this.#stage = "slow_start";
    else if (++this.#successes >= this.#options.settings.successThreshold) this.#change("closed", "recovered");
  }

  #open(cause: ChangeCause, askedMs?: number): void {
    if (this.#mode === "force_closed") return;
    const { settings, random, nowMs } = this.#options;
    this.#openings = this.#decayedOpenings() + 1;
    const ceilingMs = Math.min(settings.maxOpenMs, ceilingOf(settings.minOpenMs, this.#openings));
    // Exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", 2015), never below the minimum.
    const jitteredMs = settings.minOpenMs + random.next() * (ceilingMs - settings.minOpenMs);
    // Without jitter: so many failed logins in so much time, for servers that lock an account after some.
    const recheckMs = Math.min(settings.configurationRecheckMs, ceilingOf(settings.minOpenMs, this.#openings));
    const openMs = askedMs ?? (cause === "configuration" ? recheckMs : jitteredMs);
    this.#openUntilMs = nowMs() + openMs;
    this.#change("open", cause, openMs);
    this.#refused = cause === "configuration";
  }

  #decayedOpenings(): number {
    if (this.#state !== "closed") return this.#openings;
    const { settings, nowMs } = this.#options;
    return Math.max(0, this.#openings - Math.floor((nowMs() - this.#closedSinceMs) / settings.decayMs));
  }

  #change(to: BreakerState, cause: ChangeCause, openMs = 0): void {
    const from = this.#state;
    this.#enter(to);
    this.#options.onChange?.({ from, to, cause, openMs });
  }

  #enter(state: BreakerState): void {
    this.#state = state;
    this.#stage = "ping";
    this.#epoch++;
    this.#inFlight = 0;
    this.#successes = 0;
    this.#window.clear();
    if (state === "closed") {
      this.#consecutive = 0;
      this.#refused = false;
      this.#closedSinceMs = this.#options.nowMs();
    }
  }
}

/** The longest time of the n-th opening, counted from 1. */
function ceilingOf(minOpenMs: number, openings: number): number {
  return minOpenMs * 2 ** Math.min(openings - 1, 30);
}

/** Of `metrics_only`: the call is made, and its outcome says nothing, as it should not have been made. */
const passedAnyway: Permit = {
  admitted: true,
  stage: undefined,
  succeed: () => {},
  fail: () => {},
  release: () => {},
};
