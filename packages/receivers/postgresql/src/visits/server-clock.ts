import { integer } from "@dbintel/watching";
import type { DatabaseConnection } from "../connection/connection.ts";

/** The server's clock in nanoseconds since 1970; opens the session where there is none yet. */
export async function serverClock(connection: DatabaseConnection, signal: AbortSignal): Promise<bigint> {
  const [now = {}] = await connection.query(
    "SELECT (date_part('epoch', clock_timestamp()) * 1000000)::int8 AS clock",
    [],
    signal,
  );
  return (integer(now, "clock") ?? 0n) * 1000n;
}
