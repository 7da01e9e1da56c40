import { single } from "@dbintel/watching";
import { applicationName } from "../connection/connection.ts";
import { databaseLabels, type MetricQuery } from "./metric-definition.ts";

/** What goes on at this moment. */
export const activityQueries: readonly MetricQuery[] = [
  {
    name: "pg_stat_activity",
    labels: { ...databaseLabels, state: "state", wait_event_type: "wait_event_type" },
    metrics: [
      single(
        {
          name: "dbintel.postgresql.sessions",
          description: "Client sessions by what they do and what they wait for, without the collector's own",
          unit: "{sessions}",
          type: "sum",
          number: "int",
          enabled: true,
        },
        "sessions",
      ),
    ],
    sql: () => `
      SELECT datname AS database, coalesce(state, 'unknown') AS state, wait_event_type, count(*) AS sessions
        FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND application_name <> '${applicationName}'
       GROUP BY 1, 2, 3`,
  },
  {
    name: "pg_locks",
    dear: true,
    labels: { ...databaseLabels, mode: "mode", lock_type: "lock_type" },
    metrics: [
      single(
        {
          name: "postgresql.database.locks",
          description: "Locks held or waited for",
          unit: "{lock}",
          type: "gauge",
          number: "int",
          enabled: false,
        },
        "locks",
      ),
    ],
    sql: () => `
      SELECT d.datname AS database, l.mode, l.locktype AS lock_type, count(*) AS locks
        FROM pg_locks l LEFT JOIN pg_database d ON d.oid = l.database
       WHERE l.pid <> pg_backend_pid()
       GROUP BY 1, 2, 3`,
  },
];
