import { number, text } from "@dbintel/watching";
import type { DatabaseConnection } from "../connection/connection.ts";
import { systemSchemaList } from "./schemas.ts";

export interface SchemaCount {
  readonly schema: string;
  readonly tables: number;
}

/** How many tables each schema has, as far as the user may see them. Opens none of them. */
export async function tableCounts(
  connection: DatabaseConnection,
  signal: AbortSignal,
): Promise<readonly SchemaCount[]> {
  const rows = await connection.query(
    `SELECT TABLE_SCHEMA AS table_schema, COUNT(*) AS tables FROM information_schema.TABLES
      WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN (${systemSchemaList}) GROUP BY TABLE_SCHEMA`,
    [],
    signal,
  );
  return rows.map((row) => ({ schema: text(row, "table_schema") ?? "", tables: number(row, "tables") ?? 0 }));
}
