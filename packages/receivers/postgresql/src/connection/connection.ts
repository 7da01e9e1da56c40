import type { ConnectionOptions } from "node:tls";
import type { Secret } from "@dbintel/config";
import { DbintelError } from "@dbintel/errors";
import type { Row, Value } from "@dbintel/watching";
import pg from "pg";
import { RowConnection, type RowHandler } from "./row-connection.ts";

/** A parameter; a buffer is sent in PostgreSQL's binary format. */
export type Parameter = string | number | Buffer | readonly (string | number)[];

export interface ConnectionSettings {
  /** A host name, or for a Unix socket the directory that it is in. */
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: Secret;
  readonly tls: ConnectionOptions | false;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** Settings of the session, `name=value`, beside its limits. Default {@link sessionOptions}. */
  readonly sessionOptions?: readonly string[];
  /** Called before each query: what it throws is the answer, and the server hears nothing. */
  readonly gate?: () => void;
}

/** In every statement of the collector, so that a DBA finds it and the collector leaves it out of its results. */
export const marker = "/* dbintel */";
export const applicationName = "dbintel";
const connectTimeoutMs = 10_000;
const keepAliveAfterMs = 30_000;

/** What suits our own queries. */
const sessionOptions: readonly string[] = [
  // Before sorting and hashing spill to disk; 4 MB is the usual default.
  "work_mem=64MB",
  // Compiling one of our statements would take longer than running it.
  "jit=off",
  // An array is hashed where the plan knows it; a plan for any array would search it from its start for each row.
  "plan_cache_mode=force_custom_plan",
  // Names in our queries mean the system's objects, whatever else the role or the database puts first.
  "search_path=pg_catalog",
];

/**
 * One session on one database, opened when it is needed and again after it was lost.
 *
 * The session is read-only and limited by the server itself, so that nothing which goes wrong here can hold
 * a lock or run for long there. One query at a time; an aborted one costs the session. Errors are those of `pg`:
 * `databaseProblem` explains them.
 */
export class DatabaseConnection {
  readonly database: string;
  readonly #settings: ConnectionSettings;
  #client: pg.Client | undefined;
  #wire: RowConnection | undefined;
  #tracked = true;
  #sessions = 0;
  #limitMs: number;
  /** The limit that the server knows of. */
  #setLimitMs: number;

  constructor(settings: ConnectionSettings, database: string) {
    this.#settings = settings;
    this.database = database;
    this.#limitMs = settings.statementTimeoutMs;
    this.#setLimitMs = settings.statementTimeoutMs;
  }

  /** Whether there is a session; after one was lost the next query opens another. */
  get open(): boolean {
    return this.#client !== undefined;
  }

  /** Which session this is, counted from 1; `undefined` when there is none. What was found out is true for one session. */
  get session(): number | undefined {
    return this.open ? this.#sessions : undefined;
  }

  /**
   * The server gives up each query from here on after `timeoutMs`, or after the configured time where that is shorter.
   * Costs a round trip with the next query, and only when it differs from what the server was told last.
   */
  limit(timeoutMs: number): void {
    this.#limitMs = Math.min(this.#settings.statementTimeoutMs, Math.ceil(timeoutMs));
  }

  /** False when this session's own statements stay out of pg_stat_statements. */
  get tracked(): boolean {
    return this.#tracked;
  }

  async query(text: string, values: readonly Parameter[], signal: AbortSignal): Promise<readonly Row[]> {
    return this.#run(signal, async (client) => {
      const result = await client.query<Record<string, Value>>({ text: marked(text), values: [...values] });
      return result.rows;
    });
  }

  /** Asks the smallest question there is. */
  async ping(signal: AbortSignal): Promise<void> {
    await this.query("SELECT 1", [], signal);
  }

  /** The names of a query's columns, in order; runs nothing when the query says LIMIT 0. */
  async columns(text: string, signal: AbortSignal): Promise<readonly string[]> {
    return this.#run(signal, async (client) => {
      const result = await client.query(marked(text));
      return result.fields.map((field) => field.name);
    });
  }

  /** Hands each row of the answer to `onRow` as it is on the wire, in binary format. */
  async readRows(text: string, values: readonly Parameter[], onRow: RowHandler, signal: AbortSignal): Promise<void> {
    await this.#run(signal, async (client, wire) => {
      wire.onRow = onRow;
      try {
        // `queryMode` and `binary` are options of pg that its type declarations leave out.
        const query = { text: marked(text), values: [...values], queryMode: "extended", binary: true };
        await client.query(query);
      } finally {
        wire.onRow = undefined;
      }
    });
  }

  async close(): Promise<void> {
    const client = this.#client;
    const stream = this.#wire?.stream;
    this.#client = undefined;
    // Says goodbye and waits for no answer: there may be nobody left to give one.
    stream?.once("finish", () => stream.destroy());
    await client?.end().catch(() => {});
  }

  async #run<T>(signal: AbortSignal, work: (client: pg.Client, wire: RowConnection) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    this.#settings.gate?.();
    const abort = () => this.#wire?.stream.destroy();
    signal.addEventListener("abort", abort, { once: true });
    try {
      const client = this.#client ?? (await this.#connect());
      const wire = this.#wire;
      if (wire === undefined) throw new DbintelError("a session without a connection", { code: "DBI_INTERNAL" });
      await this.#tellLimit(client);
      return await work(client, wire);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async #tellLimit(client: pg.Client): Promise<void> {
    const limitMs = this.#limitMs;
    if (limitMs === this.#setLimitMs) return;
    await client.query(marked("SELECT set_config('statement_timeout', $1, false)"), [String(limitMs)]);
    this.#setLimitMs = limitMs;
  }

  async #connect(): Promise<pg.Client> {
    const { host, port, username, password, tls, statementTimeoutMs, lockTimeoutMs } = this.#settings;
    const transport = { ssl: tls, keepAlive: true, keepAliveInitialDelayMillis: keepAliveAfterMs };
    const wire = new RowConnection(transport);
    const options = [
      "default_transaction_read_only=on",
      `statement_timeout=${statementTimeoutMs}`,
      `lock_timeout=${lockTimeoutMs}`,
      `idle_in_transaction_session_timeout=${statementTimeoutMs}`,
      ...(this.#settings.sessionOptions ?? sessionOptions),
      "datestyle=ISO",
      "timezone=UTC",
    ];
    const config = {
      ...transport,
      connection: wire,
      host,
      port,
      user: username,
      password: password.reveal(),
      database: this.database,
      application_name: applicationName,
      connectionTimeoutMillis: connectTimeoutMs,
      options: options.map((option) => `-c ${option}`).join(" "),
      types: { getTypeParser },
    };
    const client = new pg.Client(config);
    const forget = () => {
      if (this.#client === client) this.#client = undefined;
    };
    client.on("error", forget);
    client.on("end", forget);
    this.#wire = wire;
    try {
      await client.connect();
    } catch (error) {
      wire.stream.destroy();
      throw error;
    }
    this.#client = client;
    this.#sessions++;
    this.#setLimitMs = statementTimeoutMs;
    this.#tracked = !(await stopTracking(client));
    return client;
  }
}

/** Superusers may; others need GRANT SET ON PARAMETER pg_stat_statements.track (PostgreSQL 15 and later). */
async function stopTracking(client: pg.Client): Promise<boolean> {
  try {
    // Unlike a SET, which is recorded itself, this has taken effect when the statement would be recorded.
    await client.query(marked("SELECT pg_catalog.set_config('pg_stat_statements.track', 'none', false)"));
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError) return false;
    throw error;
  }
}

/** The marker goes behind the first word: PostgreSQL 18 cuts off what stands before it. */
function marked(text: string): string {
  return text.trim().replace(/^\w+/, (verb) => `${verb} ${marker}`);
}

/** Parsers for the text format by type oid; what is not named stays a string. */
function getTypeParser(oid: number): (text: string) => Value {
  switch (oid) {
    case 16: // bool
      return (text) => text === "t";
    case 20: // int8
      return BigInt;
    case 21: // int2
    case 23: // int4
    case 26: // oid
    case 700: // float4
    case 701: // float8
      return Number;
    default:
      return (text) => text;
  }
}
