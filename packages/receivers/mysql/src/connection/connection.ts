import { type GuardedSource, LastingSession, type Row, ServerSessions, type Value } from "@dbintel/watching";
import { type MysqlSession, mysqlSessions, type Product, type SessionLimits } from "./mysql-sessions.ts";
import type { Parameter } from "./session.ts";

export type { Product } from "./mysql-sessions.ts";

export interface ConnectionSettings extends SessionLimits {
  readonly statementTimeoutMs: number;
  /** What all sessions of a receiver have in common; a session of its own without it. */
  readonly sessions?: ServerSessions | undefined;
}

/** What is made of rows of text: each is `null`, then the columns in the order in which they were asked for. */
export interface TextCollector<T> {
  readonly add: (row: readonly (string | null)[]) => void;
  readonly end: () => T;
}

/**
 * One session, opened when it is needed and again after it was lost.
 *
 * The session is read-only and limited by the server itself, so that nothing which goes wrong here can hold a lock or
 * run for long there. One query at a time; an aborted one is killed on the server, and costs the session only when the
 * server does not answer. Errors are those of `mysql2`: `databaseProblem` explains them.
 */
export class DatabaseConnection implements GuardedSource {
  readonly #session: LastingSession<MysqlSession>;
  #product: Product = "mysql";

  constructor(settings: ConnectionSettings) {
    const { host, port, statementTimeoutMs, sessions = new ServerSessions({ endpoint: `${host}:${port}` }) } = settings;
    this.#session = new LastingSession({ dialect: mysqlSessions(settings), sessions, statementTimeoutMs });
  }

  /** Which session this is, counted from 1; `undefined` when there is none. What was found out is true for one session. */
  get session(): number | undefined {
    return this.#session.number;
  }

  /** The number of the server's thread that answers, as it was told at the start; `undefined` when there is no session. */
  get threadId(): number | undefined {
    return this.#session.id;
  }

  /** When the last query that this session answered had been sent, on the clock of its `ServerSessions`. */
  get confirmedMs(): number | undefined {
    return this.#session.confirmedMs;
  }

  /** What answered when the session was opened. */
  get product(): Product {
    return this.#product;
  }

  /** @see LastingSession.limit */
  limit(timeoutMs: number): void {
    this.#session.limit(timeoutMs);
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.query("SELECT NULL", [], signal);
  }

  query(sql: string, values: readonly Parameter[], signal: AbortSignal): Promise<readonly Row[]> {
    return this.#run(signal, ({ driver }) => driver.ask<Row>({ sql, values }));
  }

  /** Rows as arrays: `null`, then the columns in the order in which they were asked for. */
  rows(sql: string, signal: AbortSignal): Promise<readonly (readonly Value[])[]> {
    return this.#run(signal, ({ driver }) => driver.ask<readonly Value[]>({ sql, values: [], rowsAsArray: true }));
  }

  /**
   * Hands each row to a collector as it comes, for answers of many rows whose columns are all text; each attempt to ask
   * begins a collector of its own.
   */
  collect<T>(sql: string, begin: () => TextCollector<T>, signal: AbortSignal): Promise<T> {
    return this.#run(signal, async ({ driver }) => {
      const collector = begin();
      await driver.each(sql, collector.add);
      return collector.end();
    });
  }

  /** The columns of a table, in upper case, as far as this user may read it. */
  async columns(table: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const sql = `SELECT ${table}.* FROM ${table} LIMIT 0`;
    const names = await this.#run(signal, ({ driver }) => driver.columns(sql));
    return new Set(names.map((name) => name.toUpperCase()));
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  #run<T>(signal: AbortSignal, work: (session: MysqlSession) => Promise<T>): Promise<T> {
    return this.#session.run(signal, (session) => {
      this.#product = session.product;
      return work(session);
    });
  }
}
