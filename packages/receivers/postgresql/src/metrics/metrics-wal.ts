import { single } from "@dbintel/watching";
import { by, type MetricQuery, micros, ownCounter, ownGauge } from "./metric-definition.ts";

const walStart = "wal_start";
const archiverStart = "archiver_start";
const start = micros("coalesce(stats_reset, pg_postmaster_start_time())");

/** What the server writes ahead, keeps and archives. */
export const walQueries: readonly MetricQuery[] = [
  {
    name: "pg_stat_wal",
    oneRow: true,
    metrics: [
      ownCounter(["wal.written", "WAL written", "By"], [{ column: "wal_bytes" }], { start: walStart }),
      ownCounter(
        ["wal.records", "Records of WAL, and full pages among them", "{records}"],
        by("kind", { records: "wal_records", full_pages: "wal_fpi" }),
        { start: walStart },
      ),
      ownCounter(
        ["wal.buffers_full", "Times that WAL was written because its buffers were full", "{times}"],
        [{ column: "wal_buffers_full" }],
        { start: walStart },
      ),
    ],
    sql: ({ columns }) =>
      columns.get("pg_stat_wal")?.size === 0
        ? undefined
        : `SELECT ${start} AS ${walStart}, wal_records, wal_fpi, wal_buffers_full,
                  least(wal_bytes, 9223372036854775807)::int8 AS wal_bytes
             FROM pg_stat_wal`,
  },
  {
    name: "pg_ls_waldir",
    dear: true,
    metrics: [
      ownGauge(["wal.size", "Disk space of WAL files, with those kept to be used again", "By"], "size"),
      ownGauge(["wal.files", "WAL files", "{files}"], "files"),
    ],
    sql: ({ listsWal }) =>
      listsWal ? "SELECT sum(size)::int8 AS size, count(*) AS files FROM pg_ls_waldir()" : undefined,
  },
  {
    name: "pg_stat_archiver",
    oneRow: true,
    metrics: [
      single(
        {
          ...{ name: "postgresql.wal.age", description: "Time since the last WAL file was archived", unit: "s" },
          ...{ type: "gauge", number: "int", enabled: true },
        },
        "archived_age",
      ),
      ownCounter(
        ["archiver.files", "WAL files that were archived, and attempts that failed", "{files}"],
        by("outcome", { archived: "archived_count", failed: "failed_count" }),
        { start: archiverStart },
      ),
      ownGauge(
        ["archiver.failing.time", "Time since archiving last worked, while it fails; 0 while it works", "s"],
        "failing",
        "double",
      ),
    ],
    // Where nothing is archived there is nothing to count.
    sql: () => `
      SELECT ${start} AS ${archiverStart},
             date_part('epoch', clock_timestamp() - last_archived_time)::int8 AS archived_age,
             CASE WHEN a.mode <> 'off' THEN archived_count END AS archived_count,
             CASE WHEN a.mode <> 'off' THEN failed_count END AS failed_count,
             CASE WHEN a.mode = 'off' THEN NULL
                  WHEN last_failed_time > coalesce(last_archived_time, '-infinity')
                  THEN date_part('epoch', clock_timestamp() - coalesce(last_archived_time, stats_reset))
                  ELSE 0 END AS failing
        FROM pg_stat_archiver, (SELECT current_setting('archive_mode') AS mode) a`,
  },
  {
    name: "pg_stat_progress_basebackup",
    when: "EXISTS (SELECT FROM pg_stat_progress_basebackup)",
    labels: { phase: "phase" },
    metrics: [
      ownGauge(["basebackup.streamed", "What a running base backup has sent so far", "By"], "streamed"),
      ownGauge(
        ["basebackup.progress", "Share of its estimated size that a running base backup has sent", "1"],
        "progress",
        "double",
      ),
    ],
    sql: () => `
      SELECT phase, max(backup_streamed) AS streamed,
             max(backup_streamed::float8 / nullif(backup_total, 0)) AS progress
        FROM pg_stat_progress_basebackup GROUP BY phase`,
  },
];
