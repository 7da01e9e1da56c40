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
  /** The collector's clock, which nobody sets. */
  readonly monotonicMs: number;
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
const toleranceSeconds = 2;

/**
 * Whether the server was restarted between two readings. A new session alone may have other reasons, so that one of
 * these must come with it: the uptime or the number of the session has fallen, or the uptime is shorter than the time
 * that has passed. That time is the shorter one of two clocks, one of which may have been set.
 */
export function continuity(before: StatementEpoch, now: StatementEpoch): Continuity {
  if (now.identity !== before.identity) return "unknown";
  if (now.session === before.session) return "continued";
  if (now.uptimeSeconds < before.uptimeSeconds || now.connectionId < before.connectionId) return "restarted";
  const elapsedSeconds = Math.min(
    Number(now.clockMicros - before.clockMicros) / 1e6,
    (now.monotonicMs - before.monotonicMs) / 1000,
  );
  const grownSeconds = Number(now.uptimeSeconds - before.uptimeSeconds);
  return grownSeconds + toleranceSeconds < elapsedSeconds ? "restarted" : "continued";
}
