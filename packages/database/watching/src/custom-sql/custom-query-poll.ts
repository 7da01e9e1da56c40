import { DbintelError, isDbintelError } from "@dbintel/errors";
import { metricsBuilder, type ResourceInit, type ScopeInit } from "@dbintel/pdata";
import type { Clock } from "@dbintel/pipeline";
import type { PollResult } from "@dbintel/polling";
import { addMetric } from "../metric-points.ts";
import type { Row } from "../row.ts";
import type { WatchedDatabase } from "../watched-database.ts";
import { CostGate } from "./cost-gate.ts";
import { customRows, metricDefinitions } from "./custom-rows.ts";
import type { CustomQuery } from "./settings.ts";
import { inRange, parseVersionRange } from "./version-range.ts";

/** A session that a custom query runs in. Errors are those of the driver. */
export interface CustomSqlSession {
  /** The server gives up each statement from here on after this. */
  limit(timeoutMs: number): void;
  rows(sql: string, signal: AbortSignal): Promise<readonly Row[]>;
  /** What the server's optimizer thinks that a statement costs, in its own unit; `undefined` when it does not say. */
  cost(sql: string, signal: AbortSignal): Promise<number | undefined>;
}

/** What a server is, as custom queries and their metrics need it. */
export interface CustomSqlTarget {
  readonly product: string;
  readonly version: string;
  readonly resource: ResourceInit;
  readonly scope: ScopeInit;
  /** The server's clock. */
  readonly timeUnixNano: bigint;
}

/** What a dialect brings: the rest is the same for all. */
export interface CustomSqlDialect {
  describe(signal: AbortSignal): Promise<CustomSqlTarget>;
  /** Gives `work` a session in the database, or where connections go when it is `undefined`, and ends it. */
  visit<T>(
    database: string | undefined,
    signal: AbortSignal,
    work: (session: CustomSqlSession) => Promise<T>,
  ): Promise<T>;
  /** The attribute that tells the databases of one query apart. */
  readonly databaseLabel: string;
}

export interface CustomQueryPollOptions {
  readonly query: CustomQuery;
  readonly dialect: CustomSqlDialect;
  readonly watched: WatchedDatabase;
  readonly clock: Clock;
}

/** Runs one query of the configuration and makes metrics of its rows. What fails of it is a problem with its name. */
export class CustomQueryPoll {
  readonly #options: CustomQueryPollOptions;
  /** By database. */
  readonly #gates = new Map<string, CostGate>();

  constructor(options: CustomQueryPollOptions) {
    this.#options = options;
  }

  async poll({ signal }: { readonly signal: AbortSignal }): Promise<PollResult> {
    const { query, dialect } = this.#options;
    const target = await dialect.describe(signal);
    const sql = statementFor(query, target);
    // Another statement may be wanted after an upgrade.
    if (sql === undefined) return { batches: [], problems: [this.#problem(`has no statement for ${target.version}`)] };
    const metrics = metricsBuilder().resource(target.resource).scope(target.scope);
    const problems: DbintelError[] = [];
    const databases = query.databases.length === 0 ? [undefined] : query.databases;
    const rows: Row[] = [];
    for (const database of databases) {
      try {
        const answer = await dialect.visit(database, signal, (session) =>
          this.#run({ sql, session, database, signal }),
        );
        const found = customRows(query, answer);
        problems.push(...found.complaints.map((text) => this.#problem(text, database)));
        rows.push(...found.rows.map((row) => ({ ...row, [dialect.databaseLabel]: database ?? null })));
      } catch (error) {
        signal.throwIfAborted();
        problems.push(this.#explain(error, database));
      }
    }
    const [failure] = problems;
    // Failing as a whole has the breaker of this query alone, and the poller, ask more and more rarely.
    if (rows.length === 0 && failure !== undefined) throw failure;
    const labels = {
      ...query.labels,
      ...(query.databases.length === 0 ? {} : { [dialect.databaseLabel]: dialect.databaseLabel }),
    };
    for (const definition of metricDefinitions(query)) {
      addMetric({ metrics, definition, labels, rows, timeUnixNano: target.timeUnixNano });
    }
    return { batches: [metrics.build()], problems };
  }

  async #run(args: {
    readonly sql: string;
    readonly session: CustomSqlSession;
    readonly database: string | undefined;
    readonly signal: AbortSignal;
  }): Promise<readonly Row[]> {
    const { sql, session, database, signal } = args;
    const { query, clock } = this.#options;
    const statement = sql.trim().replace(/[;\s]+$/, "");
    session.limit(query.timeout);
    let gate = this.#gates.get(database ?? "");
    if (gate === undefined) {
      gate = new CostGate({ clock, limit: query.max_cost });
      this.#gates.set(database ?? "", gate);
    }
    const cost = await gate.ask(statement, () => session.cost(statement, signal));
    if (!gate.open) {
      const hint = "make it cheaper, by an index or fewer rows, or raise max_cost";
      throw this.#problem(`would cost ${cost} by the server's estimate, max_cost is ${query.max_cost}`, database, hint);
    }
    const startedMs = clock.monotonicMs();
    const rows = await session.rows(bounded(statement, query.max_rows), signal);
    gate.ran(clock.monotonicMs() - startedMs);
    return rows;
  }

  #problem(what: string, database?: string, hint = "see custom_queries in the configuration"): DbintelError {
    const where = database === undefined ? "" : ` in database ${database}`;
    const name = `custom query ${this.#options.query.name}`;
    return new DbintelError(`${name}${where} ${what}`, { code: "DBI_DATABASE_QUERY", hint, retryable: true });
  }

  #explain(error: unknown, database: string | undefined): DbintelError {
    const { watched } = this.#options;
    // A lost session is the server's, and the guard has to see it as it is.
    if (!isDbintelError(error) && !watched.answered(error)) throw error;
    if (isDbintelError(error) && error.code === "DBI_DATABASE_QUERY") return error;
    const { message, hint, code, cause } = watched.explain(error);
    // Reaching its own time-out says that the query is slow, and not that the server is overloaded.
    if (code === "DBI_TIMEOUT")
      return this.#problem(`failed: ${message}`, database, "make it faster, or raise timeout");
    return new DbintelError(this.#problem(`failed: ${message}`, database).message, {
      ...{ code, cause, retryable: true },
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** The statement for this server; `undefined` when no range fits. */
function statementFor({ sql, versions = {} }: CustomQuery, target: CustomSqlTarget): string | undefined {
  if (sql !== undefined) return sql;
  return Object.entries(versions).find(([text]) => {
    const range = parseVersionRange(text);
    return range !== undefined && inRange(range, target);
  })?.[1];
}

/** One row more than is taken, so that more can be told. What SHOW answers cannot be limited. */
function bounded(statement: string, mostRows: number): string {
  if (/^show\b/i.test(statement)) return statement;
  // The line break ends a comment that the statement may end with.
  return `SELECT q.* FROM (\n${statement}\n) AS q LIMIT ${mostRows + 1}`;
}
