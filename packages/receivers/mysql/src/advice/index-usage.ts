import type { DatabaseConnection } from "../connection/connection.ts";
import { systemSchemaList } from "../objects/schemas.ts";
import { tableKey } from "./index-definition.ts";

/** Rows of the summary that are read: one for each index of a table that was opened since the server has started. */
const mostRows = 200_000;

/** What a table and its indexes were used for since the server counts. */
export interface TableUsage {
  /** Rows that were inserted, changed and deleted. */
  readonly writes: number;
  /** All that was counted of it, with an index or without. */
  readonly total: number;
  /** Its indexes that nothing was counted of. */
  readonly unused: ReadonlySet<string>;
}

/** Whether the server counts what tables are used for at this moment. */
export async function countsUsage(connection: DatabaseConnection, signal: AbortSignal): Promise<boolean> {
  const consumers = await connection.query(
    `SELECT NAME AS name FROM performance_schema.setup_consumers
      WHERE NAME IN ('global_instrumentation', 'thread_instrumentation') AND ENABLED = 'YES'`,
    [],
    signal,
  );
  const instruments = await connection.query(
    `SELECT NAME AS name FROM performance_schema.setup_instruments
      WHERE NAME = 'wait/io/table/sql/handler' AND ENABLED = 'YES'`,
    [],
    signal,
  );
  return consumers.length === 2 && instruments.length === 1;
}

/** By table; `undefined` where there are more tables and indexes than are read. */
export async function readUsage(
  connection: DatabaseConnection,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, TableUsage> | undefined> {
  const rows = await connection.rows(
    `SELECT OBJECT_SCHEMA, OBJECT_NAME, INDEX_NAME, COUNT_STAR, COUNT_INSERT + COUNT_UPDATE + COUNT_DELETE
       FROM performance_schema.table_io_waits_summary_by_index_usage
      WHERE OBJECT_TYPE = 'TABLE' AND OBJECT_SCHEMA NOT IN (${systemSchemaList}) LIMIT ${mostRows}`,
    signal,
  );
  if (rows.length >= mostRows) return undefined;
  const tables = new Map<string, { writes: number; total: number; readonly unused: Set<string> }>();
  for (const [, schema, table, index, total, writes] of rows) {
    const key = tableKey({ schema: String(schema), table: String(table) });
    const usage = tables.get(key) ?? { writes: 0, total: 0, unused: new Set<string>() };
    usage.total += Number(total);
    usage.writes += Number(writes);
    if (index !== null && Number(total) === 0) usage.unused.add(String(index));
    tables.set(key, usage);
  }
  return tables;
}
