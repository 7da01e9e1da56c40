import { type MetricDefinition, single } from "@dbintel/watching";
import { blockSize, userRelations } from "./relation-kind.ts";

/** The estimate, and the indexes that it is made of. */
export const indexBloatMetric: MetricDefinition = single(
  {
    name: "dbintel.postgresql.index.bloat",
    description: "Disk space of the B-tree index that its entries would not need; estimated from statistics",
    ...{ unit: "By", type: "gauge", number: "int", enabled: true },
  },
  "bloat",
);

/** Types whose equal values may differ in bytes: their entries are never made one ("Deduplication", PostgreSQL manual). */
const neverMerged = "'numeric'::regtype, 'float4'::regtype, 'float8'::regtype, 'jsonb'::regtype, 'interval'::regtype";

/**
 * What a B-tree index would need when it was built anew, by `pg_stats`: for each different key a header of 8 bytes (16
 * with NULLs), the key aligned to 8 and the pointer of 4 to it; the rows of a key that has several, 6 bytes each, in lists
 * of at most 1344 (a sixth of a page); each page less its header of 24 and special space of 16, filled up to `fillfactor`,
 * usually 90; the pages above the leaves, and the first one (PostgreSQL manual, "B-Tree Indexes", "Database Page Layout").
 * The different keys of several columns are taken to be as many as they can be: so the estimate is rather too low.
 *
 * Reads no index. Where the user may not read a column its statistics are hidden, and there is no estimate.
 */
export const indexBloatSql = `
  SELECT current_database() AS database, n.nspname::text AS schema, t.relname::text AS collection,
         concat(n.nspname, '.', t.relname) AS table, c.relname::text AS index,
         (greatest(0, c.relpages - 1 - ceil(p.leaves * (1 + (p.entry + 4) / (0.7 * p.usable)))) * ${blockSize})::int8 AS bloat
    FROM (SELECT c.*, i.indrelid, i.indkey, i.indisunique, i.indnatts = i.indnkeyatts AS keys_only
            FROM pg_index i
            JOIN pg_class c ON c.oid = i.indexrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind = 'i' AND c.relam = (SELECT oid FROM pg_am WHERE amname = 'btree')
             AND c.relpages > 1 AND c.reltuples > 0 AND i.indisvalid AND ${userRelations}
           ORDER BY c.relpages DESC, c.oid LIMIT $1) c
    JOIN pg_class t ON t.oid = c.indrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    CROSS JOIN LATERAL (
      SELECT sum((1 - s.null_frac) * s.avg_width) AS width, max(s.null_frac) AS nulls, count(s.attname) AS known,
             count(*) AS columns, bool_and(a.atttypid <> ALL (ARRAY[${neverMerged}]) AND a.attcollation < 16384) AS merged,
             exp(least(sum(ln(greatest(
               CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * greatest(t.reltuples, 1) ELSE s.n_distinct END, 1))), 50)) AS different
        FROM pg_attribute a
        LEFT JOIN pg_attribute k ON k.attrelid = t.oid AND k.attnum = c.indkey[a.attnum - 1] AND k.attnum > 0
        LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND NOT s.inherited
                            AND s.tablename = CASE WHEN k.attnum IS NULL THEN c.relname ELSE t.relname END
                            AND s.attname = coalesce(k.attname, a.attname)
       WHERE a.attrelid = c.oid) w
    LEFT JOIN LATERAL (
      SELECT max(option_value) FILTER (WHERE option_name = 'fillfactor') AS fillfactor,
             max(option_value) FILTER (WHERE option_name = 'deduplicate_items') AS deduplicates
        FROM pg_options_to_table(c.reloptions)) o ON c.reloptions IS NOT NULL
    CROSS JOIN LATERAL (
      SELECT 8 + 8 * w.nulls + 8 * ceil(w.width / 8) AS entry, ${blockSize} - 40 AS usable,
             CASE WHEN w.merged AND c.keys_only AND NOT c.indisunique AND coalesce(o.deduplicates, 'on') <> 'off'
                  THEN least(w.different, c.reltuples) ELSE c.reltuples END AS different) e
    CROSS JOIN LATERAL (
      SELECT e.entry, e.usable,
             CASE WHEN e.different < c.reltuples
                  THEN greatest(e.different, ceil(6 * c.reltuples / 1344)) * (e.entry + 4) + 6 * c.reltuples
                  ELSE c.reltuples * (e.entry + 4) END
             / (e.usable * coalesce(o.fillfactor::int4, 90) / 100.0) AS leaves) p
   WHERE w.known = w.columns`;
