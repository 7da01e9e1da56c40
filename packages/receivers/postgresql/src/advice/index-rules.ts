import { mostFindings } from "@dbintel/watching";
import { blockSize, userRelations } from "../objects/relation-kind.ts";
import type { AdviceRule } from "./advice-rule.ts";

/** Indexes `c` on tables `t` in schemas `n`, none that PostgreSQL keeps for a partitioned one. */
const indexes = `
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace`;
const ofUsers = `c.relkind = 'i' AND ${userRelations} AND NOT c.relispartition`;
/** Not needed for anything but queries. */
const optional = `NOT i.indisunique AND NOT i.indisexclusion AND NOT i.indisreplident
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)`;

const named = "concat(n.nspname, '.', c.relname) AS object, n.nspname::text AS schema, t.relname::text AS relation";
const dropped = "format('DROP INDEX CONCURRENTLY %I.%I;', n.nspname, c.relname) AS sql";
const size = `c.relpages * ${blockSize} AS size_bytes`;

/** An index that is small costs little: 1 MiB. */
const worthwhile = `c.relpages * ${blockSize} >= 1048576`;

/** Whether all that identifies a key column of `i` is the same at the beginning of `o`. */
const beginsAlike = ["indkey", "indclass", "indcollation", "indoption"]
  .map((column) => `strpos(concat(o.${column}, ' '), concat(i.${column}, ' ')) = 1`)
  .join(" AND ");

/** Rules about indexes of a database. */
export const indexRules: readonly AdviceRule[] = [
  {
    id: "unused_index",
    severity: "info",
    message:
      "No query has used the index since the server counts, and every write pays for it; look at standbys as well",
    sql: ({ unusedAfterDays }) => `
      SELECT ${named}, ${dropped}, ${size}, s.days AS counted_days,
             pg_stat_get_tuples_inserted(t.oid) + pg_stat_get_tuples_updated(t.oid)
               + pg_stat_get_tuples_deleted(t.oid) AS rows_written
        ${indexes},
        (SELECT date_part('epoch', clock_timestamp() - coalesce(stats_reset, pg_postmaster_start_time())) / 86400 AS days
           FROM pg_stat_database WHERE datname = current_database()) s
       WHERE ${ofUsers} AND ${optional} AND ${worthwhile} AND i.indisvalid
         AND pg_stat_get_numscans(c.oid) = 0 AND s.days >= ${unusedAfterDays}
       ORDER BY c.relpages DESC, c.oid LIMIT ${mostFindings}`,
  },
  {
    id: "duplicate_index",
    severity: "warning",
    message:
      "Another index of the table has the same columns in the same order, and answers every query that this one does",
    sql: () => `
      SELECT DISTINCT ON (c.relpages, c.oid) ${named}, ${dropped}, ${size}
        ${indexes}
        JOIN pg_index o ON o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid
        JOIN pg_class oc ON oc.oid = o.indexrelid
       WHERE ${ofUsers} AND ${optional} AND i.indisvalid AND o.indisvalid AND oc.relam = c.relam
         AND i.indnatts = i.indnkeyatts AND ${beginsAlike}
         AND pg_get_expr(i.indpred, i.indrelid) IS NOT DISTINCT FROM pg_get_expr(o.indpred, o.indrelid)
         AND pg_get_expr(i.indexprs, i.indrelid) IS NOT DISTINCT FROM pg_get_expr(o.indexprs, o.indrelid)
         -- Of two that are alike the older one stays, of two where one begins like the other the longer one.
         AND (i.indnatts < o.indnatts AND c.relam = (SELECT oid FROM pg_am WHERE amname = 'btree') AND i.indexprs IS NULL
              OR i.indnatts = o.indnatts
                 AND (o.indisunique OR o.indexrelid < i.indexrelid
                      OR EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = o.indexrelid)))
       ORDER BY c.relpages DESC, c.oid LIMIT ${mostFindings}`,
  },
  {
    id: "invalid_index",
    severity: "warning",
    message: "Building the index has failed: every write pays for it, and no query can use it",
    sql: () => `
      SELECT ${named}, format('REINDEX INDEX CONCURRENTLY %I.%I;', n.nspname, c.relname) AS sql, ${size}
        ${indexes}
       WHERE ${ofUsers} AND NOT i.indisvalid
         AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
       ORDER BY c.relpages DESC, c.oid LIMIT ${mostFindings}`,
  },
  {
    id: "foreign_key_without_index",
    severity: "warning",
    message: "Each delete or change of a key in the referenced table reads the whole referencing table",
    sql: () => `
      SELECT concat(n.nspname, '.', c.relname, '.', k.conname) AS object, n.nspname::text AS schema,
             c.relname::text AS relation, c.reltuples::int8 AS rows,
             pg_stat_get_tuples_deleted(k.confrelid) + pg_stat_get_tuples_updated(k.confrelid) AS referenced_writes,
             format('CREATE INDEX CONCURRENTLY ON %I.%I (%s);', n.nspname, c.relname,
                    (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY p.place)
                       FROM unnest(k.conkey) WITH ORDINALITY p(attnum, place)
                       JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.attnum)) AS sql
        FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE k.contype = 'f' AND c.relkind = 'r' AND k.conparentid = 0 AND ${userRelations} AND c.reltuples >= 10000
         AND NOT EXISTS (
           SELECT FROM pg_index i
            WHERE i.indrelid = k.conrelid AND i.indisvalid AND i.indpred IS NULL
              AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)
       ORDER BY c.reltuples DESC, k.oid LIMIT ${mostFindings}`,
  },
];
