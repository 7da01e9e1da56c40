import { mostFindings } from "@dbintel/watching";
import { userRelations } from "../objects/relation-kind.ts";
import { vacuumColumns, vacuumOptions, vacuumSettings } from "../objects/vacuum-need.ts";
import type { AdviceRule } from "./advice-rule.ts";

const named = "concat(n.nspname, '.', c.relname) AS object, n.nspname::text AS schema, c.relname::text AS relation";

/** The rule that goes by counters, for tables of which no statement is known that reads them from end to end. */
export const sequentialScans = "sequential_scans";

/** Rules about tables and sequences of a database. */
export const tableRules: readonly AdviceRule[] = [
  {
    id: sequentialScans,
    severity: "info",
    message: "A large table is mostly read from end to end; an index may answer its frequent queries, see their plans",
    sql: ({ frequentScans }) => `
      SELECT ${named}, c.reltuples::int8 AS rows, s.scans AS sequential_scans, s.read AS rows_read,
             coalesce(x.scans, 0)::int8 AS index_scans
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL (SELECT pg_stat_get_numscans(c.oid) AS scans, pg_stat_get_tuples_returned(c.oid) AS read) s
        CROSS JOIN LATERAL (
          SELECT sum(pg_stat_get_numscans(i.indexrelid)) AS scans FROM pg_index i WHERE i.indrelid = c.oid) x
       WHERE c.relkind = 'r' AND ${userRelations} AND c.reltuples >= 100000 AND s.scans >= ${frequentScans}
         AND s.scans > coalesce(x.scans, 0) AND s.read / s.scans >= c.reltuples / 2
       ORDER BY s.read DESC, c.oid LIMIT ${mostFindings}`,
  },
  {
    id: "autovacuum_disabled",
    severity: "warning",
    message: "Autovacuum is turned off for the table: dead rows stay until somebody removes them by hand",
    sql: () => `
      SELECT ${named}, pg_stat_get_dead_tuples(c.oid) AS dead_rows, c.reltuples::int8 AS rows,
             format('ALTER TABLE %I.%I RESET (autovacuum_enabled);', n.nspname, c.relname) AS sql
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        ${vacuumOptions}
       WHERE c.relkind IN ('r', 'm') AND ${userRelations} AND o.enabled IN ('false', 'off', 'no', '0')
       ORDER BY dead_rows DESC, c.oid LIMIT ${mostFindings}`,
  },
  {
    id: "autovacuum_behind",
    severity: "warning",
    message:
      "The table is far past the threshold of autovacuum and was not vacuumed for a day: something keeps it away, or it cannot keep up",
    sql: ({ capabilities }) => `
      WITH ${vacuumSettings}
      SELECT ${named}, pg_stat_get_dead_tuples(c.oid) AS dead_rows, c.reltuples::int8 AS rows, w.need AS threshold_share,
             date_part('epoch', clock_timestamp() - w.last) / 86400 AS days_since_vacuum,
             format('VACUUM (ANALYZE) %I.%I;', n.nspname, c.relname) AS sql
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN vacuum_settings v
        ${vacuumOptions}
        CROSS JOIN LATERAL (
          SELECT ${vacuumColumns(capabilities)[0].sql} AS need,
                 greatest(pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid),
                          (SELECT coalesce(stats_reset, pg_postmaster_start_time())
                             FROM pg_stat_database WHERE datname = current_database())) AS last) w
       WHERE c.relkind IN ('r', 'm') AND ${userRelations} AND w.need >= 3 AND w.last < clock_timestamp() - interval '1 day'
       ORDER BY w.need DESC, c.oid LIMIT ${mostFindings}`,
  },
  {
    id: "sequence_near_end",
    severity: "critical",
    message: "The sequence, or the column that it is for, is nearly at its end: inserts fail when it is reached",
    // Where the user may not read a sequence, the server hides how far it is.
    sql: () => `
      SELECT concat(n.nspname, '.', c.relname) AS object, n.nspname::text AS schema, t.relname::text AS relation,
             v.last AS last_value, v.most AS max_value, v.last::float8 / v.most AS used_share,
             CASE WHEN t.oid IS NULL
                  THEN format('ALTER SEQUENCE %I.%I AS bigint MAXVALUE 9223372036854775807;', n.nspname, c.relname)
                  ELSE format('ALTER TABLE %I.%I ALTER COLUMN %I TYPE bigint; ALTER SEQUENCE %I.%I AS bigint MAXVALUE 9223372036854775807;',
                              tn.nspname, t.relname, a.attname, n.nspname, c.relname) END AS sql
        FROM pg_sequence s
        JOIN pg_class c ON c.oid = s.seqrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
                             AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
        LEFT JOIN pg_class t ON t.oid = d.refobjid
        LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
        LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        CROSS JOIN LATERAL (
          SELECT CASE WHEN has_sequence_privilege(c.oid, 'USAGE, SELECT') THEN pg_sequence_last_value(c.oid) END AS last,
                 least(s.seqmax, CASE a.atttypid WHEN 'int4'::regtype THEN 2147483647
                                                 WHEN 'int2'::regtype THEN 32767 ELSE s.seqmax END) AS most) v
       WHERE ${userRelations} AND NOT s.seqcycle AND s.seqincrement > 0 AND v.last >= 0.8 * v.most
       ORDER BY used_share DESC, c.oid LIMIT ${mostFindings}`,
  },
];
