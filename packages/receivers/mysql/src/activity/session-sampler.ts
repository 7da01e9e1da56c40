import { type ActiveSessions, WaitCatalogue } from "@dbintel/waits";
import {
  integer,
  number,
  type Row,
  type SessionAnswer,
  SessionFingerprints,
  type SessionSampler,
  sessionSample,
  text,
} from "@dbintel/watching";
import { type Capabilities, type KnownServer, namedValues } from "../connection/capabilities.ts";
import { platformTraits } from "../connection/platforms.ts";
import { databaseProblem, performanceSchemaOff } from "../connection/problems.ts";
import { instanceResource, receiverScope } from "../resource.ts";
import type { WatchedServer } from "../watched-server.ts";
import { noWork } from "./session.ts";

/** Kinds of sessions that are looked at. */
const mostRows = 5000;
/** Sessions that wait for a row. */
const mostWaiters = 1000;

export interface SessionSamplerOptions extends Pick<WatchedServer, "host" | "instance" | "context" | "reportsSchema"> {
  readonly server: KnownServer;
}

/** Asks the Performance Schema who is active. The server counts, so that the answer is short however many sessions there are. */
export class MysqlSessionSampler implements SessionSampler {
  readonly #options: SessionSamplerOptions;
  readonly #waits = new WaitCatalogue();
  readonly #fingerprints = new SessionFingerprints();

  constructor(options: SessionSamplerOptions) {
    this.#options = options;
  }

  async sample(signal: AbortSignal): Promise<SessionAnswer> {
    const { host, server, instance, context, reportsSchema } = this.#options;
    try {
      const capabilities = await server.capabilities(signal);
      if (!capabilities.performanceSchema) throw performanceSchemaOff(context.endpoint);
      const { users } = platformTraits(capabilities.platform);
      const sql = activeSql(await this.#rowWaiters(capabilities, signal), users);
      const rows = await server.connection.query(sql, users, signal);
      return {
        resource: instanceResource(instance, capabilities),
        scope: receiverScope(host.build, capabilities),
        problems: [],
        read: () =>
          sessionSample({
            rows,
            activeOf: (row) => this.#activeOf(row, capabilities),
            reports: (database) => reportsSchema(database === "" ? null : database),
          }),
      };
    } catch (error) {
      throw databaseProblem(error, context);
    }
  }

  /** Threads that wait for a row: no event tells that. Asked for only while the server counts some. */
  async #rowWaiters({ product }: Capabilities, signal: AbortSignal): Promise<readonly bigint[]> {
    // MariaDB tells who they are with PROCESS alone, and calls nothing that waits for a row otherwise.
    if (product !== "mysql") return [];
    const { connection } = this.#options.server;
    const name = "Innodb_row_lock_current_waits";
    const status = await connection.query(`SHOW GLOBAL STATUS WHERE Variable_name = '${name}'`, [], signal);
    if (BigInt(namedValues(status).get(name.toLowerCase()) ?? 0) === 0n) return [];
    const rows = await connection.query(
      `SELECT REQUESTING_THREAD_ID AS thread FROM performance_schema.data_lock_waits GROUP BY 2 LIMIT ${mostWaiters}`,
      [],
      signal,
    );
    return rows.map((row) => integer(row, "thread") ?? 0n);
  }

  #activeOf(row: Row, { product }: Capabilities): ActiveSessions {
    const state = text(row, "state");
    const wait = text(row, "wait");
    const waitsForRow = (number(row, "waits_for_row") ?? 0) > 0;
    const category = this.#waits.mysql({ command: text(row, "command"), state, event: wait, waitsForRow });
    const digest = text(row, "digest");
    return {
      database: text(row, "db") ?? "",
      queryId: digest,
      fingerprint: digest === undefined ? this.#fingerprints.of(text(row, "query"), product) : undefined,
      ...eventOf({ category, state, wait, waitsForRow }),
      category,
      sessions: number(row, "sessions") ?? 0,
    };
  }
}

/** What a wait is called: by its instrument, by the state of the session, or by what InnoDB locks. */
function eventOf(args: {
  readonly category: string;
  readonly state: string | undefined;
  readonly wait: string | undefined;
  readonly waitsForRow: boolean;
}): { readonly eventType: string; readonly event: string } {
  const { category, state, wait, waitsForRow } = args;
  if (category === "cpu") return { eventType: "", event: "" };
  if (waitsForRow) return { eventType: "wait/lock", event: "row" };
  if (wait !== undefined) return { eventType: wait.split("/", 2).join("/"), event: wait };
  return { eventType: "state", event: state ?? "" };
}

/**
 * Sessions that execute something, by what they do; a row of nobody when there are none. What a thread waits for is its
 * innermost wait that has not ended, where the consumer events_waits_current is on. Values are the users that are left out.
 */
function activeSql(rowWaiters: readonly bigint[], users: readonly string[]): string {
  const ofOthers =
    users.length === 0 ? "" : `AND COALESCE(t.PROCESSLIST_USER, '') NOT IN (${users.map(() => "?").join(", ")})`;
  const waitsForRow = rowWaiters.length === 0 ? "FALSE" : `t.THREAD_ID IN (${rowWaiters.join(", ")})`;
  return `
    SELECT a.db, a.digest, a.query, a.command, a.state, a.wait, a.waits_for_row, COUNT(a.thread) AS sessions,
           CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED) AS clock,
           TIMESTAMPDIFF(MICROSECOND, NOW(6), SYSDATE(6)) / 1e3 AS took
      FROM (SELECT 1 AS one) o
      LEFT JOIN (
        SELECT t.THREAD_ID AS thread, COALESCE(s.CURRENT_SCHEMA, t.PROCESSLIST_DB) AS db, s.DIGEST AS digest,
               CASE WHEN s.DIGEST IS NULL THEN COALESCE(s.SQL_TEXT, t.PROCESSLIST_INFO) END AS query,
               t.PROCESSLIST_COMMAND AS command, t.PROCESSLIST_STATE AS state,
               (SELECT w.EVENT_NAME FROM performance_schema.events_waits_current w
                 WHERE w.THREAD_ID = t.THREAD_ID AND w.END_EVENT_ID IS NULL ORDER BY w.EVENT_ID DESC LIMIT 1) AS wait,
               ${waitsForRow} AS waits_for_row
          FROM performance_schema.threads t
          LEFT JOIN performance_schema.events_statements_current s
            ON s.THREAD_ID = t.THREAD_ID AND s.NESTING_EVENT_LEVEL = 0 AND s.END_EVENT_ID IS NULL
         WHERE t.TYPE = 'FOREGROUND' AND t.PROCESSLIST_ID IS NOT NULL AND t.PROCESSLIST_ID <> CONNECTION_ID()
           AND t.PROCESSLIST_COMMAND NOT IN (${noWork}) ${ofOthers}
           AND (t.PROCESSLIST_INFO IS NULL OR t.PROCESSLIST_INFO NOT LIKE '%/* dbintel */%')) a ON TRUE
     GROUP BY 1, 2, 3, 4, 5, 6, 7
     LIMIT ${mostRows}`;
}
