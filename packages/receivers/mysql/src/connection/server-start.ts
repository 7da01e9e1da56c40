import { namedValues } from "./capabilities.ts";
import type { DatabaseConnection } from "./connection.ts";
import { serverClock } from "./server-clock.ts";

/** The uptime is in whole seconds: what differs by few of them is the same start. */
const toleranceMicros = 3_000_000n;

/** When a server started, by its own clock and uptime: the same moment for all looks until it is restarted. */
export class ServerStart {
  #known: bigint | undefined;

  /** In microseconds since 1970. */
  at(args: { readonly clockMicros: bigint; readonly uptimeSeconds: bigint }): bigint {
    const micros = args.clockMicros - args.uptimeSeconds * 1_000_000n;
    const known = this.#known;
    if (known !== undefined && micros - known <= toleranceMicros && known - micros <= toleranceMicros) return known;
    this.#known = micros;
    return micros;
  }
}

/** The server's clock, and when it was started by that clock; both in microseconds since 1970. */
export async function startedServer(
  connection: DatabaseConnection,
  start: ServerStart,
  signal: AbortSignal,
): Promise<{ readonly clockMicros: bigint; readonly startedMicros: bigint }> {
  const clockMicros = await serverClock(connection, signal);
  const status = await connection.query("SHOW GLOBAL STATUS WHERE Variable_name = 'Uptime'", [], signal);
  const uptimeSeconds = BigInt(namedValues(status).get("uptime") ?? 0);
  return { clockMicros, startedMicros: start.at({ clockMicros, uptimeSeconds }) };
}
