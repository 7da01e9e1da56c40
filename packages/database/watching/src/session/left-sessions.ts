import { DbintelError } from "@dbintel/errors";
import { Turn } from "../turn.ts";
import type { LeftSession } from "./session-dialect.ts";

/**
 * The sessions of one receiver that were left while a statement ran in them. Until the server was seen to have ended
 * them no other is opened in their place: whatever happens to the server, the collector never piles up on it.
 */
export class LeftSessions {
  readonly #endpoint: string;
  /** When each was left, in milliseconds. As many as a receiver has sessions: no other is opened before these are gone. */
  readonly #left = new Map<number, number>();
  /** For short sessions: one at a time. */
  readonly #turn = new Turn();

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  add(id: number, nowMs: number): void {
    this.#left.set(id, nowMs);
  }

  /** Lets one at a time have a short session. */
  short<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#turn.take(signal, work);
  }

  /** Resolves when none is left; rejects with `DBI_TIMEOUT` while one is, or with what kept us from looking. */
  async seenGone(args: {
    readonly nowMs: number;
    readonly signal: AbortSignal;
    readonly remaining: (left: readonly LeftSession[]) => Promise<readonly number[]>;
  }): Promise<void> {
    if (this.#left.size === 0) return;
    const { nowMs, signal, remaining } = args;
    const asked = [...this.#left].map(([id, sinceMs]) => ({ id, agoMs: nowMs - sinceMs }));
    const still = new Set(await this.short(signal, () => remaining(asked)));
    for (const { id } of asked) if (!still.has(id)) this.#left.delete(id);
    if (this.#left.size === 0) return;
    throw new DbintelError(`${this.#endpoint} has not ended a statement of the collector that was given up`, {
      code: "DBI_TIMEOUT",
      hint: "the collector sends nothing more in its place until the server has; it goes on by itself",
      retryable: true,
    });
  }
}
