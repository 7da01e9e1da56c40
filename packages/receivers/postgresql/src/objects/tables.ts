import { integer, type MetricDefinition, type Row, single } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";
import {
  blockSize,
  type DetailColumn,
  detailsSql,
  type RelationKind,
  tableLabels,
  userRelations,
} from "./relation-kind.ts";
import { vacuumColumns, vacuumOptions, vacuumSettings } from "./vacuum-need.ts";

const counted = { type: "counter", number: "int", startColumn: "start" } as const;
const own = "dbintel.postgresql.table";

const blockSources = [
  "heap_read",
  "heap_hit",
  "idx_read",
  "idx_hit",
  "toast_read",
  "toast_hit",
  "tidx_read",
  "tidx_hit",
] as const;

function since(operation: "vacuum" | "analyze"): MetricDefinition {
  return single(
    {
      name: `${own}.${operation}.age`,
      description: `Time since the table was last ${operation === "vacuum" ? "vacuumed" : "analysed"}, by autovacuum or by hand`,
      ...{ unit: "s", type: "gauge", number: "double", enabled: true },
    },
    `${operation}_age`,
  );
}

function need(operation: "vacuum" | "analyze"): MetricDefinition {
  return single(
    {
      name: `${own}.${operation}.need`,
      description: `How far the table is on the way to the threshold at which autovacuum ${operation === "vacuum" ? "vacuums" : "analyses"} it; 1 when it is reached`,
      ...{ unit: "1", type: "gauge", number: "double", enabled: true },
    },
    `${operation}_need`,
  );
}

/** Metrics of tables: those of the OpenTelemetry Collector's receiver, and of our own. */
const metrics: readonly MetricDefinition[] = [
  {
    ...{ name: "postgresql.blocks_read", description: "Blocks asked for by where they were found", unit: "1" },
    ...{ ...counted, enabled: true },
    values: blockSources.map((source) => ({ column: source, attributes: { source } })),
  },
  {
    ...{ name: "postgresql.operations", description: "Rows written by kind of operation", unit: "1" },
    ...{ ...counted, enabled: true },
    values: ["ins", "upd", "del", "hot_upd"].map((operation) => ({ column: operation, attributes: { operation } })),
  },
  {
    ...{ name: "postgresql.rows", description: "Rows, as estimated by the server", unit: "1" },
    ...{ type: "sum", number: "int", enabled: true },
    values: ["dead", "live"].map((state) => ({ column: state, attributes: { state } })),
  },
  single(
    {
      ...{ name: "postgresql.sequential_scans", description: "Sequential scans", unit: "{sequential_scan}" },
      ...{ ...counted, enabled: false },
    },
    "seq_scan",
  ),
  single(
    {
      name: "postgresql.table.size",
      description: "Disk space with indexes and TOAST, as of the last VACUUM or ANALYZE",
      ...{ unit: "By", type: "sum", number: "int", enabled: true },
    },
    "size",
  ),
  single(
    {
      name: "postgresql.table.vacuum.count",
      description: "Times that the table was vacuumed by hand",
      ...{ unit: "{vacuum}", ...counted, enabled: true },
    },
    "vacuum_count",
  ),
  {
    ...{ name: `${own}.maintenance`, description: "Times that the table was vacuumed or analysed", unit: "{times}" },
    ...{ ...counted, enabled: true },
    values: ["vacuum", "autovacuum", "analyze", "autoanalyze"].map((operation) => ({
      column: `${operation}_count`,
      attributes: { operation },
    })),
  },
  {
    ...{ name: `${own}.rows_read`, description: "Rows read by sequential scans and fetched by index scans" },
    ...{ unit: "{rows}", ...counted, enabled: true },
    values: [
      { column: "seq_read", attributes: { scan: "sequential" } },
      { column: "idx_fetch", attributes: { scan: "index" } },
    ],
  },
  single(
    {
      name: `${own}.newpage_updates`,
      description: "Updates whose new row went to another page (PostgreSQL 16 and later)",
      ...{ unit: "{rows}", ...counted, enabled: true },
    },
    "newpage_upd",
  ),
  single(
    {
      name: `${own}.modified_since_analyze`,
      description: "Rows written since the table was last analysed",
      ...{ unit: "{rows}", type: "sum", number: "int", enabled: true },
    },
    "mod_since_analyze",
  ),
  single(
    {
      name: `${own}.hot_updates`,
      description:
        "Share of the updates since the last look whose new row found room on its page, so that no index was written to",
      ...{ unit: "1", type: "gauge", number: "double", enabled: true },
    },
    "hot_share",
  ),
  since("vacuum"),
  since("analyze"),
  need("vacuum"),
  need("analyze"),
  single(
    {
      name: `${own}.xid.age`,
      description: "Transactions since the oldest one whose rows the table may still hold unfrozen",
      ...{ unit: "{transactions}", type: "gauge", number: "int", enabled: false },
    },
    "xid_age",
  ),
];

const activity = ["tuples_returned", "tuples_fetched", "tuples_inserted", "tuples_updated", "tuples_deleted"]
  .map((counter) => `pg_stat_get_${counter}(c.oid)`)
  .join(" + ");

/** Tables and materialised views, `c`, with their TOAST table `t` and what their indexes have together. */
const tables = `
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
  LEFT JOIN indexes i ON i.indrelid = c.oid
  LEFT JOIN indexes ti ON ti.indrelid = t.oid`;
const ofUsers = `WHERE c.relkind IN ('r', 'm') AND ${userRelations}`;

const indexes = `indexes AS MATERIALIZED (
  SELECT i.indrelid, sum(ic.relpages) AS pages, sum(pg_stat_get_tuples_fetched(i.indexrelid)) AS fetched,
         sum(pg_stat_get_blocks_fetched(i.indexrelid) - pg_stat_get_blocks_hit(i.indexrelid)) AS read,
         sum(pg_stat_get_blocks_hit(i.indexrelid)) AS hit
    FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid GROUP BY i.indrelid)`;

const pages = "(c.relpages + coalesce(i.pages, 0) + coalesce(t.relpages, 0) + coalesce(ti.pages, 0))";

function readBlocks(relation: string): string {
  return `pg_stat_get_blocks_fetched(${relation}) - pg_stat_get_blocks_hit(${relation})`;
}

function ageOf(...events: readonly string[]): string {
  const last = events.map((event) => `pg_stat_get_last_${event}_time(c.oid)`).join(", ");
  return `date_part('epoch', clock_timestamp() - greatest(${last}))`;
}

function columns(capabilities: Capabilities): readonly DetailColumn[] {
  const hasNewPages = capabilities.columns.get("pg_stat_all_tables")?.has("n_tup_newpage_upd") ?? false;
  return [
    { name: "start", sql: "(SELECT start FROM since)", aggregate: "max" },
    { name: "heap_read", sql: readBlocks("c.oid") },
    { name: "heap_hit", sql: "pg_stat_get_blocks_hit(c.oid)" },
    { name: "idx_read", sql: "i.read" },
    { name: "idx_hit", sql: "i.hit" },
    { name: "toast_read", sql: readBlocks("t.oid") },
    { name: "toast_hit", sql: "pg_stat_get_blocks_hit(t.oid)" },
    { name: "tidx_read", sql: "ti.read" },
    { name: "tidx_hit", sql: "ti.hit" },
    { name: "ins", sql: "pg_stat_get_tuples_inserted(c.oid)" },
    { name: "upd", sql: "pg_stat_get_tuples_updated(c.oid)" },
    { name: "del", sql: "pg_stat_get_tuples_deleted(c.oid)" },
    { name: "hot_upd", sql: "pg_stat_get_tuples_hot_updated(c.oid)" },
    { name: "newpage_upd", sql: hasNewPages ? "pg_stat_get_tuples_newpage_updated(c.oid)" : "NULL::int8" },
    { name: "live", sql: "pg_stat_get_live_tuples(c.oid)" },
    { name: "dead", sql: "pg_stat_get_dead_tuples(c.oid)" },
    { name: "seq_scan", sql: "pg_stat_get_numscans(c.oid)" },
    { name: "seq_read", sql: "pg_stat_get_tuples_returned(c.oid)" },
    { name: "idx_fetch", sql: "coalesce(i.fetched, 0) + pg_stat_get_tuples_fetched(c.oid)" },
    { name: "size", sql: `${pages} * ${blockSize}` },
    { name: "vacuum_count", sql: "pg_stat_get_vacuum_count(c.oid)" },
    { name: "autovacuum_count", sql: "pg_stat_get_autovacuum_count(c.oid)" },
    { name: "analyze_count", sql: "pg_stat_get_analyze_count(c.oid)" },
    { name: "autoanalyze_count", sql: "pg_stat_get_autoanalyze_count(c.oid)" },
    { name: "mod_since_analyze", sql: "pg_stat_get_mod_since_analyze(c.oid)" },
    { name: "vacuum_age", sql: ageOf("vacuum", "autovacuum"), aggregate: "max", type: "float8" },
    { name: "analyze_age", sql: ageOf("analyze", "autoanalyze"), aggregate: "max", type: "float8" },
    { name: "xid_age", sql: "CASE WHEN c.relfrozenxid <> '0' THEN age(c.relfrozenxid) END", aggregate: "max" },
    ...vacuumColumns(capabilities),
  ];
}

/** The share of updates that were heap-only; none where there were no updates, or the counters began anew. */
function hotShare(row: Row, before: Row): Row {
  const grown = (column: string) => Number((integer(row, column) ?? 0n) - (integer(before, column) ?? 0n));
  const [updates, hot] = [grown("upd"), grown("hot_upd")];
  return row.start === before.start && updates > 0 && hot >= 0 ? { hot_share: hot / updates } : {};
}

/** When the counters of this database begin. */
export const sinceSql = `since AS (
  SELECT (date_part('epoch', coalesce(stats_reset, pg_postmaster_start_time())) * 1000000)::int8 AS start
    FROM pg_stat_database WHERE datname = current_database())`;

export const tableKind: RelationKind = {
  name: "tables",
  metrics,
  labels: tableLabels,
  sinceLast: hotShare,
  rankingSql: `
    WITH indexes AS (
      SELECT i.indrelid, sum(ic.relpages) AS pages, sum(pg_stat_get_tuples_fetched(i.indexrelid)) AS fetched
        FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid GROUP BY i.indrelid)
    SELECT c.oid, ${pages}::int8 AS size, (${activity} + coalesce(i.fetched, 0))::int8 AS activity
      ${tables}
      ${ofUsers}
     ORDER BY size DESC, c.oid LIMIT $1`,
  detailsSql: (capabilities) =>
    `WITH ${sinceSql}, ${vacuumSettings}, ${indexes}
     ${detailsSql({
       keys: {
         schema: "n.nspname::text",
         collection: "c.relname::text",
         table: "concat(n.nspname, '.', c.relname)",
       },
       columns: columns(capabilities),
       from: `${tables} CROSS JOIN vacuum_settings v
         ${vacuumOptions}
         ${ofUsers}`,
     })}`,
};
