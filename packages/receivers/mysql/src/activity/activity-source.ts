import { type DbintelError, isDbintelError } from "@dbintel/errors";
import { integer, type Row, type StatementGuard, text } from "@dbintel/watching";
import type { KnownServer } from "../connection/capabilities.ts";
import type { Parameter } from "../connection/session.ts";
import {
  type FinishedStatement,
  finishedStatements,
  finishedStatementsSql,
  type HistoryMark,
} from "./finished-statements.ts";
import { type LockEdge, type LockWait, lockWaits } from "./lock-wait.ts";
import { metadataLockOf, metadataLockSql } from "./metadata-lock.ts";
import { lockInfoEdges, lockInfoInstalledSql, lockInfoSql, wantedLocks } from "./metadata-lock-info.ts";
import { rowLockOf, rowLockSql } from "./row-lock.ts";
import type { ServerMoment } from "./server-moment.ts";
import { activeSessionsSql, isOwn, type Session, sessionOf, sessionsSql, waitingSessionsSql } from "./session.ts";
import { type WaitEvent, waitOf, waitsSql } from "./thread-waits.ts";
import { type Transaction, transactionsOf, transactionsSql } from "./transactions.ts";

/** The classes of statements, as the breaker knows them. */
const rowLockClass = "row_locks";
const metadataLockClass = "metadata_locks";
const transactionClass = "transactions";

/** Open transactions that are looked at. */
const mostTransactions = 1000;

/** What goes along with each question of one poll. */
export interface AskArgs {
  readonly guard: StatementGuard;
  readonly problems: DbintelError[];
  readonly signal: AbortSignal;
}

/** Reads what sessions do, and what they wait for. */
export class ActivitySource {
  readonly #server: KnownServer;
  readonly #limit: number;
  #columns: { readonly session: number | undefined; readonly names: ReadonlySet<string> } | undefined;

  constructor(options: { readonly server: KnownServer; readonly limit: number }) {
    this.#server = options.server;
    this.#limit = options.limit;
  }

  /** Sessions that do something, but for the collector's own. */
  async active(signal: AbortSignal): Promise<readonly Session[]> {
    return await this.#active(activeSessionsSql, signal);
  }

  /** Those that wait for a lock on a definition, or one of an application's own. */
  async waiting(signal: AbortSignal): Promise<readonly Session[]> {
    return (await this.#active(waitingSessionsSql, signal)).filter(waitsForMetadata);
  }

  async #active(select: typeof activeSessionsSql, signal: AbortSignal): Promise<readonly Session[]> {
    const columns = await this.#statementColumns(signal);
    const rows = await this.#server.connection.query(select(columns, this.#limit), [], signal);
    return rows.map(sessionOf).filter(({ info, statement }) => !isOwn(info) && !isOwn(statement?.sql));
  }

  /** Sessions by their number in the process list, whatever they do. */
  async sessions(ids: ReadonlySet<number>, signal: AbortSignal): Promise<readonly Session[]> {
    if (ids.size === 0) return [];
    const columns = await this.#statementColumns(signal);
    const keys = [...ids].map((id) => BigInt(id));
    const rows = await this.#server.connection.query(sessionsSql(columns, keys), [], signal);
    return rows.map(sessionOf);
  }

  /** What has ended since the mark. */
  async finished(
    args: { readonly mark: HistoryMark; readonly timer: bigint },
    signal: AbortSignal,
  ): Promise<{ readonly finished: readonly FinishedStatement[]; readonly mark: HistoryMark }> {
    const columns = await this.#statementColumns(signal);
    const sql = finishedStatementsSql(columns, { ...args, limit: this.#limit });
    return finishedStatements(await this.#server.connection.query(sql, [], signal), args);
  }

  /** The waits of some threads, by thread; none where the server does not note them. */
  async waits(
    threads: readonly bigint[],
    { consumers }: ServerMoment,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<bigint, readonly WaitEvent[]>> {
    const tables = (["events_waits_current", "events_waits_history"] as const).filter((name) => consumers.has(name));
    if (threads.length === 0 || tables.length === 0) return new Map();
    const rows = await this.#server.connection.query(waitsSql(threads, tables), [], signal);
    return Map.groupBy(rows.map(waitOf), ({ threadId }) => threadId);
  }

  /** Open transactions by session, as InnoDB tells them. */
  async transactions(args: AskArgs): Promise<ReadonlyMap<number, Transaction>> {
    return transactionsOf(await this.#ask(transactionClass, transactionsSql(mostTransactions), args));
  }

  /** Who waits for whom: each is asked for only while somebody seems to wait for it. */
  async lockWaits(sessions: readonly Session[], moment: ServerMoment, args: AskArgs): Promise<readonly LockWait[]> {
    const edges: LockEdge[] = [];
    if (moment.rowLockWaits > 0n) {
      const { product } = await this.#server.capabilities(args.signal);
      const rows = await this.#ask(rowLockClass, rowLockSql(product), args);
      edges.push(...rows.map(rowLockOf));
    }
    const waiting = sessions.filter(waitsForMetadata);
    if (waiting.length > 0) {
      const rows = await this.#ask(metadataLockClass, metadataLockSql, args);
      edges.push(...rows.map(metadataLockOf).filter((edge) => edge !== undefined));
      if (rows.length === 0) edges.push(...(await this.#lockInfo(waiting, args)));
    }
    return lockWaits(edges.filter(({ session, blocker }) => session !== blocker));
  }

  /** Where the instrument of these locks is off, MariaDB has them in a plugin if somebody has installed it. */
  async #lockInfo(waiting: readonly Session[], args: AskArgs): Promise<readonly LockEdge[]> {
    const { product } = await this.#server.capabilities(args.signal);
    const wanted = wantedLocks(waiting);
    if (product !== "mariadb" || wanted.length === 0) return [];
    const installed = await this.#ask(metadataLockClass, lockInfoInstalledSql, args);
    if (installed.length === 0) return [];
    const names = [...new Set(wanted.map(({ table }) => table))];
    return lockInfoEdges(wanted, await this.#ask(metadataLockClass, lockInfoSql, args, [names]));
  }

  /** The variable `@traceparent` of some threads. */
  async traceparents(threads: readonly bigint[], signal: AbortSignal): Promise<ReadonlyMap<bigint, string>> {
    if (threads.length === 0) return new Map();
    const rows = await this.#server.connection.query(
      `SELECT THREAD_ID AS thread, CONVERT(LEFT(VARIABLE_VALUE, 64) USING utf8mb4) AS traceparent
         FROM performance_schema.user_variables_by_thread
        WHERE VARIABLE_NAME = 'traceparent' AND THREAD_ID IN (${threads.join(", ")})`,
      [],
      signal,
    );
    return new Map(rows.map((row) => [integer(row, "thread") ?? 0n, text(row, "traceparent") ?? ""]));
  }

  /** Without it the sessions are still worth having. */
  async #ask(
    collectorClass: string,
    sql: string,
    { guard, problems, signal }: AskArgs,
    values: readonly Parameter[] = [],
  ): Promise<readonly Row[]> {
    try {
      const work = () => this.#server.connection.query(sql, values, signal);
      return (await guard.ask({ collectorClass, cold: true, work })) ?? [];
    } catch (error) {
      signal.throwIfAborted();
      if (!isDbintelError(error)) throw error;
      problems.push(error);
      return [];
    }
  }

  async #statementColumns(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { connection } = this.#server;
    if (this.#columns === undefined || this.#columns.session !== connection.session) {
      const names = await connection.columns("performance_schema.events_statements_current", signal);
      this.#columns = { session: connection.session, names };
    }
    return this.#columns.names;
  }
}

/** By what the process list says of it: an application's own lock is one as well. */
function waitsForMetadata({ state }: Session): boolean {
  return state !== undefined && (/^waiting for .*lock$/i.test(state) || /^user lock$/i.test(state));
}
