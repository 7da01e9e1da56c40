import { type MetricDefinition, single } from "@dbintel/watching";
import { databaseLabels, type MetricQuery, micros } from "./metric-definition.ts";

function counter(name: string, description: string, unit: string, enabled: boolean, column: string): MetricDefinition {
  return single({ name, description, unit, type: "counter", number: "int", enabled, startColumn: "start" }, column);
}

function tuples(verb: string): MetricDefinition {
  const column = `tup_${verb}`;
  return counter(`postgresql.${column}`, `Rows ${verb} by queries`, `{${column}}`, false, column);
}

function conflict(type: string) {
  return { column: `confl_${type}`, attributes: { "postgresql.conflict.type": type } };
}

const start = micros("coalesce(s.stats_reset, pg_postmaster_start_time())");

/** Metrics for each database that is no template. */
export const databaseQueries: readonly MetricQuery[] = [
  {
    name: "pg_stat_database",
    labels: databaseLabels,
    metrics: [
      single(
        {
          name: "postgresql.backends",
          description: "Sessions",
          unit: "1",
          type: "sum",
          number: "int",
          enabled: true,
        },
        "numbackends",
      ),
      counter("postgresql.commits", "Transactions committed", "1", true, "xact_commit"),
      counter("postgresql.rollbacks", "Transactions rolled back", "1", true, "xact_rollback"),
      counter("postgresql.deadlocks", "Deadlocks", "{deadlock}", false, "deadlocks"),
      counter("postgresql.temp_files", "Temporary files created by queries", "{temp_file}", false, "temp_files"),
      counter("postgresql.temp.io", "Bytes written to temporary files by queries", "By", false, "temp_bytes"),
      counter("postgresql.blks_hit", "Blocks found in the buffer cache", "{blks_hit}", false, "blks_hit"),
      counter("postgresql.blks_read", "Blocks read from the operating system", "{blks_read}", false, "blks_read"),
      ...["deleted", "fetched", "inserted", "returned", "updated"].map(tuples),
    ],
    sql: () => `
      SELECT d.datname AS database, ${start} AS start, s.numbackends, s.xact_commit, s.xact_rollback, s.deadlocks,
             s.temp_files, s.temp_bytes, s.blks_hit, s.blks_read, s.tup_deleted, s.tup_fetched, s.tup_inserted,
             s.tup_returned, s.tup_updated
        FROM pg_database d JOIN pg_stat_database s ON s.datid = d.oid
       WHERE NOT d.datistemplate`,
  },
  {
    name: "pg_stat_database_conflicts",
    labels: databaseLabels,
    metrics: [
      {
        name: "postgresql.query.conflicts",
        description: "Queries cancelled on a standby because of conflicts with recovery",
        unit: "{query}",
        type: "counter",
        number: "int",
        enabled: false,
        startColumn: "start",
        values: ["tablespace", "lock", "snapshot", "bufferpin", "deadlock"].map(conflict),
      },
    ],
    sql: () => `
      SELECT d.datname AS database, ${start} AS start, c.confl_tablespace, c.confl_lock, c.confl_snapshot,
             c.confl_bufferpin, c.confl_deadlock
        FROM pg_database d
        JOIN pg_stat_database s ON s.datid = d.oid
        JOIN pg_stat_database_conflicts c ON c.datid = d.oid
       WHERE NOT d.datistemplate`,
  },
];

/** Sizes, asked rarely and one database at a time: see `database-sizes.ts`. */
export const sizeQuery = {
  name: "pg_database_size",
  dear: true,
  labels: databaseLabels,
  metrics: [
    single(
      { name: "postgresql.db_size", description: "Disk space", unit: "By", type: "sum", number: "int", enabled: true },
      "size",
    ),
  ],
  sql: () => "SELECT oid, datname AS database FROM pg_database WHERE NOT datistemplate ORDER BY oid",
} satisfies MetricQuery;
