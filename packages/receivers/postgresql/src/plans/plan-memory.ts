import type { Clock } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";
import type { StatementKey } from "../statements/statement-table.ts";
import { statementName } from "../statements/statement-texts.ts";
import type { NoPlanReason, PlanOutcome } from "./plan-outcome.ts";

/** Why the plan of a statement is asked for; those that come first are asked for first. */
export type PlanOccasion = "moved" | "new" | "expired";

interface Known {
  readonly outcome: PlanOutcome;
  /** Milliseconds of the mean execution in the interval at whose end the plan was asked for. */
  readonly meanMs: number;
  /** When it is asked for again in any case. */
  readonly expiresMs: number;
  /** Until then a mean that has moved is no occasion. */
  readonly calmUntilMs: number;
  /** Plans in a row that were asked for because of the mean and were the same, or failures in a row. */
  readonly futile: number;
}

/** A mean that differs by this factor may have another plan behind it. */
const movedFactor = 1.5;
const longestCalmMs = 600_000;
/** Reasons that the text itself gives. */
const lasting: ReadonlySet<NoPlanReason> = new Set(["cut_off", "not_explainable"]);

/**
 * What is known of the plans of statements, and which of them to ask for again: plans that are older than the time
 * to live, and those of statements that have become slower or faster, as with another plan. A statement that swings
 * without a change of its plan is left calm for longer and longer, at most 10 minutes; so is one without a plan, at
 * most for the time to live.
 */
export class PlanMemory {
  readonly #clock: Clock;
  readonly #known: LRUCache<string, Known>;
  readonly #ttlMs: () => number;
  readonly #calmMs: number;

  /** `calmMs` is the shortest time between two looks at a plan that did not change. */
  constructor(options: {
    readonly clock: Clock;
    readonly size: number;
    readonly ttlMs: () => number;
    readonly calmMs: number;
  }) {
    this.#clock = options.clock;
    this.#known = new LRUCache({ max: options.size });
    this.#ttlMs = options.ttlMs;
    this.#calmMs = options.calmMs;
  }

  get(key: StatementKey): PlanOutcome | undefined {
    return this.#known.get(statementName(key))?.outcome;
  }

  /** Why to ask for the plan of a statement whose mean execution took `meanMs`; `undefined` for no reason. */
  occasion(key: StatementKey, meanMs: number): PlanOccasion | undefined {
    const known = this.#known.get(statementName(key));
    if (known === undefined) return "new";
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= known.expiresMs) return "expired";
    return nowMs >= known.calmUntilMs && hasMoved(known.meanMs, meanMs) ? "moved" : undefined;
  }

  remember(args: {
    readonly key: StatementKey;
    readonly occasion: PlanOccasion;
    readonly meanMs: number;
    readonly outcome: PlanOutcome;
  }): void {
    const { key, occasion, meanMs, outcome } = args;
    const before = this.#known.get(statementName(key));
    const nowMs = this.#clock.monotonicMs();
    const ttlMs = this.#ttlMs();
    const failed = outcome.reason !== undefined;
    const futile = isSame(before?.outcome, outcome) && (failed || occasion === "moved") ? (before?.futile ?? 0) + 1 : 0;
    const waitMs = this.#calmMs * 2 ** Math.min(futile, 20);
    const soon = failed && !lasting.has(outcome.reason);
    this.#known.set(statementName(key), {
      outcome,
      meanMs,
      futile,
      expiresMs: nowMs + (soon ? Math.min(waitMs, ttlMs) : ttlMs),
      // The look after a first futile one may come at once: the change may have happened within the interval.
      calmUntilMs: failed ? Number.POSITIVE_INFINITY : nowMs + (futile > 1 ? Math.min(waitMs, longestCalmMs) : 0),
    });
  }
}

/** The same plan, or again none. */
function isSame(before: PlanOutcome | undefined, now: PlanOutcome): boolean {
  if (before?.reason !== undefined) return now.reason !== undefined;
  return now.reason === undefined && before?.hash === now.hash;
}

function hasMoved(before: number, now: number): boolean {
  return now > before * movedFactor || now * movedFactor < before;
}
