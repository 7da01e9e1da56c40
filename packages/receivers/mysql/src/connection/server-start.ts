import type { Host } from "@dbintel/pipeline";
import { KeptState } from "@dbintel/watching";
import { namedValues } from "./capabilities.ts";
import type { DatabaseConnection } from "./connection.ts";
import { serverClock } from "./server-clock.ts";

/** The uptime is in whole seconds: what differs by few of them is the same start. */
const toleranceMicros = 3_000_000n;

/**
 * The uptime that a server writes: by its clock, and so below zero when somebody has set that to before its start, which it
 * writes as a number without a sign.
 */
export function uptimeOf(written: string | undefined): bigint {
  return BigInt.asIntN(64, BigInt(written ?? 0));
}

/**
 * When a server started, by its own clock and uptime: the same moment for all looks until it is restarted, those of another
 * process too. Counters whose start moves look as if they had begun anew.
 */
export class ServerStart {
  readonly #known: KeptState<bigint | undefined, string | null>;

  constructor(host: Host) {
    this.#known = new KeptState<bigint | undefined, string | null>({
      ...{ host, name: "server-start", version: 1, initial: undefined },
      loss: "counters look as if they had begun anew",
      write: (micros) => (micros === undefined ? null : String(micros)),
      read: (written) => (written === null ? undefined : BigInt(written)),
    });
  }

  /** In microseconds since 1970. */
  async at(args: { readonly clockMicros: bigint; readonly uptimeSeconds: bigint }): Promise<bigint> {
    const micros = args.clockMicros - args.uptimeSeconds * 1_000_000n;
    const known = await this.#known.get();
    if (known !== undefined && micros - known <= toleranceMicros && known - micros <= toleranceMicros) return known;
    this.#known.set(micros);
    return micros;
  }

  /** Waits until it is saved. Never rejects. */
  close(): Promise<void> {
    return this.#known.close();
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
  const uptimeSeconds = uptimeOf(namedValues(status).get("uptime"));
  return { clockMicros, startedMicros: await start.at({ clockMicros, uptimeSeconds }) };
}
