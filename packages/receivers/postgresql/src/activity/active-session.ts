import type { ComparedSession } from "@dbintel/watching";
import type { LockWait } from "./lock-wait.ts";
import type { Session } from "./session.ts";

/** A session with its place among those that block each other. */
export interface ActiveSession {
  readonly session: Session;
  /** What it waits for, when somebody blocks it. */
  readonly wait: LockWait | undefined;
  /** Whether others wait for it. */
  readonly blocks: boolean;
}

/**
 * A session as the memory of samples compares it. What else it waits for than locks is no change: that changes all the
 * time. A statement that has ended is told once, unless its session is still in the way of others.
 */
export function comparedSession({ session, wait, blocks }: ActiveSession): ComparedSession {
  const { id, transactionMicros, queryMicros, stateMicros, state } = session;
  const lock = wait && [wait.mode, wait.type, wait.relation];
  const blockers = wait?.blockers.toSorted((one, other) => one - other);
  return {
    id,
    identity: [transactionMicros, queryMicros, stateMicros, state, blocks, lock, blockers].join("|"),
    lock: lock && [queryMicros, ...lock].join("|"),
    lockSinceMicros: wait?.sinceMicros,
    over: state === "idle" && !blocks,
  };
}
