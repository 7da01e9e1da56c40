import type { ComparedSession } from "@dbintel/watching";
import type { LockWait } from "./lock-wait.ts";
import type { Session } from "./session.ts";
import type { WaitEvent } from "./thread-waits.ts";
import type { Transaction } from "./transactions.ts";

/** A session with what it waits for and its place among those that block each other. */
export interface ActiveSession {
  /** One for its life. */
  readonly id: string;
  readonly session: Session;
  /** The lock that it waits for. */
  readonly lock: LockWait | undefined;
  readonly transaction: Transaction | undefined;
  /** Whether it does something, or waits for others or is in their way. */
  readonly sampled: boolean;
  /** Whether others wait for it. */
  readonly blocks: boolean;
  /** What it waits for now, where the server notes waits. */
  readonly wait: WaitEvent | undefined;
  /** Seconds since the look before, by name of wait. */
  readonly waited: ReadonlyMap<string, number>;
}

/** The schema that a session works in. */
export function namespaceOf({ schema, statement }: Pick<Session, "schema" | "statement">): string | undefined {
  return statement?.schema ?? schema;
}

/**
 * What makes a session worth another report: another statement, command, transaction or lock. What else it waits for is
 * no change: that changes all the time.
 */
export function comparedSession({ id, session, lock, transaction, blocks }: ActiveSession): ComparedSession {
  const { statement, command, info, threadId } = session;
  const execution = statement === undefined ? info : String(statement.eventId);
  const lockName = lock && [execution, lock.mode, lock.type, lock.relation, lock.index].join("|");
  const blockers = lock?.blockers.toSorted((one, other) => one - other).join(",");
  return {
    id: `${id}/${threadId}`,
    identity: [execution, statement?.ended, command, transaction?.name, blocks, lockName, blockers].join("|"),
    lock: lockName,
    lockSinceMicros: transaction?.waitingSinceMicros,
    over: command === "Sleep" && !blocks,
  };
}
