import type { DatabaseConnection } from "./connection.ts";

/** The server's clock in microseconds since 1970. */
export async function serverClock(connection: DatabaseConnection, signal: AbortSignal): Promise<bigint> {
  const [row] = await connection.query(
    "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED) AS clock",
    [],
    signal,
  );
  return typeof row?.clock === "bigint" ? row.clock : 0n;
}
