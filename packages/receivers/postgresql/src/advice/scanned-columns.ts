import { number, type Row, text } from "@dbintel/watching";
import type { DatabaseConnection } from "../connection/connection.ts";
import { userRelations } from "../objects/relation-kind.ts";

/** A column of a large table, and what an index on it would begin with. */
export interface ScannedColumn {
  /** Of the table. */
  readonly oid: number;
  readonly schema: string;
  readonly relation: string;
  /** Schema and name as SQL writes them. */
  readonly quotedTable: string;
  /** As the optimizer knows them. */
  readonly rows: number;
  /** The partitioned table that it is a part of, where it is one. */
  readonly root: Pick<ScannedColumn, "schema" | "relation" | "quotedTable"> | undefined;
  readonly column: string;
  readonly quotedColumn: string;
  /** A type whose values are texts of any length: a cast to `text` changes nothing. */
  readonly isText: boolean;
  /** Different values, as far as the user may know. */
  readonly distinct: number | undefined;
  /** Whether an index begins with it that any statement could use. */
  readonly indexed: boolean;
}

const mostColumns = 2000;

const sql = `
  SELECT c.oid, n.nspname::text AS schema, c.relname::text AS relation, c.reltuples::int8 AS rows,
         format('%I.%I', n.nspname, c.relname) AS quoted_table, concat(quote_ident(rn.nspname), '.', quote_ident(r.relname)) AS quoted_root,
         rn.nspname::text AS root_schema, r.relname::text AS root,
         a.attname::text AS column, quote_ident(a.attname) AS quoted_column,
         a.atttypid IN ('text'::regtype, 'varchar'::regtype) AS is_text,
         CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * c.reltuples ELSE s.n_distinct END AS distinct,
         EXISTS (SELECT FROM pg_index i
                  WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL AND i.indkey[0] = a.attnum) AS indexed
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid AND t.typcategory <> 'G'
    LEFT JOIN pg_class r ON c.relispartition AND r.oid = pg_partition_root(c.oid)
    LEFT JOIN pg_namespace rn ON rn.oid = r.relnamespace
    LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
                        AND NOT s.inherited
   WHERE c.relkind = 'r' AND ${userRelations} AND c.reltuples >= $3
     AND (c.relname = ANY($1::text[]) OR r.relname = ANY($1::text[])) AND a.attname = ANY($2::text[])
   ORDER BY c.reltuples DESC, c.oid, a.attnum LIMIT ${mostColumns}`;

/** The columns of these names in tables, or partitions of tables, of these names that have so many rows. Geometric types have no B-tree. */
export async function scannedColumns(
  args: {
    readonly connection: DatabaseConnection;
    readonly relations: readonly string[];
    readonly columns: readonly string[];
    readonly leastRows: number;
  },
  signal: AbortSignal,
): Promise<readonly ScannedColumn[]> {
  const { connection, relations, columns, leastRows } = args;
  if (relations.length === 0 || columns.length === 0) return [];
  return (await connection.query(sql, [relations, columns, leastRows], signal)).map(columnOf);
}

function columnOf(row: Row): ScannedColumn {
  const root = text(row, "root");
  return {
    oid: number(row, "oid") ?? 0,
    schema: text(row, "schema") ?? "",
    relation: text(row, "relation") ?? "",
    quotedTable: text(row, "quoted_table") ?? "",
    rows: number(row, "rows") ?? 0,
    root:
      root === undefined
        ? undefined
        : { schema: text(row, "root_schema") ?? "", relation: root, quotedTable: text(row, "quoted_root") ?? "" },
    column: text(row, "column") ?? "",
    quotedColumn: text(row, "quoted_column") ?? "",
    isText: row.is_text === true,
    distinct: number(row, "distinct"),
    indexed: row.indexed === true,
  };
}
