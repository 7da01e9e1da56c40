import { type LeaseLock, number, poolerBefore } from "@dbintel/watching";
import type { WatchedServer } from "../watched-server.ts";
import type { DatabaseConnection } from "./connection.ts";

/** Lets one of several collectors poll, where the configuration wants it. */
export function leasePart({ config, status, watch, context }: WatchedServer): void {
  const { enabled, interval = config.collection_interval, name } = config.high_availability;
  if (!enabled) return;
  const lock = new NamedLock(status.connection, context.endpoint, name);
  watch.lead?.({ lock, source: status.connection, turn: status.turn, intervalMs: interval });
}

/**
 * A lock by GET_LOCK. It ends with its session, which the server ends when that is silent for longer than
 * `wait_timeout`.
 */
export class NamedLock implements LeaseLock {
  readonly #connection: DatabaseConnection;
  readonly #endpoint: string;
  readonly #name: string;
  /** The session that was told when to end. */
  #prepared: number | undefined;

  constructor(connection: DatabaseConnection, endpoint: string, name: string) {
    this.#connection = connection;
    this.#endpoint = endpoint;
    this.#name = `dbintel/${name}`;
  }

  get session(): number | undefined {
    return this.#connection.session;
  }

  get confirmedMs(): number | undefined {
    return this.#connection.confirmedMs;
  }

  async take(lifetimeMs: number, signal: AbortSignal): Promise<boolean> {
    const connection = this.#connection;
    if (this.#prepared === undefined || this.#prepared !== connection.session) {
      await connection.query(`SET SESSION wait_timeout = ${lifetimeMs / 1000}`, [], signal);
      this.#prepared = connection.session;
    }
    return this.#ask("GET_LOCK(?, 0)", signal);
  }

  async holds(signal: AbortSignal): Promise<boolean> {
    return this.#ask("IS_USED_LOCK(?) = CONNECTION_ID()", signal);
  }

  async #ask(question: string, signal: AbortSignal): Promise<boolean> {
    const sql = `SELECT ${question} AS held, CONNECTION_ID() AS id`;
    const [row = {}] = await this.#connection.query(sql, [this.#name], signal);
    if (number(row, "id") !== this.#connection.threadId) throw poolerBefore(this.#endpoint);
    return number(row, "held") === 1;
  }
}
