import type { Clock } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";
import type { NoPlanReason, PlanOutcome } from "./plan-outcome.ts";

/** Why the plan of a statement is asked for; those that come first are asked for first. */
export const planOccasions = ["moved", "new", "expired"] as const;
export type PlanOccasion = (typeof planOccasions)[number];

interface Known<Source extends string> {
  readonly outcome: PlanOutcome<Source>;
  /** The means, in milliseconds, of intervals at whose end the plan was the same. */
  readonly fastestMs: number;
  readonly slowestMs: number;
  /** When it is asked for again in any case. */
  readonly expiresMs: number;
  /** How many times in a row there was none. */
  readonly failures: number;
}

/** A mean that lies outside of what was seen by this factor may have another plan behind it. */
const movedFactor = 1.5;
/** All plans together are no longer than this. */
const mostCharacters = 32 * 2 ** 20;
/** Reasons that the text itself gives. */
const lasting: ReadonlySet<NoPlanReason> = new Set(["cut_off", "not_explainable"]);

/**
 * What is known of the plans of statements, and which of them to ask for again: those older than the time to live,
 * and those of statements that are slower or faster than this plan was seen to be. Each look that finds the same plan
 * widens what was seen, so a statement that always swings is asked about a few times and not at each poll. Where there
 * is no plan, the time to the next look doubles, up to the time to live.
 */
export class PlanMemory<Source extends string = string> {
  readonly #clock: Clock;
  readonly #known: LRUCache<string, Known<Source>>;
  readonly #ttlMs: () => number;
  readonly #retryMs: number;

  /** `retryMs` is the time to the first look after a failure. */
  constructor(options: {
    readonly clock: Clock;
    readonly size: number;
    readonly ttlMs: () => number;
    readonly retryMs: number;
  }) {
    this.#clock = options.clock;
    this.#known = new LRUCache({
      max: options.size,
      maxSize: mostCharacters,
      sizeCalculation: ({ outcome }) => (outcome.plan?.length ?? 0) + 256,
    });
    this.#ttlMs = options.ttlMs;
    this.#retryMs = options.retryMs;
  }

  /** Of the statement of this name. */
  get(statement: string): PlanOutcome<Source> | undefined {
    return this.#known.get(statement)?.outcome;
  }

  /** Why to ask for the plan of a statement whose mean execution took `meanMs`; `undefined` for no reason. */
  occasion(statement: string, meanMs: number): PlanOccasion | undefined {
    const known = this.#known.get(statement);
    if (known === undefined) return "new";
    if (this.#clock.monotonicMs() >= known.expiresMs) return "expired";
    const moved = meanMs > known.slowestMs * movedFactor || meanMs * movedFactor < known.fastestMs;
    return moved && known.outcome.reason === undefined ? "moved" : undefined;
  }

  remember(args: {
    readonly statement: string;
    readonly occasion: PlanOccasion;
    readonly meanMs: number;
    readonly outcome: PlanOutcome<Source>;
  }): void {
    const { statement, occasion, meanMs, outcome } = args;
    const before = this.#known.get(statement);
    const same = occasion === "moved" && outcome.reason === undefined && before?.outcome.hash === outcome.hash;
    const failures = outcome.reason === undefined ? 0 : (before?.failures ?? 0) + 1;
    this.#known.set(statement, {
      outcome,
      fastestMs: same ? Math.min(before.fastestMs, meanMs) : meanMs,
      slowestMs: same ? Math.max(before.slowestMs, meanMs) : meanMs,
      expiresMs: this.#clock.monotonicMs() + this.#timeToLive(outcome, failures),
      failures,
    });
  }

  #timeToLive({ reason }: PlanOutcome, failures: number): number {
    const ttlMs = this.#ttlMs();
    if (reason === undefined || lasting.has(reason)) return ttlMs;
    return Math.min(ttlMs, this.#retryMs * 2 ** Math.min(failures - 1, 30));
  }
}
