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
import type { Capabilities, KnownServer } from "../connection/capabilities.ts";
import { applicationName } from "../connection/connection.ts";
import { databaseProblem, othersHidden } from "../connection/problems.ts";
import { micros } from "../metrics/metric-definition.ts";
import { receiverScope } from "../resource.ts";
import type { WatchedServer } from "../watched-server.ts";

/** What is read of a text to tell it from others: `track_activity_query_size` of a server that nobody has tuned. */
const longestText = 1024;
/** Kinds of sessions that are looked at. */
const mostRows = 5000;

export interface SessionSamplerOptions
  extends Pick<WatchedServer, "host" | "resource" | "context" | "reportsDatabase"> {
  readonly server: KnownServer;
}

/** Asks pg_stat_activity who is active. The server counts, so that the answer is short however many sessions there are. */
export class PostgresqlSessionSampler implements SessionSampler {
  readonly #options: SessionSamplerOptions;
  readonly #waits = new WaitCatalogue();
  readonly #fingerprints = new SessionFingerprints();

  constructor(options: SessionSamplerOptions) {
    this.#options = options;
  }

  async sample(signal: AbortSignal): Promise<SessionAnswer> {
    const { host, server, resource, context, reportsDatabase } = this.#options;
    try {
      const capabilities = await server.capabilities(signal);
      const rows = await server.connection.query(activeSql(capabilities), [], signal);
      return {
        resource,
        scope: receiverScope(host.build, capabilities.version),
        problems: capabilities.readsAllActivity ? [] : [othersHidden(context)],
        read: () => sessionSample({ rows, activeOf: (row) => this.#activeOf(row), reports: reportsDatabase }),
      };
    } catch (error) {
      throw databaseProblem(error, context);
    }
  }

  #activeOf(row: Row): ActiveSessions {
    const eventType = text(row, "wait_event_type") ?? "";
    const event = text(row, "wait_event") ?? "";
    return {
      database: text(row, "database") ?? "",
      queryId: integer(row, "query_id")?.toString(),
      fingerprint: this.#fingerprints.of(text(row, "query"), "postgresql"),
      eventType,
      event,
      category: this.#waits.postgresql({ type: eventType, event }),
      sessions: number(row, "sessions") ?? 0,
    };
  }
}

/**
 * Processes that execute a statement, by what they do; a row of nobody when there are none. Workers of a parallel
 * statement count: each keeps a core or a disk busy. The text of a statement is read only where it has no id.
 */
function activeSql({ columns }: Capabilities): string {
  const queryId = columns.get("pg_stat_activity")?.has("query_id") ? "query_id" : "NULL::int8";
  return `
    SELECT a.datname AS database, a.query_id, a.query, a.wait_event_type, a.wait_event, count(a.pid) AS sessions,
           ${micros("statement_timestamp()")} AS clock,
           1000 * date_part('epoch', clock_timestamp() - statement_timestamp()) AS took
      FROM (VALUES (1)) one
      LEFT JOIN (
        SELECT pid, datname, wait_event_type, wait_event, ${queryId} AS query_id,
               CASE WHEN ${queryId} IS NULL
                 THEN CASE WHEN octet_length(query) <= ${longestText} THEN query ELSE left(query, ${longestText}) END
               END AS query
          FROM pg_stat_activity
         WHERE state IN ('active', 'fastpath function call')
           AND backend_type IN ('client backend', 'parallel worker') AND application_name <> '${applicationName}') a
        ON true
     GROUP BY 1, 2, 3, 4, 5
     LIMIT ${mostRows}`;
}
