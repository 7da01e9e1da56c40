import { type MetricDefinition, type MetricQuery, single } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";
import { databaseLabels } from "../metrics/metric-definition.ts";
import { blockSize, tableLabels, userRelations } from "./relation-kind.ts";
import { sinceSql } from "./tables.ts";

/** A query inside a database; $1 is how many rows it may bring, where it names one. */
export interface DatabaseQuery extends MetricQuery<Capabilities> {
  readonly limited?: "functions";
}

const gauge = { type: "gauge", number: "int", enabled: true } as const;

const summary: DatabaseQuery = {
  name: "summary",
  labels: { ...databaseLabels },
  metrics: [
    single(
      {
        ...{ name: "postgresql.table.count", description: "Tables of users, with partitions", unit: "{table}" },
        ...{ type: "sum", number: "int", enabled: true },
      },
      "tables",
    ),
    single(
      {
        ...{ ...gauge, name: "dbintel.postgresql.index.unused.size", unit: "By" },
        description: "Disk space of indexes without any scan that are neither unique nor of a constraint",
      },
      "unused",
    ),
    single(
      {
        ...{ ...gauge, name: "dbintel.postgresql.index.invalid", unit: "{indexes}" },
        description: "Indexes that cost writes and answer no query because building them failed",
      },
      "invalid",
    ),
  ],
  sql: () => `
    SELECT current_database() AS database,
           (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'm') AND ${userRelations}) AS tables,
           coalesce(sum(c.relpages) FILTER (
             WHERE pg_stat_get_numscans(c.oid) = 0 AND NOT i.indisunique AND NOT i.indisexclusion), 0)::int8
             * ${blockSize} AS unused,
           count(*) FILTER (WHERE NOT i.indisvalid) AS invalid
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'i' AND ${userRelations}`,
};

const oldestTable: DatabaseQuery = {
  name: "oldest table",
  labels: tableLabels,
  metrics: [
    single(
      {
        ...{ ...gauge, name: "dbintel.postgresql.oldest_table.xid.age", unit: "{transactions}" },
        description: "Transactions since the oldest one of the table that holds back the wraparound horizon most",
      },
      "age",
    ),
  ],
  sql: () => `
    SELECT current_database() AS database, n.nspname::text AS schema, c.relname::text AS collection,
           concat(n.nspname, '.', c.relname) AS table, age(c.relfrozenxid) AS age
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relfrozenxid <> '0' ORDER BY age DESC, c.oid LIMIT 1`,
};

const vectorKinds: DatabaseQuery = {
  name: "vector indexes",
  labels: { ...databaseLabels, "dbintel.postgresql.index.kind": "kind" },
  metrics: [
    single(
      {
        ...{ ...gauge, name: "dbintel.postgresql.vector.indexes", unit: "{indexes}" },
        description: "Indexes of pgvector by kind: hnsw, ivfflat",
      },
      "indexes",
    ),
    single(
      {
        ...{ ...gauge, name: "dbintel.postgresql.vector.index.size", unit: "By" },
        description: "Disk space of the indexes of pgvector, as of the last VACUUM or ANALYZE",
      },
      "size",
    ),
    single(
      {
        ...{ ...gauge, name: "dbintel.postgresql.vector.index.entries", unit: "{vectors}" },
        description: "Vectors in the indexes of pgvector, as estimated by the server",
      },
      "entries",
    ),
  ],
  sql: () => `
    SELECT current_database() AS database, m.amname::text AS kind, count(*) AS indexes,
           sum(c.relpages)::int8 * ${blockSize} AS size, sum(greatest(c.reltuples, 0))::int8 AS entries
      FROM pg_am m JOIN pg_class c ON c.relam = m.oid AND c.relkind = 'i' JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE m.amname IN ('hnsw', 'ivfflat') AND ${userRelations}
     GROUP BY m.amname`,
};

const vectorColumns: DatabaseQuery = {
  name: "vector columns",
  labels: { ...databaseLabels, "dbintel.postgresql.type": "type" },
  metrics: [
    single(
      {
        ...{ ...gauge, name: "dbintel.postgresql.vector.columns", unit: "{columns}" },
        description: "Columns of tables with a type of pgvector: vector, halfvec, sparsevec",
      },
      "columns",
    ),
  ],
  // Without the extension nothing but its absence is looked at.
  sql: () => `
    WITH types AS MATERIALIZED (
      SELECT t.oid, t.typname FROM pg_extension e
        JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
                        AND d.classid = 'pg_type'::regclass
        JOIN pg_type t ON t.oid = d.objid
       WHERE e.extname = 'vector' AND t.typname IN ('vector', 'halfvec', 'sparsevec'))
    SELECT current_database() AS database, t.typname::text AS type, count(*) AS columns
      FROM types t JOIN pg_attribute a ON a.atttypid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
      JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE EXISTS (SELECT FROM types) AND ${userRelations}
     GROUP BY t.typname`,
};

const functions: DatabaseQuery = {
  name: "functions",
  limited: "functions",
  labels: { ...databaseLabels, "postgresql.schema.name": "schema", function: "function" },
  metrics: [
    single(
      {
        ...{ name: "postgresql.function.calls", unit: "{call}", type: "counter", number: "int", enabled: false },
        ...{ description: "Calls of the function; counted where track_functions is on", startColumn: "start" },
      },
      "calls",
    ),
    {
      ...{ name: "dbintel.postgresql.function.time", unit: "s", type: "counter", number: "double", enabled: false },
      ...{ description: "Time spent in the function, with and without what it called", startColumn: "start" },
      values: [
        { column: "total", attributes: { kind: "total" } },
        { column: "self", attributes: { kind: "self" } },
      ],
    },
  ],
  sql: () => `
    WITH ${sinceSql}
    SELECT current_database() AS database, (SELECT start FROM since) AS start, n.nspname::text AS schema,
           concat(p.proname, '(', oidvectortypes(p.proargtypes), ')') AS function,
           pg_stat_get_function_calls(p.oid) AS calls, pg_stat_get_function_total_time(p.oid) / 1000 AS total,
           pg_stat_get_function_self_time(p.oid) / 1000 AS self
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE p.prolang <> 12 AND pg_stat_get_function_calls(p.oid) IS NOT NULL
     ORDER BY calls DESC, p.oid LIMIT $1`,
};

/** How much of the work is done, by what the server says of it; NULL where it does not know yet. */
function progressMetric(name: string, description: string): MetricDefinition {
  return single(
    {
      name: `dbintel.postgresql.${name}.progress`,
      description,
      unit: "1",
      type: "gauge",
      number: "double",
      enabled: true,
    },
    "progress",
  );
}

function progress(args: {
  readonly view: string;
  readonly metric: string;
  readonly description: string;
  readonly phase?: string;
  readonly share: string;
}): DatabaseQuery {
  const { view, metric, description, phase = "p.phase", share } = args;
  return {
    name: view,
    labels: { ...tableLabels, phase: "phase" },
    metrics: [progressMetric(metric, description)],
    sql: ({ columns }) =>
      columns.get(view as "pg_stat_progress_copy")?.size === 0
        ? undefined
        : `SELECT current_database() AS database, n.nspname::text AS schema, c.relname::text AS collection,
                  concat(n.nspname, '.', c.relname) AS table, ${phase} AS phase, max(${share}) AS progress
             FROM ${view} p JOIN pg_class c ON c.oid = p.relid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE p.datid = (SELECT oid FROM pg_database WHERE datname = current_database())
            GROUP BY 2, 3, 4, 5`,
  };
}

function part(done: string, total: string): string {
  return `p.${done}::float8 / nullif(p.${total}, 0)`;
}

/** What is asked in each database beside its tables and indexes. */
export const objectQueries: readonly DatabaseQuery[] = [
  summary,
  oldestTable,
  vectorKinds,
  vectorColumns,
  functions,
  progress({
    view: "pg_stat_progress_vacuum",
    metric: "vacuum",
    description: "Share of a table's blocks that a running VACUUM or autovacuum has scanned",
    share: part("heap_blks_scanned", "heap_blks_total"),
  }),
  progress({
    view: "pg_stat_progress_analyze",
    metric: "analyze",
    description: "Share of the sample's blocks that a running ANALYZE or autovacuum has read",
    share: part("sample_blks_scanned", "sample_blks_total"),
  }),
  progress({
    view: "pg_stat_progress_create_index",
    metric: "create_index",
    description: "Share of the blocks, or of the rows, that building an index has done in its phase",
    share: `coalesce(${part("blocks_done", "blocks_total")}, ${part("tuples_done", "tuples_total")})`,
  }),
  progress({
    view: "pg_stat_progress_cluster",
    metric: "rewrite",
    description: "Share of the blocks that CLUSTER or VACUUM FULL has scanned",
    share: part("heap_blks_scanned", "heap_blks_total"),
  }),
  progress({
    view: "pg_stat_progress_copy",
    metric: "copy",
    description: "Share of the bytes that a running COPY has read or written (PostgreSQL 14 and later)",
    phase: "p.command",
    share: part("bytes_processed", "bytes_total"),
  }),
];
