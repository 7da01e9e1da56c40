import type { Capabilities } from "../connection/capabilities.ts";
import { by, type MetricQuery, micros, ownCounter } from "./metric-definition.ts";

const start = micros("coalesce(stats_reset, pg_postmaster_start_time())");

const operations = {
  read: "reads",
  write: "writes",
  writeback: "writebacks",
  extend: "extends",
  hit: "hits",
  evict: "evictions",
  reuse: "reuses",
  fsync: "fsyncs",
} as const;

/** PostgreSQL 18 counts bytes; before it each operation has those of `op_bytes`. */
function bytes({ columns }: Capabilities, counter: string): string {
  const known = columns.get("pg_stat_io")?.has(`${counter}_bytes`) ?? false;
  return known ? `least(${counter}_bytes, 9223372036854775807)::int8` : `${counter}s * op_bytes`;
}

/** What is read and written, and by whom. What never happened is left out: most combinations never do. */
export const ioQueries: readonly MetricQuery[] = [
  {
    name: "pg_stat_io",
    labels: { backend_type: "backend_type", object: "object", context: "context" },
    metrics: [
      ownCounter(
        ["io.operations", "Blocks asked for and what was done with them (PostgreSQL 16 and later)", "{operations}"],
        by("operation", operations),
      ),
      ownCounter(
        ["io.size", "Bytes read, written and added to files (PostgreSQL 16 and later)", "By"],
        by("operation", { read: "read_size", write: "write_size", extend: "extend_size" }),
      ),
      ownCounter(
        ["io.time", "Time spent; counted where track_io_timing is on (PostgreSQL 16 and later)", "s"],
        by("operation", { read: "read_s", write: "write_s", extend: "extend_s", fsync: "fsync_s" }),
        { number: "double" },
      ),
    ],
    sql: (capabilities) => {
      if (capabilities.columns.get("pg_stat_io")?.size === 0) return undefined;
      const counted = Object.values(operations).map((column) => `nullif(${column}, 0) AS ${column}`);
      const sizes = ["read", "write", "extend"].map(
        (counter) => `nullif(${bytes(capabilities, counter)}, 0) AS ${counter}_size`,
      );
      const times = ["read", "write", "extend", "fsync"].map(
        (counter) => `nullif(${counter}_time, 0) / 1000 AS ${counter}_s`,
      );
      return `SELECT ${start} AS start, backend_type, object, context, ${[...counted, ...sizes, ...times].join(", ")}
                FROM pg_stat_io
               WHERE greatest(${Object.values(operations).join(", ")}) > 0`;
    },
  },
  {
    name: "pg_stat_slru",
    labels: { slru: "slru" },
    metrics: [
      ownCounter(
        ["slru.blocks", "Blocks of the small caches for transactions and their locks, by what was done", "{blocks}"],
        by("operation", { hit: "blks_hit", read: "blks_read", write: "blks_written", zero: "blks_zeroed" }),
      ),
    ],
    sql: () => `
      SELECT ${start} AS start, name AS slru, nullif(blks_hit, 0) AS blks_hit, nullif(blks_read, 0) AS blks_read,
             nullif(blks_written, 0) AS blks_written, nullif(blks_zeroed, 0) AS blks_zeroed
        FROM pg_stat_slru WHERE blks_hit + blks_read + blks_written + blks_zeroed > 0`,
  },
];
