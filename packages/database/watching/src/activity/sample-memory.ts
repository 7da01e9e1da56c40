import type { RememberedSession, RememberedSessions } from "./remembered-look.ts";

/**
 * Why a session is reported.
 * - `first`: it did nothing at the last look, or was not there.
 * - `changed`: another statement, transaction or state, another lock that it waits for, other sessions that block it.
 * - `lasting`: all of that goes on.
 */
export type SampleReason = "first" | "changed" | "lasting";

/** A session as the memory compares it with what it was at the look before. */
export interface ComparedSession {
  /** One for the life of the session. */
  readonly id: string;
  /** Another one is worth a report. */
  readonly identity: string;
  /** The lock that it waits for; another one for each wait. */
  readonly lock: string | undefined;
  /** Since when it has waited for it, where the server says. */
  readonly lockSinceMicros: bigint | undefined;
  /** What has ended is told once. */
  readonly over: boolean;
}

/** What one poll makes of the sessions that it saw. */
export interface SampleSelection<Session> {
  readonly reported: readonly { readonly session: Session; readonly reason: SampleReason }[];
  /** What to remember once the report has been taken. */
  readonly next: RememberedSessions;
}

/** While nothing changes a session is still reported about this often. */
const longestSilenceMs = 60_000;

/**
 * Chooses the sessions worth a report: once when something changes, then after 1, 2, 4 … polls, so that a statement of an
 * hour is not hundreds of equal records.
 */
export class SampleMemory<Session> {
  readonly #longestGap: number;
  readonly #compared: (session: Session) => ComparedSession;
  #sessions: RememberedSessions = new Map();

  constructor(options: { readonly intervalMs: number; readonly compared: (session: Session) => ComparedSession }) {
    this.#longestGap = Math.max(1, Math.floor(longestSilenceMs / options.intervalMs));
    this.#compared = options.compared;
  }

  /** When a session began to wait for its lock: as the server says, or since it was first seen waiting. */
  waitingSince(session: Session, nowMicros: bigint): bigint | undefined {
    const { id, lock, lockSinceMicros } = this.#compared(session);
    if (lock === undefined) return undefined;
    const known = this.#sessions.get(id);
    const seenMicros = known?.lock === lock ? known.waitingSinceMicros : undefined;
    const sinceMicros = lockSinceMicros ?? seenMicros ?? nowMicros;
    // It may have begun after the sessions were read.
    return sinceMicros < nowMicros ? sinceMicros : nowMicros;
  }

  select(sessions: readonly Session[], nowMicros: bigint): SampleSelection<Session> {
    const reported: SampleSelection<Session>["reported"][number][] = [];
    const next = new Map<string, RememberedSession>();
    for (const session of sessions) {
      const { id, identity, lock, over } = this.#compared(session);
      const known = this.#sessions.get(id);
      const waiting = { identity, lock, waitingSinceMicros: this.waitingSince(session, nowMicros) };
      if (known?.identity !== identity) {
        reported.push({ session, reason: known === undefined ? "first" : "changed" });
        next.set(id, { ...waiting, silent: 0, gap: 1 });
      } else if (known.silent + 1 < known.gap || over) {
        next.set(id, { ...waiting, silent: known.silent + 1, gap: known.gap });
      } else {
        reported.push({ session, reason: "lasting" });
        next.set(id, { ...waiting, silent: 0, gap: Math.min(this.#longestGap, 2 * known.gap) });
      }
    }
    return { reported, next };
  }

  /** From here on sessions are compared with those of an earlier selection. */
  recall(sessions: RememberedSessions): void {
    this.#sessions = sessions;
  }
}
