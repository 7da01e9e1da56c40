import { DbintelError, isDbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { classifyError, type ErrorClass } from "@dbintel/guard";
import { type LogsBuilder, logsBuilder, type MetricsBuilder, metricsBuilder, type ResourceInit } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import type { PollResult } from "@dbintel/polling";
import { type StatementGuard, text } from "@dbintel/watching";
import pg from "pg";
import type { Capabilities, KnownServer } from "../connection/capabilities.ts";
import { databaseProblem, identifier, type ProblemContext } from "../connection/problems.ts";
import type { Visits } from "../connection/visits.ts";
import { receiverScope } from "../resource.ts";
import type { Errand, Visit } from "./errand.ts";
import { serverClock } from "./server-clock.ts";
import { addVisitMetrics } from "./visit-metrics.ts";
import { type DueVisit, VisitSchedule } from "./visit-schedule.ts";

export interface VisitPollOptions {
  readonly host: Host;
  readonly server: KnownServer;
  readonly visits: Visits;
  readonly errands: readonly Errand[];
  readonly resource: ResourceInit;
  readonly context: ProblemContext;
  readonly reportsDatabase: (name: string) => boolean;
  /** From the start of one round to that of the next, in milliseconds. */
  readonly intervalMs: number;
}

/** What a database answers that is closed to us, or was dropped meanwhile. */
const closed: ReadonlySet<ErrorClass> = new Set(["login", "configuration"]);

/** What one round shares. */
interface Round {
  readonly capabilities: Capabilities;
  readonly guard: StatementGuard;
  readonly signal: AbortSignal;
  readonly metrics: MetricsBuilder;
  readonly logs: LogsBuilder;
  readonly problems: DbintelError[];
  readonly taken: (() => void)[];
}

/** Of the time from one round to the next. One database is visited in any case. */
const roundShare = 0.1;
/** A visit costs the server a process: so many in a round at most. */
const mostVisits = 100;
const mostDatabases = 10_000;
/** Problems of single databases that a round tells apart. */
const mostProblems = 10;

/**
 * Visits the databases of a server, one after the other, for everything that is due in each. A round is bounded in time
 * and number; what does not fit waits for the next and comes first in it.
 */
export class VisitPoll {
  readonly #options: VisitPollOptions;
  readonly #schedule: VisitSchedule;
  /** What did not work, until it is tried again: by database and errand. */
  readonly #met = new Map<string, DbintelError>();

  constructor(options: VisitPollOptions) {
    this.#options = options;
    this.#schedule = new VisitSchedule(options.errands);
  }

  /** Has the errands forget what they compare with. */
  forget(): void {
    for (const errand of this.#options.errands) errand.forget?.();
  }

  async poll(args: { readonly signal: AbortSignal; readonly guard: StatementGuard }): Promise<PollResult> {
    const { host, server, context, resource, intervalMs } = this.#options;
    const { clock } = host;
    const { essentialsOnly } = host.shared(feedback).savings;
    try {
      const { capabilities, databases, closed } = await server.turn.take(args.signal, () => this.#look(args.signal));
      const startedMs = clock.monotonicMs();
      this.#forgetAllBut(databases);
      this.#schedule.update(databases, startedMs);
      const scope = receiverScope(host.build, capabilities.version);
      const round: Round = {
        ...args,
        capabilities,
        metrics: metricsBuilder().resource(resource).scope(scope),
        logs: logsBuilder().resource(resource).scope(scope),
        problems: [],
        taken: [],
      };
      const due = essentialsOnly ? [] : this.#withWork(this.#schedule.due(startedMs));
      for (const [count, visit] of due.entries()) {
        if (count >= mostVisits || (count > 0 && clock.monotonicMs() - startedMs > roundShare * intervalMs)) break;
        try {
          await this.#visit(visit, round);
        } catch (error) {
          // What the visits before it have found is handed on; the next round meets the error, if it lasts.
          if (count === 0 || args.signal.aborted) throw error;
          round.problems.push(databaseProblem(error, { ...context, database: visit.database }));
          break;
        }
      }
      addVisitMetrics(round.metrics, this.#schedule.lags(clock.monotonicMs()), clock.unixNano());
      return {
        batches: [round.metrics.build(), round.logs.build()],
        problems: [...round.problems, ...this.#known(), ...notAllowed(closed, context)],
        commit: () => {
          for (const action of round.taken) action();
        },
      };
    } catch (error) {
      throw databaseProblem(error, context);
    }
  }

  /** The visits with something to do; an errand that has nothing is done. */
  #withWork(due: readonly DueVisit[]): readonly DueVisit[] {
    const nowMs = this.#options.host.clock.monotonicMs();
    return due.flatMap(({ database, errands }) => {
      const [idle, wanted] = [true, false].map((skips) =>
        errands.filter((errand) => (errand.skips?.(database) ?? false) === skips),
      );
      for (const errand of idle ?? []) this.#schedule.done({ database, errand, nowMs, tookMs: 0, factor: 1 });
      return wanted === undefined || wanted.length === 0 ? [] : [{ database, errands: wanted }];
    });
  }

  /** The databases that are to be visited, and those that the user may not enter. */
  async #look(signal: AbortSignal) {
    const { server, reportsDatabase } = this.#options;
    const capabilities = await server.capabilities(signal);
    const rows = await server.connection.query(
      `SELECT datname AS database, has_database_privilege(oid, 'CONNECT') AS open
         FROM pg_database WHERE NOT datistemplate AND datallowconn ORDER BY datname LIMIT ${mostDatabases}`,
      [],
      signal,
    );
    const reported = rows.filter((row) => reportsDatabase(text(row, "database") ?? ""));
    const names = (open: boolean) =>
      reported.filter((row) => (row.open === true) === open).map((row) => text(row, "database") ?? "");
    return { capabilities, databases: names(true), closed: names(false) };
  }

  /** One session for everything that is due in a database, and one more for each errand that wants its own. */
  async #visit({ database, errands }: DueVisit, round: Round): Promise<void> {
    const shared = errands.filter(({ sessionOptions }) => sessionOptions === undefined);
    if (shared.length > 0) await this.#session({ database, errands: shared }, round);
    for (const errand of errands) {
      if (errand.sessionOptions !== undefined) await this.#session({ database, errands: [errand] }, round);
    }
  }

  /** Rejects when the round cannot go on. */
  async #session({ database, errands }: DueVisit, round: Round): Promise<void> {
    const { visits, context } = this.#options;
    const sessionOptions = errands[0]?.sessionOptions;
    const args = { database, signal: round.signal, ...(sessionOptions === undefined ? {} : { sessionOptions }) };
    try {
      await visits.visit(args, async (connection) => {
        const timeUnixNano = await serverClock(connection, round.signal);
        const onTaken = (action: () => void) => void round.taken.push(action);
        for (const errand of errands) {
          await this.#run(errand, { ...round, database, connection, timeUnixNano, onTaken }, round.guard);
        }
      });
    } catch (error) {
      round.signal.throwIfAborted();
      if (!(error instanceof pg.DatabaseError) || !closed.has(classifyError(error))) {
        // The round is over, and its problem with the next that succeeds. Other databases come first in it.
        const nowMs = this.#options.host.clock.monotonicMs();
        for (const errand of errands) this.#schedule.putOff({ database, errand, nowMs });
        throw error;
      }
      // Closed to us, or dropped meanwhile: that is no reason to end the round.
      for (const errand of errands) this.#fail(errand, database, databaseProblem(error, { ...context, database }));
    }
  }

  /** One errand of a visit. Rejects when the round cannot go on. */
  async #run(errand: Errand, visit: Visit, guard: StatementGuard): Promise<void> {
    const { host } = this.#options;
    const { clock } = host;
    const { database, signal } = visit;
    const startedMs = clock.monotonicMs();
    const work = () => errand.run(visit);
    try {
      // While the class is held back the errand waits, as if it were done.
      await guard.ask({ collectorClass: errand.name, cold: true, work });
      const nowMs = clock.monotonicMs();
      const { coldIntervalFactor: factor } = host.shared(feedback).savings;
      this.#schedule.done({ database, errand, nowMs, tookMs: nowMs - startedMs, factor });
      this.#met.delete(placeOf(database, errand));
    } catch (error) {
      signal.throwIfAborted();
      if (!isDbintelError(error) || !visit.connection.open) throw error;
      this.#fail(errand, database, error);
    }
  }

  #fail(errand: Errand, database: string, { message, code, hint, retryable }: DbintelError): void {
    this.#schedule.failed({ database, errand, nowMs: this.#options.host.clock.monotonicMs() });
    const problem = new DbintelError(`${errand.name} of database ${identifier(database)}: ${message}`, {
      ...{ code, retryable },
      ...(hint === undefined ? {} : { hint }),
    });
    this.#met.set(placeOf(database, errand), problem);
  }

  #known(): readonly DbintelError[] {
    return [...this.#met.values()].slice(0, mostProblems);
  }

  #forgetAllBut(databases: readonly string[]): void {
    const present = new Set(
      databases.flatMap((database) => this.#options.errands.map((errand) => placeOf(database, errand))),
    );
    for (const place of this.#met.keys()) if (!present.has(place)) this.#met.delete(place);
  }
}

function placeOf(database: string, errand: Errand): string {
  return `${errand.name} ${database}`;
}

function notAllowed(databases: readonly string[], { endpoint, username }: ProblemContext): readonly DbintelError[] {
  const [first] = databases;
  if (first === undefined) return [];
  const others = databases.length === 1 ? "" : ` and ${databases.length - 1} more`;
  const user = identifier(username);
  return [
    new DbintelError(`user ${user} may not connect to database ${identifier(first)}${others} on ${endpoint}`, {
      code: "DBI_DATABASE_PERMISSION",
      hint: `GRANT CONNECT ON DATABASE ${identifier(first)} TO ${user}; or name it in exclude_databases`,
      retryable: false,
    }),
  ];
}
