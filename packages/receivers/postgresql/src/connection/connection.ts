import { type GuardedSource, LastingSession, type Row, ServerSessions, type Value } from "@dbintel/watching";
import type { QueryResult } from "pg";
import { RepeatedStatements } from "./repeated-statements.ts";
import type { RowHandler } from "./row-connection.ts";
import { marked, type PostgresSession, postgresSessions, type ServerAccess } from "./session.ts";

export { applicationName, marker } from "./session.ts";

/** A parameter; a buffer is sent in PostgreSQL's binary format. */
export type Parameter = string | number | Buffer | null | readonly (string | number)[];

export interface ConnectionSettings extends ServerAccess {
  /** What all sessions of a receiver have in common; a session of its own without it. */
  readonly sessions?: ServerSessions | undefined;
}

/** Statements as they are sent in one message. One may end in a comment, which its line does. */
export function scriptOf(statements: readonly string[]): string {
  return statements.map(marked).join("\n; ");
}

/**
 * One session on one database, opened when it is needed and again after it was lost.
 *
 * The session is read-only and limited by the server itself, so that nothing which goes wrong here can hold
 * a lock or run for long there. One query at a time; an aborted one is cancelled on the server, and costs the session
 * only when the server does not answer. Errors are those of `pg`: `databaseProblem` explains them.
 */
export class DatabaseConnection implements GuardedSource {
  readonly database: string;
  readonly #session: LastingSession<PostgresSession>;
  readonly #repeated = new RepeatedStatements();
  #tracked = true;

  constructor(settings: ConnectionSettings, database: string) {
    const { host, port, statementTimeoutMs, sessions = new ServerSessions({ endpoint: `${host}:${port}` }) } = settings;
    this.database = database;
    this.#session = new LastingSession({ dialect: postgresSessions(settings, database), sessions, statementTimeoutMs });
  }

  /** Whether there is a session; after one was lost the next query opens another. */
  get open(): boolean {
    return this.session !== undefined;
  }

  /** Which session this is, counted from 1; `undefined` when there is none. What was found out is true for one session. */
  get session(): number | undefined {
    return this.#session.number;
  }

  /** The number of the server's process that answers, as it was told at the start; `undefined` when there is no session. */
  get processId(): number | undefined {
    return this.#session.id;
  }

  /** When the last query that this session answered had been sent, on the clock of its `ServerSessions`. */
  get confirmedMs(): number | undefined {
    return this.#session.confirmedMs;
  }

  /** @see LastingSession.limit */
  limit(timeoutMs: number): void {
    this.#session.limit(timeoutMs);
  }

  /** False when this session's own statements stay out of pg_stat_statements. */
  get tracked(): boolean {
    return this.#tracked;
  }

  /** What is asked repeatedly is prepared, @see RepeatedStatements. */
  async query(text: string, values: readonly Parameter[], signal: AbortSignal): Promise<readonly Row[]> {
    const sql = marked(text);
    return this.#run(signal, async ({ client }) => {
      const ask = (name: string | undefined) =>
        client.query<Record<string, Value>>({
          ...{ text: sql, values: [...values] },
          ...(name === undefined ? {} : { name }),
        });
      const name = this.#repeated.nameOf(sql);
      try {
        return (await ask(name)).rows;
      } catch (error) {
        if (name === undefined || !this.#repeated.refused(sql, error)) throw error;
        return (await ask(undefined)).rows;
      }
    });
  }

  /** Asks several statements in one message, see {@link scriptOf}: the rows of each. The first error ends it. */
  async script(statements: readonly [string, string, ...string[]], signal: AbortSignal): Promise<readonly Row[][]> {
    return this.#run(signal, async ({ client }) => {
      // What `pg` answers to several statements its type declarations leave out.
      const results: unknown = await client.query(scriptOf(statements));
      return (results as readonly QueryResult<Record<string, Value>>[]).map(({ rows }) => rows);
    });
  }

  /** Asks the smallest question there is. */
  async ping(signal: AbortSignal): Promise<void> {
    await this.query("SELECT 1", [], signal);
  }

  /** The names of a query's columns, in order; runs nothing when the query says LIMIT 0. */
  async columns(text: string, signal: AbortSignal): Promise<readonly string[]> {
    return this.#run(signal, async ({ client }) => {
      const result = await client.query(marked(text));
      return result.fields.map((field) => field.name);
    });
  }

  /**
   * Hands each row of the answer to `onRow` as it is on the wire, in binary format. With a `name` the session keeps the
   * statement prepared; then `text` may be left out until it is forgotten or the session is another.
   */
  async readRows(
    text: string | undefined,
    values: readonly Parameter[],
    onRow: RowHandler,
    signal: AbortSignal,
    name?: string,
  ): Promise<void> {
    await this.#run(signal, async ({ client, wire }) => {
      wire.onRow = onRow;
      try {
        // `queryMode` and `binary` are options of pg that its type declarations leave out, as they do that a prepared
        // statement needs no text.
        const query = {
          ...(text === undefined ? {} : { text: marked(text) }),
          ...(name === undefined ? {} : { name }),
          ...{ values: [...values], queryMode: "extended", binary: true },
        };
        await client.query(query as typeof query & { readonly text: string });
        if (name !== undefined) wire.shortenPrepared(name);
      } finally {
        wire.onRow = undefined;
      }
    });
  }

  /** Has the session forget a prepared statement, if it has one of this name. */
  async forget(name: string, signal: AbortSignal): Promise<void> {
    await this.#run(signal, async ({ client, wire }) => {
      if (wire.forgetPrepared(name)) await client.query(marked(`DEALLOCATE ${name}`));
    });
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  #run<T>(signal: AbortSignal, work: (session: PostgresSession) => Promise<T>): Promise<T> {
    return this.#session.run(signal, (session) => {
      this.#tracked = session.tracked;
      return work(session);
    });
  }
}
