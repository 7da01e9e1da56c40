import type { DbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import type { Host } from "@dbintel/pipeline";
import {
  type NoPlanReason,
  PlanBudget,
  PlanMemory,
  type PlanOccasion,
  type PlanOutcome,
  planOccasions,
  type StatementGuard,
} from "@dbintel/watching";
import type { ConnectionSettings, DatabaseConnection } from "../connection/connection.ts";
import { databaseProblem, type ProblemContext } from "../connection/problems.ts";
import { type ExplainSettings, PlanSession } from "./plan-session.ts";
import { sampleTexts } from "./plan-texts.ts";
import { type StatementName, statementName } from "./statement-name.ts";

/** A statement that is about to be reported. */
export interface PlanCandidate extends StatementName {
  /** Of the interval, in milliseconds. */
  readonly meanMs: number;
}

export interface PlanCollectorOptions {
  readonly host: Host;
  readonly settings: ConnectionSettings;
  readonly context: ProblemContext;
  readonly explain: ExplainSettings;
  /** Statements that are explained at each poll at most. */
  readonly limit: number;
  readonly cacheSize: number;
  readonly cacheTtlMs: number;
  /** Time between two polls in milliseconds. */
  readonly intervalMs: number;
  /** What the collector as a whole may cost the server, as a share of one core: plans may take that, or 1 %. */
  readonly mostShare?: number | undefined;
}

/** What events say about plans, by statement; nothing where nothing is to be said. */
export type StatementPlans = ReadonlyMap<string, PlanOutcome>;

interface Due extends PlanCandidate {
  readonly name: string;
  readonly occasion: PlanOccasion;
}

/** The class of these statements: the first that an overloaded server does without. */
const planClass = "plans";
/** A session belongs to the server and not to one of its schemas. */
const wholeServer = "";

/** Gets plans for the statements of a poll, within a budget, and remembers them. */
export class PlanCollector {
  readonly #options: PlanCollectorOptions;
  readonly #memory: PlanMemory;
  readonly #budget: PlanBudget;
  readonly #counter;

  constructor(options: PlanCollectorOptions) {
    this.#options = options;
    const { host, cacheSize: size, cacheTtlMs, intervalMs: retryMs, mostShare: share = 0 } = options;
    const ttlMs = () => cacheTtlMs * host.shared(feedback).savings.coldIntervalFactor;
    this.#budget = new PlanBudget({ clock: host.clock, intervalMs: retryMs, share });
    this.#memory = new PlanMemory({ clock: host.clock, size, ttlMs, retryMs });
    this.#counter = host.meter.createCounter("dbintel_mysql_plans", {
      description: "Plans of statements by outcome: explained, remembered from before, or why there is none.",
      unit: "{plans}",
    });
  }

  /** Says for each candidate what is known of its plan; the most important come first. */
  async collect(args: {
    readonly candidates: readonly PlanCandidate[];
    /** Where the texts of statements are read. */
    readonly connection: DatabaseConnection;
    readonly guard: StatementGuard;
    readonly problems: DbintelError[];
    readonly signal: AbortSignal;
  }): Promise<StatementPlans> {
    const { guard, problems, signal } = args;
    const { host, context } = this.#options;
    const plans = new Map<string, PlanOutcome>();
    const due: Due[] = [];
    for (const candidate of args.candidates) {
      const name = statementName(candidate);
      const occasion = this.#memory.occasion(name, candidate.meanMs);
      const known = this.#memory.get(name);
      if (occasion !== undefined || known === undefined) due.push({ ...candidate, name, occasion: occasion ?? "new" });
      else {
        this.#counter.add(1, { outcome: known.reason ?? "remembered" });
        if (!host.shared(feedback).savings.suppressRepeats) plans.set(name, known);
      }
    }
    let rest: NoPlanReason = "held_back";
    if (due.length > 0) {
      const first = due.toSorted((a, b) => planOccasions.indexOf(a.occasion) - planOccasions.indexOf(b.occasion));
      try {
        const work = () => this.#ask(plans, { ...args, due: first });
        rest = (await guard.ask({ collectorClass: planClass, cold: true, work })) ?? "held_back";
      } catch (error) {
        signal.throwIfAborted();
        problems.push(databaseProblem(error, context));
      }
    }
    for (const { name } of due) {
      if (plans.has(name)) continue;
      this.#counter.add(1, { outcome: rest });
      plans.set(name, { reason: rest });
    }
    return plans;
  }

  /** Asks for as many plans as the budget allows; says why there are no more. Rejects when the server is at fault. */
  async #ask(
    plans: Map<string, PlanOutcome>,
    args: { readonly due: readonly Due[]; readonly connection: DatabaseConnection; readonly signal: AbortSignal },
  ): Promise<NoPlanReason> {
    const { due, connection, signal } = args;
    const { host, settings, explain, limit } = this.#options;
    if (!this.#budget.allows(wholeServer)) return "budget";
    const chosen = due.slice(0, limit);
    const texts = await this.#paid(() => sampleTexts(connection, chosen, signal));
    const session = new PlanSession({ settings, clock: host.clock, explain });
    try {
      for (const statement of chosen) {
        if (!this.#budget.allows(wholeServer)) break;
        const { name, schema } = statement;
        const text = texts.get(name);
        const outcome: PlanOutcome =
          text === undefined
            ? { reason: "text_unknown" }
            : await this.#paid(() => session.explain({ schema, text }, signal));
        this.#memory.remember({ ...statement, statement: name, outcome });
        this.#counter.add(1, { outcome: outcome.reason ?? "explained" });
        plans.set(name, outcome);
      }
      return "budget";
    } finally {
      await session.close();
    }
  }

  /** Takes the time that something needs from the budget. */
  async #paid<T>(work: () => Promise<T>): Promise<T> {
    const { clock } = this.#options.host;
    const startedMs = clock.monotonicMs();
    try {
      return await work();
    } finally {
      this.#budget.spend(wholeServer, clock.monotonicMs() - startedMs);
    }
  }
}
