import type { OwnTime } from "@dbintel/watching";

/** The state of a server's statistics at a poll. They live in its memory and begin anew with it. */
export interface StatementEpoch {
  /** The server's clock before the counters were read. */
  readonly clockMicros: bigint;
  readonly uptimeSeconds: bigint;
  /** What tells the server from another one under the same address. */
  readonly identity: string;
  /** The session's number of ours: a session outlives no restart. */
  readonly session: number;
  /** The server's number of the session, which counts up and begins anew with the server. */
  readonly connectionId: bigint;
  /** The collector's clocks then. */
  readonly own: OwnTime;
}

/** What two readings have to do with each other. */
export type Continuity =
  /** The same statistics, read on. */
  | "continued"
  /** The server was restarted in between: everything that is there now was counted since. */
  | "restarted"
  /** Another server answers: nothing can be compared. */
  | "unknown";

/** The uptime is told in whole seconds, and reading takes a moment. */
const toleranceMicros = 3_000_000n;

/**
 * Whether the server was restarted between two readings. A new session alone may have other reasons, so that one of
 * these must come with it: the server was started at another moment, or the number of the session has fallen. Its clock and
 * its uptime, which is told by that clock, make that moment the same however often the clock was set.
 */
export function continuity(before: StatementEpoch, now: StatementEpoch): Continuity {
  if (now.identity !== before.identity) return "unknown";
  if (now.session === before.session) return "continued";
  const moved = startedMicros(now) - startedMicros(before);
  const isSame = moved <= toleranceMicros && -moved <= toleranceMicros;
  return isSame && now.connectionId >= before.connectionId ? "continued" : "restarted";
}

function startedMicros({ clockMicros, uptimeSeconds }: StatementEpoch): bigint {
  return clockMicros - uptimeSeconds * 1_000_000n;
}

/** How far the server's clock and ours may drift apart between two readings before one of them may have been set. */
const driftMicros = 2_000_000;

/** Whether somebody may have set the server's clock between two readings. Only ours can show it. */
export function clockMayBeSet(before: StatementEpoch, now: StatementEpoch): boolean {
  const ownMicros = (now.own.monotonicMs - before.own.monotonicMs) * 1000;
  return Math.abs(Number(now.clockMicros - before.clockMicros) - ownMicros) > driftMicros;
}
