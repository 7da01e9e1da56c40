import type { Clock } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";
import type { KnownPlan } from "./plan-outcome.ts";

interface Logged {
  readonly outcome: KnownPlan;
  readonly loggedMs: number;
}

const mostPlans = 2000;
/** All plans together are no longer than this. */
const mostCharacters = 16 * 2 ** 20;

/** The plans that executions had, as auto_explain logs them, by database and query id: who logs and who asks share it. */
export class LoggedPlans {
  readonly #clock: Clock;
  readonly #plans: LRUCache<string, Logged>;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#plans = new LRUCache({
      max: mostPlans,
      maxSize: mostCharacters,
      sizeCalculation: ({ outcome }) => outcome.plan.length + 256,
    });
  }

  add(database: string, queryId: string, { plan, hash }: { readonly plan: string; readonly hash: string }): void {
    const outcome = { plan, hash, source: "auto_explain" } as const;
    this.#plans.set(`${queryId}/${database}`, { outcome, loggedMs: this.#clock.monotonicMs() });
  }

  /** The last plan of a statement that was logged less than `withinMs` ago. */
  get(database: string, queryId: string, withinMs: number): KnownPlan | undefined {
    const known = this.#plans.get(`${queryId}/${database}`);
    if (known === undefined || this.#clock.monotonicMs() - known.loggedMs > withinMs) return undefined;
    return known.outcome;
  }
}
