import type { DbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { classifyError } from "@dbintel/guard";
import type { Host } from "@dbintel/pipeline";
import {
  type NoPlanReason,
  PlanBudget,
  PlanMemory,
  type PlanOccasion,
  planOccasions,
  type StatementGuard,
} from "@dbintel/watching";
import pg from "pg";
import type { DatabaseConnection } from "../connection/connection.ts";
import { databaseProblem, type ProblemContext } from "../connection/problems.ts";
import type { Visits } from "../connection/visits.ts";
import type { StatementKey } from "../statements/statement-table.ts";
import { statementName } from "../statements/statement-texts.ts";
import { whyNotExplainable } from "./explainable.ts";
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

export interface PlanCollectorOptions {
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
  readonly cacheSize: number;
  readonly cacheTtlMs: number;
  /** Time between two polls in milliseconds. */
  readonly intervalMs: number;
  /** Share of a core of the server that the collector may take. */
  readonly mostShare?: number;
}

/** A statement whose plan is wanted. */
interface Due extends PlanCandidate {
  readonly occasion: PlanOccasion;
  readonly query: string | undefined;
  /** Why it cannot be explained; `undefined` when it can. */
  readonly reason: NoPlanReason | undefined;
}

/** By database and name. */
type DueStatements = Map<string, Map<string, Due>>;

/** What the polls of statements give. */
interface PlanArgs {
  readonly versionNumber: number;
  readonly guard: StatementGuard;
  readonly problems: DbintelError[];
  readonly signal: AbortSignal;
}

/** The class of these statements: the first that an overloaded server does without. */
const planClass = "plans";
/** SQLSTATE of a server, a database or a role that has no connection left for another session. */
const tooManyConnections = "53300";
/** Sessions on so many databases, one after the other, in one poll. */
const mostDatabases = 20;

/** Gets plans for the statements of a poll, within a budget, and remembers them. */
export class PlanCollector {
  readonly texts: PlanTexts;
  readonly #options: PlanCollectorOptions;
  readonly #memory: PlanMemory<PlanSource>;
  readonly #stored: StoredPlans;
  readonly #budget: PlanBudget;
  readonly #counter;
  /** How often in a row there was no connection for another session, and until when none is tried. */
  #crowded = 0;
  #crowdedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: PlanCollectorOptions) {
    this.#options = options;
    const { host, context, cacheSize: size, cacheTtlMs, intervalMs: retryMs } = options;
    this.texts = new PlanTexts(size);
    const ttlMs = () => cacheTtlMs * host.shared(feedback).savings.coldIntervalFactor;
    this.#stored = new StoredPlans({ clock: host.clock, context, withinMs: cacheTtlMs });
    const { intervalMs, mostShare: share = 0 } = options;
    this.#budget = new PlanBudget({ clock: host.clock, intervalMs, share });
    this.#memory = new PlanMemory({ clock: host.clock, size, ttlMs, retryMs });
    this.#counter = host.meter.createCounter("dbintel_postgresql_plans", {
      description: "Plans of statements by outcome: explained, remembered from before, or why there is none.",
      unit: "{plans}",
    });
  }

  /**
   * Says for each candidate what is known of its plan; the most important come first. A database that cannot be asked
   * is a problem of its own.
   */
  async collect(args: PlanArgs & { readonly candidates: readonly PlanCandidate[] }): Promise<StatementPlans> {
    const plans = new StatementPlans();
    const due: DueStatements = new Map();
    for (const candidate of args.candidates) {
      const occasion = this.#memory.occasion(statementName(candidate.key), candidate.meanMs);
      const known = this.#memory.get(statementName(candidate.key));
      if (occasion === undefined && known !== undefined) this.#repeat(plans, candidate, known);
      else if (!plans.has(candidate.key)) this.#prepare(plans, due, candidate, occasion ?? "new");
    }
    const refused = due.size === 0 ? undefined : await this.#takeStored(plans, due, args);
    const databases = [...due].map(([database, statements]) => ({
      database,
      statements: [...statements.values()]
        .filter(({ key }) => !plans.has(key))
        .toSorted((a, b) => planOccasions.indexOf(a.occasion) - planOccasions.indexOf(b.occasion)),
    }));
    for (const [index, each] of databases.filter(({ statements }) => statements.length > 0).entries()) {
      const rest = refused ?? (index < mostDatabases ? await this.#explainAll(plans, { ...args, ...each }) : "budget");
      for (const { key, reason } of each.statements) {
        if (!plans.has(key)) this.#tell(plans, key, { reason: reason ?? rest });
      }
    }
    args.problems.push(...this.#stored.problems);
    return plans;
  }

  /** Of what is known already. */
  #repeat(plans: StatementPlans, { key }: PlanCandidate, known: PlanOutcome): void {
    if (plans.has(key)) return;
    const { suppressRepeats } = this.#options.host.shared(feedback).savings;
    this.#counter.add(1, { outcome: known.reason ?? "remembered" });
    plans.set(key, suppressRepeats ? undefined : known);
  }

  /** Adds a statement to those of its database that are due, by their names. */
  #prepare(plans: StatementPlans, due: DueStatements, candidate: PlanCandidate, occasion: PlanOccasion): void {
    const { key, database } = candidate;
    const executed = this.#options.logged.get(database, String(key.queryId), this.#options.cacheTtlMs);
    if (executed !== undefined && executed !== this.#memory.get(statementName(key))) {
      // The plan that it had is worth more than one for any values, and costs nothing.
      this.#learn(plans, { ...candidate, occasion }, executed);
      return;
    }
    const query = this.texts.get(key);
    const reason = query === undefined ? "text_unknown" : whyNotExplainable(query);
    // Where an extension keeps plans, one may be there of a statement that cannot be explained.
    const askable = reason === undefined || (reason !== "not_explainable" && this.#mayBeStored(database));
    if (!askable) {
      this.#learn(plans, { ...candidate, occasion }, { reason });
      return;
    }
    // A statement counts once for each level that it was called at, and has one plan.
    const others = due.get(database) ?? new Map<string, Due>();
    const name = statementName(key);
    if (!others.has(name)) due.set(database, others.set(name, { ...candidate, occasion, query, reason }));
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
  async #takeStored(plans: StatementPlans, due: DueStatements, args: PlanArgs): Promise<NoPlanReason | undefined> {
    const { host, context } = this.#options;
    const { database } = context;
    if (this.#stored.keptIn(database) === false || !this.#budget.allows(database)) return undefined;
    const statements = [...due.values()].flatMap((each) => [...each.values()]);
    const startedMs = host.clock.monotonicMs();
    const refused = await this.#inSession({ ...args, database }, async (connection) => {
      await this.#learnStored(plans, { connection, statements, signal: args.signal });
    });
    this.#budget.spend(database, host.clock.monotonicMs() - startedMs);
    return refused;
  }

  async #learnStored(
    plans: StatementPlans,
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
      const plan = stored.get(statementName(statement.key));
      if (plan !== undefined) this.#learn(plans, statement, plan);
    }
  }

  /** Asks one database for as many plans as the budget allows; returns why those that are left have none. */
  async #explainAll(
    plans: StatementPlans,
    args: PlanArgs & { readonly database: string; readonly statements: readonly Due[] },
  ): Promise<NoPlanReason> {
    const { database, statements, versionNumber, signal } = args;
    const { host, limit, context } = this.#options;
    const refused = await this.#inSession({ ...args, sessionOptions: planSessionOptions }, async (connection) => {
      const session = new PlanSession({ connection, versionNumber });
      await session.start(signal);
      if (database !== context.database && this.#stored.keptIn(database) !== false) {
        await this.#learnStored(plans, { connection, statements, signal });
      }
      for (const statement of statements.filter(({ key }) => !plans.has(key)).slice(0, limit)) {
        if (!this.#budget.allows(database)) break;
        const startedMs = host.clock.monotonicMs();
        this.#learn(plans, statement, await this.#explain(plans, session, statement, signal));
        this.#budget.spend(database, host.clock.monotonicMs() - startedMs);
      }
    });
    return refused ?? "budget";
  }

  /** Does something in a session on a database; returns why that is not possible, where it is not. */
  async #inSession(
    args: PlanArgs & { readonly database: string; readonly sessionOptions?: readonly string[] },
    work: (connection: DatabaseConnection) => Promise<void>,
  ): Promise<NoPlanReason | undefined> {
    const { guard, problems, signal, database } = args;
    const { host, intervalMs, visits, context } = this.#options;
    const problemOf = (error: unknown) => databaseProblem(error, { ...context, database });
    const visit = async (): Promise<NoPlanReason | "done"> => {
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
    try {
      const told = (await guard.ask({ collectorClass: planClass, cold: true, work: visit })) ?? "held_back";
      return told === "done" ? undefined : told;
    } catch (error) {
      signal.throwIfAborted();
      problems.push(problemOf(error));
      return "held_back";
    }
  }

  async #explain(plans: StatementPlans, session: PlanSession, due: Due, signal: AbortSignal): Promise<PlanOutcome> {
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

  #learn(plans: StatementPlans, args: PlanCandidate & { readonly occasion: PlanOccasion }, outcome: PlanOutcome): void {
    const { key, database, role, meanMs } = args;
    this.#memory.remember({ ...args, statement: statementName(key), outcome });
    if (outcome.plan !== undefined) {
      const { queryId, userId } = key;
      const statement = { database, queryId: String(queryId), userId, role, query: this.texts.get(key), meanMs };
      this.#options.scans.learn({ ...statement, plan: outcome.plan });
    }
    this.#tell(plans, key, outcome);
  }

  #tell(plans: StatementPlans, key: StatementKey, outcome: PlanOutcome): void {
    this.#counter.add(1, { outcome: outcome.reason ?? "explained" });
    plans.set(key, outcome);
  }
}
