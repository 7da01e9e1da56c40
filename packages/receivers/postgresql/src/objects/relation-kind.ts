import type { MetricDefinition, Row } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";

/** Tables or indexes: what is asked of them, and the metrics that are made of it. */
export interface RelationKind {
  readonly name: string;
  readonly metrics: readonly MetricDefinition[];
  readonly labels: Readonly<Record<string, string>>;
  /** Columns that tell what a relation did since the last look, by its rows; the rest has none. */
  sinceLast?(row: Row, before: Row): Row;
  /** Asks `oid`, `size` and `activity` of the $1 largest; `activity` only grows. */
  readonly rankingSql: string;
  /** Asks a row for each of the oids $1, and one with the sums of all others, whose `oid` is NULL. */
  detailsSql(capabilities: Capabilities): string;
}

/** How a column of many relations becomes one of the rest. */
type Aggregate = "sum" | "max";

/** A column of the details. */
export interface DetailColumn {
  readonly name: string;
  readonly sql: string;
  /** Default `sum`. */
  readonly aggregate?: Aggregate;
  /** Default an int8. */
  readonly type?: "int8" | "float8";
}

/** Labels of what belongs to a table. */
export const tableLabels = {
  "db.namespace": "database",
  "postgresql.database.name": "database",
  "postgresql.schema.name": "schema",
  "db.collection.name": "collection",
  "postgresql.table.name": "table",
  "dbintel.aggregate": "aggregate",
} as const;

/**
 * Those that users make, without temporary ones, which come and go. `c` is the relation and `n` its schema. Nothing here
 * opens a relation: so no lock on one is waited for, and sizes are those of the last VACUUM or ANALYZE.
 */
export const userRelations = `
  n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relpersistence <> 't'`;

export const blockSize = "current_setting('block_size')::int8";

/**
 * One pass over `from`: a row for each of the oids $1, and one for the rest together. `keys` name a relation.
 */
export function detailsSql(args: {
  readonly keys: Readonly<Record<string, string>>;
  readonly columns: readonly DetailColumn[];
  readonly from: string;
}): string {
  const { keys, columns, from } = args;
  const inner = [...Object.entries(keys), ...columns.map(({ name, sql }) => [name, sql] as const)];
  const sums = columns.map(
    ({ name, aggregate = "sum", type = "int8" }) => `${aggregate}(d.${name})::${type} AS ${name}`,
  );
  return `
    SELECT d.oid, current_database() AS database, CASE WHEN d.oid IS NULL THEN 'other' END AS aggregate,
           count(*) AS relations,
           ${Object.keys(keys)
             .map((key) => `CASE WHEN d.oid IS NOT NULL THEN max(d.${key}) END AS ${key}`)
             .join(", ")},
           ${sums.join(", ")}
      FROM (SELECT CASE WHEN c.oid = ANY($1::oid[]) THEN c.oid END AS oid,
                   ${inner.map(([name, sql]) => `${sql} AS ${name}`).join(", ")}
              ${from}) d
     GROUP BY d.oid`;
}
