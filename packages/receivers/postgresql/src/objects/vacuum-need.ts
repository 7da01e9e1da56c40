import type { Capabilities } from "../connection/capabilities.ts";
import type { DetailColumn } from "./relation-kind.ts";

/** What autovacuum goes by where a table does not say; NULL for what this version does not have. */
export const vacuumSettings = `vacuum_settings AS (
  SELECT current_setting('autovacuum_vacuum_threshold')::float8 AS vacuum_base,
         current_setting('autovacuum_vacuum_scale_factor')::float8 AS vacuum_scale,
         current_setting('autovacuum_vacuum_max_threshold', true)::float8 AS vacuum_max,
         current_setting('autovacuum_vacuum_insert_threshold')::float8 AS insert_base,
         current_setting('autovacuum_vacuum_insert_scale_factor')::float8 AS insert_scale,
         current_setting('autovacuum_analyze_threshold')::float8 AS analyze_base,
         current_setting('autovacuum_analyze_scale_factor')::float8 AS analyze_scale)`;

/** What a table says of it itself, `o`; `c` is the table. */
export const vacuumOptions = `LEFT JOIN LATERAL (
  SELECT ${[
    "enabled",
    "vacuum_threshold",
    "vacuum_scale_factor",
    "vacuum_max_threshold",
    "vacuum_insert_threshold",
    "vacuum_insert_scale_factor",
    "analyze_threshold",
    "analyze_scale_factor",
  ]
    .map((option) => `max(option_value) FILTER (WHERE option_name = 'autovacuum_${option}') AS ${columnOf(option)}`)
    .join(", ")}
    FROM pg_options_to_table(c.reloptions)) o ON c.reloptions IS NOT NULL`;

/** `vacuum_insert_scale_factor` becomes `insert_scale`. */
function columnOf(option: string): string {
  return option
    .replace("vacuum_insert", "insert")
    .replace("max_threshold", "max")
    .replace("_threshold", "_base")
    .replace("_scale_factor", "_scale");
}

function limit(name: string): string {
  return `coalesce(o.${name}::float8, v.${name})`;
}

const rows = "greatest(c.reltuples, 0)";

/** The share of the threshold that is reached; a threshold of 0 is reached by the first row. */
function share(rowsWritten: string, threshold: string): string {
  return `${rowsWritten} / greatest(${threshold}, 1)`;
}

/**
 * How near a table is to being vacuumed and analysed by autovacuum: the formulas of `relation_needs_vacanalyze` in the
 * server's autovacuum.c, `c` the table, `o` its own settings, `v` the server's. PostgreSQL 18 counts rows of frozen
 * pages out where inserts are concerned, and has an upper bound for the threshold.
 */
export function vacuumColumns({
  columns: known,
}: Capabilities): readonly [vacuum: DetailColumn, analyze: DetailColumn] {
  const unfrozen = known.get("pg_class")?.has("relallfrozen")
    ? "(1 - least(greatest(c.relallfrozen, 0)::float8 / greatest(c.relpages, 1), 1))"
    : "1";
  const vacuum = `${limit("vacuum_base")} + ${limit("vacuum_scale")} * ${rows}`;
  // NULL, and so without effect on the least, where there is no upper bound.
  const most = `nullif(greatest(${limit("vacuum_max")}, -1), -1)`;
  const insert = `${limit("insert_base")} + ${limit("insert_scale")} * ${rows} * ${unfrozen}`;
  const analyze = `${limit("analyze_base")} + ${limit("analyze_scale")} * ${rows}`;
  return [
    {
      name: "vacuum_need",
      aggregate: "max",
      type: "float8",
      sql: `greatest(
        ${share("pg_stat_get_dead_tuples(c.oid)", `least(${vacuum}, ${most})`)},
        CASE WHEN ${limit("insert_base")} >= 0 THEN ${share("pg_stat_get_ins_since_vacuum(c.oid)", insert)} END)`,
    },
    {
      name: "analyze_need",
      aggregate: "max",
      type: "float8",
      sql: share("pg_stat_get_mod_since_analyze(c.oid)", analyze),
    },
  ];
}
