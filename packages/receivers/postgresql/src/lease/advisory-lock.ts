import { createHash } from "node:crypto";
import { type LockAnswer, type LockDialect, type LockSession, number, text } from "@dbintel/watching";
import type { DatabaseConnection } from "../connection/connection.ts";

/** The first key of all locks of the collector: "dbin" in ASCII. */
const lockClass = 0x6462696e;
/** The setting of a session that marks it. */
const markSetting = "dbintel.lease";
const own = `pg_backend_pid() = $1 AND current_setting('${markSetting}', true) = $2`;

/**
 * An advisory lock of the database that is connected to. It ends with its session, which the server ends when that is
 * silent for too long: `idle_session_timeout` (PostgreSQL 14), and keep-alive probes for versions before it.
 */
export class AdvisoryLock implements LockDialect {
  readonly connection: DatabaseConnection;
  readonly #key: number;

  constructor(connection: DatabaseConnection, name: string) {
    this.connection = connection;
    this.#key = createHash("sha256").update(name).digest().readInt32BE();
  }

  get id(): number | undefined {
    return this.connection.processId;
  }

  async prepare(mark: string, lifetimeMs: number, signal: AbortSignal): Promise<string | undefined> {
    const [row = {}] = await this.connection.query(
      `SELECT current_setting('${markSetting}', true) AS mark`,
      [],
      signal,
    );
    const seconds = Math.max(1, Math.floor(lifetimeMs / 3000));
    await this.connection.query(
      `SELECT set_config('${markSetting}', $3, false), set_config(s.name, l.value, false) FROM pg_settings s
         JOIN (VALUES ('idle_session_timeout', $1), ('tcp_keepalives_idle', $2), ('tcp_keepalives_interval', $2),
                      ('tcp_keepalives_count', '2')) l(name, value) ON l.name = s.name`,
      [String(lifetimeMs), String(seconds), mark],
      signal,
    );
    return text(row, "mark");
  }

  take(session: LockSession, signal: AbortSignal): Promise<LockAnswer> {
    return this.#ask(session, "CASE WHEN own THEN pg_try_advisory_lock($3, $4) END", [lockClass, this.#key], signal);
  }

  holds(session: LockSession, signal: AbortSignal): Promise<LockAnswer> {
    return this.#ask(session, "own", [], signal);
  }

  async #ask(
    { id = 0, mark }: LockSession,
    held: string,
    keys: readonly number[],
    signal: AbortSignal,
  ): Promise<LockAnswer> {
    const [row = {}] = await this.connection.query(
      `SELECT own::int4, (${held})::int4 AS held FROM (SELECT coalesce(${own}, false) AS own) s`,
      [id, mark, ...keys],
      signal,
    );
    return { own: number(row, "own") === 1, held: number(row, "held") === 1 };
  }
}
