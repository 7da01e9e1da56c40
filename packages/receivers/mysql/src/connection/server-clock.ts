import type { DatabaseConnection } from "./connection.ts";

/** An integer of SQL. */
export const clockMicrosSql = "CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED)";

/** The server's clock in microseconds since 1970. */
export async function serverClock(connection: DatabaseConnection, signal: AbortSignal): Promise<bigint> {
  const [row] = await connection.query(`SELECT ${clockMicrosSql} AS clock`, [], signal);
  return typeof row?.clock === "bigint" ? row.clock : 0n;
}
