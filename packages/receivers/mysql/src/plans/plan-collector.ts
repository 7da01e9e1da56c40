import type { DbintelError } from "@dbintel/errors";
import type { Host } from "@dbintel/pipeline";
import {
  type DuePlan,
  type NoPlanReason,
  PlanBook,
  type PlanBookOptions,
  type PlanCandidate,
  type PlanOutcome,
  type PollPlans,
  type StatementGuard,
} from "@dbintel/watching";
import type { ConnectionSettings } from "../connection/connection.ts";
import { databaseProblem, type ProblemContext } from "../connection/problems.ts";
import { type ExplainSettings, PlanSession } from "./plan-session.ts";
import { type StatementName, statementName } from "./statement-name.ts";

/** A statement that is about to be reported. */
interface Candidate extends StatementName, Pick<PlanCandidate, "meanMs"> {}

type Due = DuePlan<Candidate & PlanCandidate>;

export interface PlanCollectorOptions extends Omit<PlanBookOptions, "counter"> {
  readonly host: Host;
  readonly settings: ConnectionSettings;
  readonly context: ProblemContext;
  readonly explain: ExplainSettings;
  /** Statements that are explained at each poll at most. */
  readonly limit: number;
}

/** Reads real texts of statements, by name: each is given back to the server and not kept. */
export type SampleReader = (statements: readonly StatementName[]) => Promise<ReadonlyMap<string, string>>;

/** What events say about plans, by statement. */
export type StatementPlans = Pick<PollPlans, "get">;

/** A session belongs to the server and not to one of its schemas. */
const wholeServer = "";

/** Gets plans for the statements of a poll, within a budget, and remembers them. */
export class PlanCollector {
  readonly #options: PlanCollectorOptions;
  readonly #book: PlanBook;

  constructor(options: PlanCollectorOptions) {
    this.#options = options;
    this.#book = new PlanBook({ ...options, counter: "dbintel_mysql_plans" });
  }

  /** Says for each candidate what is known of its plan; the most important come first. */
  async collect(args: {
    readonly candidates: readonly Candidate[];
    /** Reads what users typed, by name. */
    readonly samples: SampleReader;
    readonly guard: StatementGuard;
    readonly problems: DbintelError[];
    readonly signal: AbortSignal;
  }): Promise<StatementPlans> {
    const plans = this.#book.begin();
    const due = plans.due(args.candidates.map((candidate) => ({ ...candidate, name: statementName(candidate) })));
    if (due.length === 0) return plans;
    const problemOf = (error: unknown) => databaseProblem(error, this.#options.context);
    const rest = await this.#book.ask({ ...args, problemOf, work: () => this.#ask(plans, { ...args, due }) });
    plans.leave(due, rest);
    return plans;
  }

  /** Asks for as many plans as the budget allows; says why there are no more. Rejects when the server is at fault. */
  async #ask(
    plans: PollPlans,
    args: { readonly due: readonly Due[]; readonly samples: SampleReader; readonly signal: AbortSignal },
  ): Promise<NoPlanReason> {
    const { due, samples, signal } = args;
    const { host, settings, explain, limit } = this.#options;
    if (!this.#book.allows(wholeServer)) return "budget";
    const chosen = due.slice(0, limit);
    const texts = await this.#book.paid(wholeServer, () => samples(chosen));
    const session = new PlanSession({ settings, clock: host.clock, explain });
    try {
      for (const statement of chosen) {
        if (!this.#book.allows(wholeServer)) break;
        const { name, schema } = statement;
        const text = texts.get(name);
        const outcome: PlanOutcome =
          text === undefined
            ? { reason: "text_unknown" }
            : await this.#book.paid(wholeServer, () => session.explain({ schema, text }, signal));
        plans.learn(statement, outcome);
      }
      return "budget";
    } finally {
      await session.close();
    }
  }
}
