import type { WaitCategory } from "@dbintel/waits";
import { discoveryThreshold } from "./benjamini-hochberg.ts";
import type { Observation, RegressionEvent, RegressionWindow } from "./events.ts";
import { QueryState, type StoredQuery } from "./query-state.ts";
import type { Comparison } from "./reference.ts";
import { defaultRegressionSettings, type RegressionSettings } from "./settings.ts";
import { countWait } from "./wait-counts.ts";

/** What a detector knows, as plain values for JSON. */
export interface DetectorSnapshot {
  readonly version: 2;
  readonly queries: readonly StoredQuery[];
}

type Weighed = readonly [QueryState, Comparison];

/**
 * Finds statements that have become slower, and whether another plan is to blame.
 *
 * Observations come in as they are made; `endWindow` is called at a steady pace and says what the window has shown. A
 * statement has regressed when all of three verdicts in a row say so, or two of them where the plan is another. A verdict needs executions enough, a ratio and
 * an impact that matter, and a p-value that stands among those of all statements of the window (Benjamini-Hochberg, apart for those whose plan is another).
 * Not safe against times that go back: the caller's windows are the only clock.
 */
export class RegressionDetector {
  readonly #settings: RegressionSettings;
  /** In the order of their last execution. */
  readonly #queries = new Map<string, QueryState>();

  constructor(settings: Partial<RegressionSettings> = {}, snapshot?: DetectorSnapshot) {
    this.#settings = { ...defaultRegressionSettings, ...settings };
    for (const stored of snapshot?.queries.slice(-this.#settings.maxQueries) ?? []) {
      this.#queries.set(stored.query, new QueryState(stored.query, this.#settings, stored));
    }
  }

  /** Statements that are followed. */
  get size(): number {
    return this.#queries.size;
  }

  /** What is not a positive number of executions with a time is no observation. */
  observe(observation: Observation): void {
    const { query, calls, meanMs } = observation;
    if (!(calls > 0 && meanMs >= 0 && Number.isFinite(calls * meanMs))) return;
    const state = this.#queries.get(query) ?? new QueryState(query, this.#settings);
    this.#queries.delete(query);
    this.#queries.set(query, state);
    state.window.add(observation);
    if (this.#queries.size <= this.#settings.maxQueries) return;
    const [oldest] = this.#queries.keys();
    if (oldest !== undefined) this.#queries.delete(oldest);
  }

  /** A session was found with a statement; says nothing of one that is not followed. */
  sample(query: string, category: WaitCategory): void {
    const window = this.#queries.get(query)?.window;
    if (window !== undefined && category !== "idle") window.waits = countWait(window.waits, category);
  }

  /** Ends a window. */
  endWindow(window: RegressionWindow): readonly RegressionEvent[] {
    const events: RegressionEvent[] = [];
    const weighed: Weighed[] = [];
    for (const state of this.#queries.values()) {
      const change = state.close(window);
      if (change !== undefined) events.push(change);
      const comparison = state.weigh();
      if (comparison !== undefined) weighed.push([state, comparison]);
    }
    // Few statements run with another plan than usual; they need not stand out among all those that do not.
    for (const changed of [true, false]) {
      events.push(...this.#judge(weighed.filter(([state]) => state.hasOtherPlan === changed)));
    }
    return events;
  }

  #judge(weighed: readonly Weighed[]): readonly RegressionEvent[] {
    const pValues = weighed.map(([, { pValue }]) => pValue);
    const threshold = discoveryThreshold(pValues, this.#settings.falseDiscoveryRate);
    return weighed.flatMap(([state, comparison]) => state.judge(comparison, comparison.pValue <= threshold) ?? []);
  }

  /** What to give the next detector after a restart. Evidence of windows that await a verdict is left out. */
  snapshot(): DetectorSnapshot {
    return { version: 2, queries: [...this.#queries.values()].map(({ stored }) => stored) };
  }
}
