import { integer } from "@dbintel/watching";
import type { KnownServer } from "../connection/capabilities.ts";
import { micros } from "../metrics/metric-definition.ts";
import { type LockWait, lockWaitOf, lockWaitsSql } from "./lock-wait.ts";
import { type PreparedTransaction, preparedTransactionOf, preparedTransactionsSql } from "./long-lasting.ts";
import { activeSessionsSql, type Session, sessionOf, sessionsSql } from "./session.ts";

/** The sessions at one moment. */
export interface SessionReading {
  /** The server's clock. */
  readonly clockMicros: bigint;
  readonly sessions: readonly Session[];
}

/** Who waits for whom. */
export interface WaitReading {
  readonly waits: readonly LockWait[];
  /** Sessions that were not read yet: they block others and do nothing themselves. */
  readonly blockers: readonly Session[];
}

/** Sessions whose blockers are asked for at once; each question holds up the lock manager for a moment. */
const mostWaiting = 100;

const clockSql = `SELECT ${micros("statement_timestamp()")} AS clock`;

/** Reads sessions and what they wait for. */
export class ActivitySource {
  readonly #server: KnownServer;

  constructor(server: KnownServer) {
    this.#server = server;
  }

  /** Sessions that became idle before `sinceMicros` are left out, and all that are idle when it is `undefined`. */
  async sessions(args: {
    readonly sinceMicros: bigint | undefined;
    readonly limit: number;
    readonly signal: AbortSignal;
  }): Promise<SessionReading> {
    const { sinceMicros, limit, signal } = args;
    const capabilities = await this.#server.capabilities(signal);
    const since = sinceMicros === undefined ? Number.POSITIVE_INFINITY : Number(sinceMicros) / 1e6;
    const { connection } = this.#server;
    const rows = await connection.query(activeSessionsSql(capabilities), [since, limit], signal);
    // Where nobody is there is no row that tells the time.
    const [row = {}] = rows.length > 0 ? rows : await connection.query(clockSql, [], signal);
    return { clockMicros: integer(row, "clock") ?? 0n, sessions: rows.map(sessionOf) };
  }

  /** The oldest transactions that wait for the second half of a two-phase commit. */
  async prepared(signal: AbortSignal): Promise<readonly PreparedTransaction[]> {
    const { preparesTransactions } = await this.#server.capabilities(signal);
    if (!preparesTransactions) return [];
    const rows = await this.#server.connection.query(preparedTransactionsSql, [], signal);
    return rows.map(preparedTransactionOf);
  }

  /** What those sessions wait for that wait for a lock. */
  async waits(sessions: readonly Session[], signal: AbortSignal): Promise<WaitReading> {
    const { connection } = this.#server;
    const capabilities = await this.#server.capabilities(signal);
    const waiting = sessions.filter(waitsForLock).map(({ pid }) => pid);
    const rows = await connection.query(lockWaitsSql(capabilities), [waiting.slice(0, mostWaiting)], signal);
    const waits = rows.map(lockWaitOf).filter((wait) => wait !== undefined);
    const seen = new Set([0, ...sessions.map(({ pid }) => pid)]);
    const unseen = new Set(waits.flatMap(({ blockers }) => blockers.filter((pid) => !seen.has(pid))));
    if (unseen.size === 0) return { waits, blockers: [] };
    const blockers = await connection.query(sessionsSql(capabilities), [[...unseen]], signal);
    return { waits, blockers: blockers.map(sessionOf) };
  }
}

export function waitsForLock({ waitEventType }: Session): boolean {
  return waitEventType === "Lock";
}
