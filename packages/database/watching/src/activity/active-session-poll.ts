import type { DbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { metricsBuilder, type ResourceInit, type ScopeInit } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import type { PollResult } from "@dbintel/polling";
import { ActiveSessionHistory, SamplingPace } from "@dbintel/waits";
import { addActiveSessions } from "./active-session-metrics.ts";
import type { SessionSample } from "./session-sample.ts";

/** What a server answered. */
export interface SessionAnswer {
  /** What answered. */
  readonly resource: ResourceInit;
  /** Who measured, and what version of the database. */
  readonly scope: ScopeInit;
  /** What was kept from view. */
  readonly problems: readonly DbintelError[];
  /** Makes a sample of the answer: what that takes is the cost of the collector. */
  read(): SessionSample;
}

/** Asks a server who is active. */
export interface SessionSampler {
  /** Rejects with what the driver reports. */
  sample(signal: AbortSignal): Promise<SessionAnswer>;
}

export interface ActiveSessionPollOptions {
  readonly host: Host;
  readonly sampler: SessionSampler;
  /** From one sample to the next. */
  readonly intervalMs: number;
  /** From one report to the next. */
  readonly reportMs: number;
  /** Of the interval, that one sample may take on either side. */
  readonly mostShare: number;
  /** Combinations that are sent one by one. */
  readonly limit: number;
}

/** A sample stands for the time since the one before, but for no more intervals than this: then nobody was looking. */
const mostIntervals = 3;

/**
 * Samples who is active, and sends the averages of what it saw once in each reporting interval. Time is the server's: a
 * collector that is late or stopped for a while changes no average.
 */
export class ActiveSessionPoll {
  readonly #options: ActiveSessionPollOptions;
  readonly #history = new ActiveSessionHistory();
  readonly #pace: SamplingPace;
  #lastMicros: bigint | undefined;
  /** Where the interval that is reported next begins. */
  #startMicros: bigint | undefined;

  constructor(options: ActiveSessionPollOptions) {
    this.#options = options;
    this.#pace = new SamplingPace(options);
  }

  /** How many times longer than configured the interval is for now. */
  get intervalFactor(): number {
    return this.#pace.factor;
  }

  /** Makes the next sample the first one. */
  forget(): void {
    this.#history.reset();
    this.#lastMicros = undefined;
    this.#startMicros = undefined;
  }

  async poll({ signal }: { readonly signal: AbortSignal }): Promise<PollResult> {
    const { host, sampler, reportMs, limit } = this.#options;
    if (host.shared(feedback).savings.essentialsOnly) return { batches: [] };
    const answer = await sampler.sample(signal);
    const { resource, scope, problems } = answer;
    const startedMs = host.clock.monotonicMs();
    const { active, clockMicros, databaseMs } = answer.read();
    this.#history.add(active, this.#standsFor(clockMicros));
    const sessions = active.reduce((sum, each) => sum + each.sessions, 0);
    this.#pace.observe({ databaseMs, collectorMs: host.clock.monotonicMs() - startedMs, sessions });
    this.#lastMicros = clockMicros;
    this.#startMicros ??= clockMicros;
    const start = this.#startMicros;
    // Half an interval early is nearer than half an interval late.
    const dueMicros = BigInt(Math.round(1000 * (reportMs - (this.#options.intervalMs * this.#pace.factor) / 2)));
    if (clockMicros - start < dueMicros) return { batches: [], problems };
    const profile = this.#history.profile(limit);
    if (profile.seconds === 0) return { batches: [], problems };
    const metrics = metricsBuilder().resource(resource).scope(scope);
    addActiveSessions(metrics, profile, { startTimeUnixNano: start * 1000n, timeUnixNano: clockMicros * 1000n });
    return {
      batches: [metrics.build()],
      problems,
      commit: () => {
        this.#history.reset();
        this.#startMicros = clockMicros;
      },
    };
  }

  /** The time that a sample stands for, in seconds; none for the first, or when the server's clock went back. */
  #standsFor(clockMicros: bigint): number {
    if (this.#lastMicros === undefined) return 0;
    const mostSeconds = (mostIntervals * this.#options.intervalMs * this.#pace.factor) / 1000;
    return Math.min(Number(clockMicros - this.#lastMicros) / 1e6, mostSeconds);
  }
}
