import type { LockWait } from "./lock-wait.ts";
import type { Session } from "./session.ts";

/**
 * Why a session is reported.
 * - `first`: it did nothing at the last look, or was not there.
 * - `changed`: another statement, transaction or state, another lock that it waits for, other sessions that block it.
 * - `lasting`: all of that goes on.
 */
export type SampleReason = "first" | "changed" | "lasting";

/** A session with its place among those that block each other. */
export interface ActiveSession {
  readonly session: Session;
  /** What it waits for, when somebody blocks it. */
  readonly wait: LockWait | undefined;
  /** Whether others wait for it. */
  readonly blocks: boolean;
}

interface Remembered {
  readonly identity: string;
  /** Polls since the last report. */
  readonly silent: number;
  /** Polls from the last report to the next while nothing changes. */
  readonly gap: number;
  /** The lock that it waits for, and since when. */
  readonly lock: string | undefined;
  readonly waitingSinceMicros: bigint | undefined;
}

/** What one poll makes of the sessions that it saw. */
export interface SampleSelection {
  readonly reported: readonly (ActiveSession & { readonly reason: SampleReason })[];
  /** What to remember once the report has been taken. */
  readonly next: ReadonlyMap<string, Remembered>;
}

/** While nothing changes a session is still reported about this often. */
const longestSilenceMs = 60_000;

/**
 * Chooses the sessions worth a report: once when something changes, then after 1, 2, 4 … polls, so that a statement of an
 * hour is not hundreds of equal records. What else it waits for than locks is no change: that changes all the time.
 */
export class SampleMemory {
  readonly #longestGap: number;
  #sessions: ReadonlyMap<string, Remembered> = new Map();

  constructor(options: { readonly intervalMs: number }) {
    this.#longestGap = Math.max(1, Math.floor(longestSilenceMs / options.intervalMs));
  }

  /** When a session began to wait for this lock: as the server says, or since it was first seen waiting. */
  waitingSince(session: Session, wait: LockWait, nowMicros: bigint): bigint {
    const known = this.#sessions.get(session.id);
    const seenMicros = known?.lock === lockOf(session, wait) ? known.waitingSinceMicros : undefined;
    const sinceMicros = wait.sinceMicros ?? seenMicros ?? nowMicros;
    // It may have begun after the sessions were read.
    return sinceMicros < nowMicros ? sinceMicros : nowMicros;
  }

  select(sessions: readonly ActiveSession[], nowMicros: bigint): SampleSelection {
    const reported: SampleSelection["reported"][number][] = [];
    const next = new Map<string, Remembered>();
    for (const active of sessions) {
      const { session, wait } = active;
      const identity = identityOf(active);
      const known = this.#sessions.get(session.id);
      const waiting = {
        lock: wait && lockOf(session, wait),
        waitingSinceMicros: wait && this.waitingSince(session, wait, nowMicros),
      };
      if (known?.identity !== identity) {
        reported.push({ ...active, reason: known === undefined ? "first" : "changed" });
        next.set(session.id, { ...waiting, identity, silent: 0, gap: 1 });
      } else if (known.silent + 1 < known.gap || isOver(active)) {
        next.set(session.id, { ...waiting, identity, silent: known.silent + 1, gap: known.gap });
      } else {
        reported.push({ ...active, reason: "lasting" });
        next.set(session.id, { ...waiting, identity, silent: 0, gap: Math.min(this.#longestGap, 2 * known.gap) });
      }
    }
    return { reported, next };
  }

  commit({ next }: SampleSelection): void {
    this.#sessions = next;
  }
}

/** A statement that has ended is told once, unless its session is still in the way of others. */
function isOver({ session, blocks }: ActiveSession): boolean {
  return session.state === "idle" && !blocks;
}

function lockOf({ queryMicros }: Session, { mode, type, relation }: LockWait): string {
  return [queryMicros, mode, type, relation].join("|");
}

function identityOf({ session, wait, blocks }: ActiveSession): string {
  const { transactionMicros, queryMicros, stateMicros, state } = session;
  const lock = wait && [wait.mode, wait.type, wait.relation, ...wait.blockers.toSorted((one, other) => one - other)];
  return [transactionMicros, queryMicros, stateMicros, state, blocks, lock].join("|");
}
