import type { DbintelError } from "@dbintel/errors";
import { classifyError } from "@dbintel/guard";
import type { Host } from "@dbintel/pipeline";
import {
  type DuePlan,
  type NoPlanReason,
  PlanBook,
  type PlanBookOptions,
  type PollPlans,
  type StatementGuard,
} from "@dbintel/watching";
import pg from "pg";
import type { DatabaseConnection } from "../connection/connection.ts";
import { databaseProblem, type ProblemContext } from "../connection/problems.ts";
import type { Visits } from "../connection/visits.ts";
import type { StatementKey } from "../statements/statement-table.ts";
import { statementName } from "../statements/statement-texts.ts";
import type { KnownScans } from "./known-scans.ts";
import type { LoggedPlans } from "./logged-plans.ts";
import { type PlanOutcome, type PlanSource, reasonOf } from "./plan-outcome.ts";
import { PlanSession, planSessionOptions } from "./plan-session.ts";
import { PlanTexts } from "./plan-texts.ts";
import { StatementPlans } from "./statement-plans.ts";
import { StoredPlans } from "./stored-plans.ts";

/** A statement that is about to be reported. */
export interface PlanCandidate {
  readonly key: StatementKey;
  readonly database: string;
  readonly role: string | undefined;
  /** Of the interval, in milliseconds. */
  readonly meanMs: number;
}

export interface PlanCollectorOptions extends Omit<PlanBookOptions, "counter"> {
  readonly host: Host;
  /** Sessions in the databases of the statements. */
  readonly visits: Visits;
  /** What auto_explain has logged. */
  readonly logged: LoggedPlans;
  /** Learns what statements read, as their plans tell. */
  readonly scans: KnownScans;
  readonly context: ProblemContext;
  /** Statements that are explained in each database at each poll at most. */
  readonly limit: number;
}

/** A statement whose plan is wanted; a statement counts once for each level that it was called at, and has one plan. */
type Wanted = DuePlan<PlanCandidate & { readonly name: string }>;

interface Due extends Wanted {
  readonly query: string | undefined;
  /** Why it cannot be explained; `undefined` when it can. */
  readonly reason: NoPlanReason | undefined;
}

type Plans = PollPlans<PlanSource>;

/** What the polls of statements give. */
interface PlanArgs {
  readonly versionNumber: number;
  readonly guard: StatementGuard;
  readonly problems: DbintelError[];
  readonly signal: AbortSignal;
}

/** SQLSTATE of a server, a database or a role that has no connection left for another session. */
const tooManyConnections = "53300";
/** Sessions on so many databases, one after the other, in one poll. */
const mostDatabases = 20;

/** Gets plans for the statements of a poll, within a budget, and remembers them. */
export class PlanCollector {
  readonly texts: PlanTexts;
  readonly #options: PlanCollectorOptions;
  readonly #book: PlanBook<PlanSource>;
  readonly #stored: StoredPlans;
  /** How often in a row there was no connection for another session, and until when none is tried. */
  #crowded = 0;
  #crowdedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: PlanCollectorOptions) {
    this.#options = options;
    const { host, context, cacheSize, cacheTtlMs } = options;
    this.texts = new PlanTexts(cacheSize);
    this.#book = new PlanBook({ ...options, counter: "dbintel_postgresql_plans" });
    this.#stored = new StoredPlans({ clock: host.clock, context, withinMs: cacheTtlMs });
  }

  /**
   * Says for each candidate what is known of its plan; the most important come first. A database that cannot be asked
   * is a problem of its own.
   */
  async collect(args: PlanArgs & { readonly candidates: readonly PlanCandidate[] }): Promise<StatementPlans> {
    const plans = this.#book.begin();
    const candidates = args.candidates.map((candidate) => ({ ...candidate, name: statementName(candidate.key) }));
    const due = plans.due(candidates).flatMap((wanted) => this.#prepared(plans, wanted));
    const refused = due.length === 0 ? undefined : await this.#takeStored(plans, due, args);
    const left = due.filter(({ name }) => !plans.has(name));
    for (const [index, [database, statements]] of [...Map.groupBy(left, (each) => each.database)].entries()) {
      const rest =
        refused ??
        (index < mostDatabases ? await this.#explainAll(plans, { ...args, database, statements }) : "budget");
      for (const statement of statements) plans.leave([statement], statement.reason ?? rest);
    }
    args.problems.push(...this.#stored.problems);
    return new StatementPlans(plans);
  }

  /** What is to be asked for: nothing where an execution has shown the plan, or none can be had. */
  #prepared(plans: Plans, wanted: Wanted): readonly Due[] {
    const { key, database, name } = wanted;
    const executed = this.#options.logged.get(database, String(key.queryId), this.#options.cacheTtlMs);
    if (executed !== undefined && executed !== this.#book.known(name)) {
      // The plan that it had is worth more than one for any values, and costs nothing.
      this.#learn(plans, wanted, executed);
      return [];
    }
    const { query, reason } = this.texts.get(key) ?? { query: undefined, reason: "text_unknown" };
    // Where an extension keeps plans, one may be there of a statement that cannot be explained.
    const askable = reason === undefined || (reason !== "not_explainable" && this.#mayBeStored(database));
    if (askable) return [{ ...wanted, query, reason }];
    this.#learn(plans, wanted, { reason });
    return [];
  }

  /** Whether the extensions that keep plans are known to be where this database's would be found. */
  #mayBeStored(database: string): boolean {
    const { context } = this.#options;
    return this.#stored.keptIn(context.database) === true || this.#stored.keptIn(database) === true;
  }

  /**
   * Takes the plans that extensions have kept of the statements of all databases, in the one that is connected to.
   * Returns why nothing can be asked now, where nothing can.
   */
  async #takeStored(plans: Plans, statements: readonly Due[], args: PlanArgs): Promise<NoPlanReason | undefined> {
    const { database } = this.#options.context;
    if (this.#stored.keptIn(database) === false || !this.#book.allows(database)) return undefined;
    const { signal } = args;
    return await this.#book.paid(database, () =>
      this.#inSession({ ...args, database }, (connection) =>
        this.#learnStored(plans, { connection, statements, signal }),
      ),
    );
  }

  async #learnStored(
    plans: Plans,
    args: {
      readonly connection: DatabaseConnection;
      readonly statements: readonly Due[];
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    const { connection, statements, signal } = args;
    const keys = statements.map(({ key }) => key);
    const stored = await this.#stored.find(connection, keys, signal);
    for (const statement of statements) {
      const plan = stored.get(statement.name);
      if (plan !== undefined) this.#learn(plans, statement, plan);
    }
  }

  /** Asks one database for as many plans as the budget allows; returns why those that are left have none. */
  async #explainAll(
    plans: Plans,
    args: PlanArgs & { readonly database: string; readonly statements: readonly Due[] },
  ): Promise<NoPlanReason> {
    const { database, statements, versionNumber, signal } = args;
    const { limit, context } = this.#options;
    const refused = await this.#inSession({ ...args, sessionOptions: planSessionOptions }, async (connection) => {
      const session = new PlanSession({ connection, versionNumber });
      await session.start(signal);
      if (database !== context.database && this.#stored.keptIn(database) !== false) {
        await this.#learnStored(plans, { connection, statements, signal });
      }
      for (const statement of statements.filter(({ name }) => !plans.has(name)).slice(0, limit)) {
        if (!this.#book.allows(database)) break;
        await this.#book.paid(database, async () => {
          this.#learn(plans, statement, await this.#explain(plans, session, statement, signal));
        });
      }
    });
    return refused ?? "budget";
  }

  /** Does something in a session on a database; returns why that is not possible, where it is not. */
  async #inSession(
    args: PlanArgs & { readonly database: string; readonly sessionOptions?: readonly string[] },
    work: (connection: DatabaseConnection) => Promise<void>,
  ): Promise<NoPlanReason | undefined> {
    const { problems, database } = args;
    const { host, intervalMs, visits, context } = this.#options;
    const problemOf = (error: unknown) => databaseProblem(error, { ...context, database });
    const visit = async (): Promise<"held_back" | "done"> => {
      if (host.clock.monotonicMs() < this.#crowdedUntilMs) return "held_back";
      try {
        await visits.visit(args, work);
        this.#crowded = 0;
        return "done";
      } catch (error) {
        if (!(error instanceof pg.DatabaseError) || error.code !== tooManyConnections) throw error;
        // That there is no room for one more session says nothing about those that are there.
        problems.push(problemOf(error));
        this.#crowdedUntilMs = host.clock.monotonicMs() + intervalMs * 2 ** Math.min(this.#crowded++, 6);
        return "held_back";
      }
    };
    const told = await this.#book.ask({ ...args, problemOf, work: visit });
    return told === "done" ? undefined : told;
  }

  async #explain(plans: Plans, session: PlanSession, due: Due, signal: AbortSignal): Promise<PlanOutcome> {
    if (due.query === undefined || due.reason !== undefined) return { reason: due.reason ?? "text_unknown" };
    try {
      return await session.explain({ query: due.query, userId: due.key.userId, role: due.role }, signal);
    } catch (error) {
      // Where there is no session, it says nothing about the statement.
      if (!(error instanceof pg.DatabaseError) || error.code === tooManyConnections) throw error;
      const outcome = { reason: reasonOf(error.code) } as const;
      const errorClass = classifyError(error);
      if (errorClass === "overload" || errorClass === "failover") {
        // The next poll begins with others.
        this.#learn(plans, due, outcome);
        throw error;
      }
      return outcome;
    }
  }

  #learn(plans: Plans, wanted: Wanted, outcome: PlanOutcome): void {
    const { key, database, role, meanMs } = wanted;
    plans.learn(wanted, outcome);
    if (outcome.plan === undefined) return;
    const { queryId, userId } = key;
    const statement = { database, queryId: String(queryId), userId, role, query: this.texts.get(key)?.query, meanMs };
    this.#options.scans.learn({ ...statement, plan: outcome.plan });
  }
}
