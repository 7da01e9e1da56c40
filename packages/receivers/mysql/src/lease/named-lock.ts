import { type LockAnswer, type LockDialect, type LockSession, number, text } from "@dbintel/watching";
import type { DatabaseConnection } from "../connection/connection.ts";

const own = "(CONNECTION_ID() = ? AND @dbintel_lease <=> ?)";

/**
 * A lock by GET_LOCK. It ends with its session, which the server ends when that is silent for longer than
 * `wait_timeout`.
 */
export class NamedLock implements LockDialect {
  readonly connection: DatabaseConnection;
  readonly #name: string;

  constructor(connection: DatabaseConnection, name: string) {
    this.connection = connection;
    this.#name = `dbintel/${name}`;
  }

  get id(): number | undefined {
    return this.connection.threadId;
  }

  async prepare(mark: string, lifetimeMs: number, signal: AbortSignal): Promise<string | undefined> {
    const [row = {}] = await this.connection.query("SELECT @dbintel_lease AS mark", [], signal);
    const seconds = lifetimeMs / 1000;
    await this.connection.query(`SET SESSION wait_timeout = ${seconds}, @dbintel_lease = ?`, [mark], signal);
    return text(row, "mark");
  }

  take(session: LockSession, signal: AbortSignal): Promise<LockAnswer> {
    return this.#ask(session, "GET_LOCK(?, 0)", signal);
  }

  holds(session: LockSession, signal: AbortSignal): Promise<LockAnswer> {
    return this.#ask(session, "IS_USED_LOCK(?) = CONNECTION_ID()", signal);
  }

  async #ask({ id = 0, mark }: LockSession, held: string, signal: AbortSignal): Promise<LockAnswer> {
    const sql = `SELECT ${own} AS own, IF(${own}, ${held}, 0) AS held`;
    const [row = {}] = await this.connection.query(sql, [id, mark, id, mark, this.#name], signal);
    return { own: number(row, "own") === 1, held: number(row, "held") === 1 };
  }
}
