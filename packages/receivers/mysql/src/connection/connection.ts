import type { GuardedSource, Row, Value } from "@dbintel/watching";
import { type Parameter, type ServerAccess, Session } from "./session.ts";

export interface ConnectionSettings extends ServerAccess {
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** Called before each query: what it throws is the answer, and the server hears nothing. */
  readonly gate?: () => void;
}

/** The two servers, by their `db.system.name`. */
export type Product = "mysql" | "mariadb";

const connectTimeoutMs = 10_000;
/** What is left of a statement is looked after this long. */
const killTimeoutMs = 2000;

/**
 * One session, opened when it is needed and again after it was lost.
 *
 * The session is read-only and limited by the server itself, so that nothing which goes wrong here can hold a lock or
 * run for long there. One query at a time. An aborted one costs the session, and a second, short one tells the server
 * to give the statement up; there are never more than these. Errors are those of `mysql2`: `databaseProblem` explains
 * them.
 */
export class DatabaseConnection implements GuardedSource {
  readonly #settings: ConnectionSettings;
  #session: Session | undefined;
  #product: Product = "mysql";
  #sessions = 0;
  #limitMs: number;
  /** The limit that the server knows of. */
  #setLimitMs = 0;
  #killing: Promise<void> | undefined;

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
    this.#limitMs = settings.statementTimeoutMs;
  }

  /** Which session this is, counted from 1; `undefined` when there is none. What was found out is true for one session. */
  get session(): number | undefined {
    return this.#session === undefined ? undefined : this.#sessions;
  }

  /** What answered when the session was opened. */
  get product(): Product {
    return this.#product;
  }

  /**
   * The server gives up each query from here on after `timeoutMs`, or after the configured time where that is shorter.
   * Costs a round trip with the next query, and only when it differs from what the server was told last.
   */
  limit(timeoutMs: number): void {
    this.#limitMs = Math.min(this.#settings.statementTimeoutMs, Math.ceil(timeoutMs));
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.query("SELECT NULL", [], signal);
  }

  query(sql: string, values: readonly Parameter[], signal: AbortSignal): Promise<readonly Row[]> {
    return this.#run(signal, (session) => session.ask<Row>({ sql, values }));
  }

  /** Rows as arrays: `null`, then the columns in the order in which they were asked for. */
  rows(sql: string, signal: AbortSignal): Promise<readonly (readonly Value[])[]> {
    return this.#run(signal, (session) => session.ask<readonly Value[]>({ sql, values: [], rowsAsArray: true }));
  }

  /** The columns of a table, in upper case, as far as this user may read it. */
  async columns(table: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const sql = `SELECT ${table}.* FROM ${table} LIMIT 0`;
    const names = await this.#run(signal, (session) => session.columns(sql));
    return new Set(names.map((name) => name.toUpperCase()));
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await Promise.all([session?.end(), this.#killing]);
  }

  async #run<T>(signal: AbortSignal, work: (session: Session) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    this.#settings.gate?.();
    const aborted = Promise.withResolvers<never>();
    const abort = () => {
      this.#abandon();
      aborted.reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      // The driver never answers a query whose connection was destroyed.
      return await Promise.race([aborted.promise, this.#answer(work)]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async #answer<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = this.#session ?? (await this.#open());
    await this.#tellLimit(session);
    return await work(session);
  }

  /** Leaves a session whose statement may be running on, and has the server end it. */
  #abandon(): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    const { threadId } = session;
    session.destroy();
    if (threadId !== undefined) this.#killing = this.#kill(threadId);
  }

  async #kill(threadId: number): Promise<void> {
    const session = new Session(this.#settings, { connectTimeoutMs: killTimeoutMs });
    await session.ask({ sql: `KILL QUERY ${threadId}`, values: [], timeout: killTimeoutMs }).catch(() => {
      // The statement or the server has ended, or its own time-out will end the statement.
    });
    session.destroy();
  }

  async #tellLimit(session: Session): Promise<void> {
    const limitMs = this.#limitMs;
    if (limitMs === this.#setLimitMs) return;
    await session.ask({ sql: `SET SESSION ${this.#limitSql(limitMs)}`, values: [] });
    this.#setLimitMs = limitMs;
  }

  /** MySQL counts in milliseconds, MariaDB in seconds with fractions. */
  #limitSql(limitMs: number): string {
    return this.#product === "mysql" ? `max_execution_time = ${limitMs}` : `max_statement_time = ${limitMs / 1000}`;
  }

  async #open(): Promise<Session> {
    const onLost = () => {
      if (this.#session === session) this.#session = undefined;
    };
    const session: Session = new Session(this.#settings, { connectTimeoutMs, onLost });
    this.#session = session;
    this.#sessions++;
    try {
      const [row] = await session.ask<Row>({ sql: "SELECT VERSION() AS version", values: [] });
      const version = String(row?.version);
      this.#product = version.includes("MariaDB") ? "mariadb" : "mysql";
      const settings = [
        `${readOnlyVariable(this.#product, version)} = 1`,
        "time_zone = '+00:00'",
        `lock_wait_timeout = ${Math.max(1, Math.ceil(this.#settings.lockTimeoutMs / 1000))}`,
        this.#limitSql(this.#limitMs),
      ];
      await session.ask({ sql: `SET SESSION ${settings.join(", ")}`, values: [] });
      this.#setLimitMs = this.#limitMs;
    } catch (error) {
      onLost();
      session.destroy();
      throw error;
    }
    return session;
  }
}

/** MariaDB calls it so too since 11.1, and deprecates the older name. */
function readOnlyVariable(product: Product, version: string): string {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOld = product === "mariadb" && (major < 11 || (major === 11 && minor < 1));
  return isOld ? "tx_read_only" : "transaction_read_only";
}
