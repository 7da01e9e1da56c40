import { number, type Row, text } from "@dbintel/watching";
import type { DatabaseConnection } from "../connection/connection.ts";
import type { IndexDefinition, IndexPart, KeyColumns } from "./index-definition.ts";

/** Columns of indexes that are read of one schema. */
const mostColumns = 100_000;

/**
 * The indexes of a schema, as far as the user may see its tables. No statistics of them are asked for, which the server
 * would have to fetch from the engine.
 */
export async function readIndexes(
  connection: DatabaseConnection,
  schema: string,
  signal: AbortSignal,
): Promise<readonly IndexDefinition[]> {
  const columns = await connection.columns("information_schema.STATISTICS", signal);
  const rows = await connection.query(
    `SELECT TABLE_NAME AS table_name, INDEX_NAME AS index_name, NON_UNIQUE AS non_unique, COLUMN_NAME AS column_name,
            SUB_PART AS sub_part, COLLATION AS direction, INDEX_TYPE AS index_type,
            ${columns.has("EXPRESSION") ? "EXPRESSION" : "NULL"} AS expression, ${hiddenSql(columns)} AS hidden
       FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ?
      ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX LIMIT ${mostColumns}`,
    [schema],
    signal,
  );
  const indexes = Map.groupBy(rows, (row) => `${text(row, "table_name")}\0${text(row, "index_name")}`);
  // The last of a list that was cut off may lack columns.
  const whole = [...indexes.values()].slice(0, rows.length < mostColumns ? undefined : -1);
  return whole.flatMap((parts) => indexOf(schema, parts));
}

/** MySQL 8 has IS_VISIBLE, MariaDB since 10.6 IGNORED. */
function hiddenSql(columns: ReadonlySet<string>): string {
  if (columns.has("IS_VISIBLE")) return "IS_VISIBLE = 'NO'";
  return columns.has("IGNORED") ? "IGNORED = 'YES'" : "0";
}

function indexOf(schema: string, parts: readonly Row[]): readonly IndexDefinition[] {
  const [first] = parts;
  if (first === undefined) return [];
  return [
    {
      schema,
      table: text(first, "table_name") ?? "",
      name: text(first, "index_name") ?? "",
      unique: number(first, "non_unique") === 0,
      visible: number(first, "hidden") !== 1,
      type: text(first, "index_type") ?? "",
      parts: parts.map(partOf),
    },
  ];
}

function partOf(row: Row): IndexPart {
  return {
    column: text(row, "column_name"),
    expression: text(row, "expression"),
    length: number(row, "sub_part"),
    descending: text(row, "direction") === "D",
  };
}

/** What foreign keys of a schema need an index of, at both of their ends. */
export async function readKeyColumns(
  connection: DatabaseConnection,
  schema: string,
  signal: AbortSignal,
): Promise<readonly KeyColumns[]> {
  const rows = await connection.query(
    `SELECT TABLE_NAME AS table_name, CONSTRAINT_NAME AS constraint_name, COLUMN_NAME AS column_name,
            REFERENCED_TABLE_SCHEMA AS other_schema, REFERENCED_TABLE_NAME AS other_table,
            REFERENCED_COLUMN_NAME AS other_column
       FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = ? AND REFERENCED_TABLE_NAME IS NOT NULL
      ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION LIMIT ${mostColumns}`,
    [schema],
    signal,
  );
  const keys = Map.groupBy(rows, (row) => `${text(row, "table_name")}\0${text(row, "constraint_name")}`);
  return [...keys.values()].flatMap((parts) => {
    const [first = {}] = parts;
    const all = (column: string) => parts.map((row) => text(row, column) ?? "");
    return [
      { schema, table: text(first, "table_name") ?? "", columns: all("column_name") },
      {
        schema: text(first, "other_schema") ?? schema,
        table: text(first, "other_table") ?? "",
        columns: all("other_column"),
      },
    ];
  });
}

/** What is known of a table that has the index of a finding. */
export interface TableFacts {
  /** Of its indexes together; the primary key of InnoDB is none of them. An estimate of the server. */
  readonly indexBytes: number;
  /** When it was made, or last changed by ALTER TABLE or CREATE INDEX: then what was counted of it begins anew. */
  readonly madeMicros: number;
}

export async function readTableFacts(
  connection: DatabaseConnection,
  schema: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, TableFacts>> {
  const rows = await connection.query(
    `SELECT TABLE_NAME AS table_name, INDEX_LENGTH AS index_length, UNIX_TIMESTAMP(CREATE_TIME) AS made
       FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'BASE TABLE' LIMIT ${mostColumns}`,
    [schema],
    signal,
  );
  return new Map(
    rows.map((row) => [
      text(row, "table_name") ?? "",
      { indexBytes: number(row, "index_length") ?? 0, madeMicros: (number(row, "made") ?? 0) * 1_000_000 },
    ]),
  );
}
