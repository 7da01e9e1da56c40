import { createHash } from "node:crypto";
import { type LeaseLock, number, poolerBefore } from "@dbintel/watching";
import type { WatchedServer } from "../watched-server.ts";
import type { DatabaseConnection } from "./connection.ts";

/** The first key of all locks of the collector: "dbin" in ASCII. */
const lockClass = 0x6462696e;

/** Lets one of several collectors poll, where the configuration wants it. */
export function leasePart({ config, views, watch, context }: WatchedServer): void {
  const { enabled, interval = config.collection_interval, name } = config.high_availability;
  if (!enabled) return;
  const lock = new AdvisoryLock(views.connection, context.endpoint, name);
  watch.lead?.({ lock, source: views.connection, turn: views.turn, intervalMs: interval });
}

/**
 * An advisory lock of the database that is connected to. It ends with its session, which the server ends when that is
 * silent for too long: `idle_session_timeout` (PostgreSQL 14), and keep-alive probes for versions before it.
 */
export class AdvisoryLock implements LeaseLock {
  readonly #connection: DatabaseConnection;
  readonly #endpoint: string;
  readonly #key: number;
  /** The session that was told when to end. */
  #prepared: number | undefined;

  constructor(connection: DatabaseConnection, endpoint: string, name: string) {
    this.#connection = connection;
    this.#endpoint = endpoint;
    this.#key = createHash("sha256").update(name).digest().readInt32BE();
  }

  get session(): number | undefined {
    return this.#connection.session;
  }

  get confirmedMs(): number | undefined {
    return this.#connection.confirmedMs;
  }

  async take(lifetimeMs: number, signal: AbortSignal): Promise<boolean> {
    const connection = this.#connection;
    if (this.#prepared === undefined || this.#prepared !== connection.session) await this.#prepare(lifetimeMs, signal);
    const [row] = await connection.query(
      "SELECT pg_try_advisory_lock($1, $2)::int4 AS held, pg_backend_pid() AS pid",
      [lockClass, this.#key],
      signal,
    );
    this.#requireOwn(number(row ?? {}, "pid"));
    return number(row ?? {}, "held") === 1;
  }

  async holds(signal: AbortSignal): Promise<boolean> {
    const [row] = await this.#connection.query("SELECT pg_backend_pid() AS pid", [], signal);
    this.#requireOwn(number(row ?? {}, "pid"));
    return true;
  }

  async #prepare(lifetimeMs: number, signal: AbortSignal): Promise<void> {
    const seconds = Math.max(1, Math.floor(lifetimeMs / 3000));
    await this.#connection.query(
      `SELECT set_config(s.name, l.value, false) FROM pg_settings s
         JOIN (VALUES ('idle_session_timeout', $1), ('tcp_keepalives_idle', $2), ('tcp_keepalives_interval', $2),
                      ('tcp_keepalives_count', '2')) l(name, value) ON l.name = s.name`,
      [String(lifetimeMs), String(seconds)],
      signal,
    );
    this.#prepared = this.#connection.session;
  }

  #requireOwn(processId: number | undefined): void {
    if (processId !== this.#connection.processId) throw poolerBefore(this.#endpoint);
  }
}
