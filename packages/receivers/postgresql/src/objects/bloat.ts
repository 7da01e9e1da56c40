import { addMetric, type MetricDefinition, single } from "@dbintel/watching";
import type { Errand } from "../visits/errand.ts";
import { indexBloatMetric, indexBloatSql } from "./index-bloat.ts";
import { indexLabels } from "./indexes.ts";
import { blockSize, tableLabels, userRelations } from "./relation-kind.ts";
import { named } from "./relation-metrics.ts";

/** The estimate, and the tables that it is made of. */
export const bloatMetric: MetricDefinition = single(
  {
    name: "dbintel.postgresql.table.bloat",
    description:
      "Disk space of the table, without indexes and TOAST, that its rows would not need; estimated from statistics",
    ...{ unit: "By", type: "gauge", number: "int", enabled: true },
  },
  "bloat",
);

/**
 * What a table would need: each row the bytes of its columns by `pg_stats`, its header of 24 bytes aligned to 8, and the
 * pointer of 4 to it; each page less its own header of 24 (PostgreSQL manual, "Database Page Layout"), filled up to the
 * table's `fillfactor`. Reads no table. Where the user may not read every column of a table its statistics are hidden,
 * and there is no estimate.
 */
const bloatSql = `
  SELECT current_database() AS database, n.nspname::text AS schema, c.relname::text AS collection,
         concat(n.nspname, '.', c.relname) AS table,
         (greatest(0, c.relpages - ceil(c.reltuples * (28 + 8 * ceil(w.width / 8))
           / ((${blockSize} - 24) * coalesce(f.fillfactor, 100) / 100.0))) * ${blockSize})::int8 AS bloat
    FROM (SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'm') AND c.relpages > 0 AND c.reltuples >= 0 AND ${userRelations}
           ORDER BY c.relpages DESC, c.oid LIMIT $1) c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
      SELECT sum((1 - s.null_frac) * s.avg_width) AS width, count(*) AS known
        FROM pg_stats s
       WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND NOT s.inherited) w
    CROSS JOIN LATERAL (
      SELECT count(*) AS columns FROM pg_attribute a
       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) a
    LEFT JOIN LATERAL (
      SELECT max(option_value)::int4 AS fillfactor
        FROM pg_options_to_table(c.reloptions) WHERE option_name = 'fillfactor') f ON c.reloptions IS NOT NULL
   WHERE w.known = a.columns`;

const tableBloat = { definition: bloatMetric, sql: bloatSql, labels: tableLabels };
const indexBloat = { definition: indexBloatMetric, sql: indexBloatSql, labels: indexLabels };

/**
 * Estimates the bloat of the largest tables and indexes; more rarely than the rest, for it reads the statistics of
 * columns. `undefined` when neither is wanted.
 */
export function bloatErrand(options: {
  readonly intervalMs: number;
  readonly maxTables: number;
  readonly maxIndexes: number;
  readonly enabled: (definition: MetricDefinition) => boolean;
  readonly enabledLabel: (name: string) => boolean;
}): Errand | undefined {
  const { intervalMs, maxTables, maxIndexes, enabled, enabledLabel } = options;
  const estimates = [
    { ...tableBloat, limit: maxTables },
    { ...indexBloat, limit: maxIndexes },
  ].filter(({ definition }) => enabled(definition));
  if (estimates.length === 0) return undefined;
  return {
    name: "bloat",
    intervalMs,
    run: async ({ connection, metrics, timeUnixNano, signal }) => {
      for (const { definition, sql, labels: all, limit } of estimates) {
        const rows = (await connection.query(sql, [limit], signal)).map(named);
        const labels = Object.fromEntries(Object.entries(all).filter(([name]) => enabledLabel(name)));
        addMetric({ metrics, definition, labels, rows, timeUnixNano });
      }
    },
  };
}
