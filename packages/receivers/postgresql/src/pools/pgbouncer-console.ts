import type { LoginSource } from "@dbintel/instances";
import { printable, type Row, type Value } from "@dbintel/watching";
import pg from "pg";
import { applicationName } from "../connection/connection.ts";

export interface ConsoleAccess {
  /** A host name, or for a Unix socket the directory that it is in. */
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly login: LoginSource;
  /** How long an answer may take. */
  readonly timeoutMs: number;
}

/** What can be asked; none of it changes anything. */
type Question = "POOLS" | "STATS" | "DATABASES" | "LISTS";

/** The console is a database of this name that understands SHOW, and no settings of a session. */
const consoleDatabase = "pgbouncer";
const mostRows = 1000;

/** PgBouncer's console over one lasting connection, opened when it is needed and again after it was lost. */
export class PgbouncerConsole {
  readonly #access: ConsoleAccess;
  #client: pg.Client | undefined;

  constructor(access: ConsoleAccess) {
    this.#access = access;
  }

  /** Rejects with errors of `pg`. */
  async show(what: Question, signal: AbortSignal): Promise<readonly Row[]> {
    signal.throwIfAborted();
    const client = this.#client ?? (await this.#connect(signal));
    const abort = () => void this.close();
    signal.addEventListener("abort", abort, { once: true });
    try {
      const { rows } = await client.query<Record<string, Value>>(`SHOW ${what}`);
      return rows.slice(0, mostRows).map(readable);
    } catch (error) {
      // After an answer that is an error the console goes on; after anything else nobody knows.
      if (!(error instanceof pg.DatabaseError)) await this.close();
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  async #connect(signal: AbortSignal): Promise<pg.Client> {
    const { host, port, username, login, timeoutMs } = this.#access;
    await login.read(signal);
    const { password, tls } = login.current;
    const client = new pg.Client({
      ...{ host, port, user: username, password: password.reveal(), database: consoleDatabase, ssl: tls },
      ...{ application_name: applicationName, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs },
      types: { getTypeParser: () => (text: string) => text },
    });
    const forget = () => {
      if (this.#client === client) this.#client = undefined;
    };
    client.on("error", forget);
    client.on("end", forget);
    try {
      await client.connect();
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    this.#client = client;
    return client;
  }
}

/** The console's types differ from version to version: what looks like an integer is one. */
function readable(row: Row): Row {
  const columns = Object.entries(row).map(([name, value]) => [name, typeof value === "string" ? read(value) : value]);
  return Object.fromEntries(columns) as Row;
}

function read(text: string): Value {
  return /^-?\d{1,18}$/.test(text) ? BigInt(text) : printable(text.slice(0, 255));
}
