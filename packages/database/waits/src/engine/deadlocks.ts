import type { DeadlockFacts } from "../advice/evidence.ts";

/** One party of a deadlock, as a receiver tells it. */
export interface DeadlockParty {
  /** The same for all parties. */
  readonly id: string;
  readonly timeMs: number;
  /** Deadlocks since the last look, where the server remembers the latest alone. Default 1. */
  readonly count?: number | undefined;
  /** What it waited for. */
  readonly relation?: string | undefined;
  /** Fingerprint of its statement. */
  readonly query?: string | undefined;
}

/** Deadlocks of one database that are told apart. */
const mostDeadlocks = 100;
/** Names that are shown. */
const mostNames = 5;

interface Deadlock {
  readonly timeMs: number;
  readonly count: number;
  parties: number;
  readonly relations: Set<string>;
  readonly queries: Set<string>;
}

/** The deadlocks of one database within the last minutes. */
export class Deadlocks {
  /** By id, in the order in which they were told. */
  readonly #seen = new Map<string, Deadlock>();

  add({ id, timeMs, count = 1, relation, query }: DeadlockParty): void {
    const known = this.#seen.get(id) ?? {
      ...{ timeMs, count: Math.max(1, count), parties: 0 },
      ...{ relations: new Set<string>(), queries: new Set<string>() },
    };
    known.parties++;
    if (relation !== undefined && known.relations.size < mostNames) known.relations.add(relation);
    if (query !== undefined && known.queries.size < mostNames) known.queries.add(query);
    this.#seen.set(id, known);
    if (this.#seen.size <= mostDeadlocks) return;
    const [oldest] = this.#seen.keys();
    if (oldest !== undefined) this.#seen.delete(oldest);
  }

  /** Those of the window that ends now; none has been seen in most. */
  facts(nowMs: number, windowMs: number): Omit<DeadlockFacts, "made"> {
    for (const [id, { timeMs }] of this.#seen) if (Math.abs(nowMs - timeMs) > windowMs) this.#seen.delete(id);
    const all = [...this.#seen.values()];
    const names = (of: (deadlock: Deadlock) => ReadonlySet<string>) =>
      [...new Set(all.flatMap((deadlock) => [...of(deadlock)]))].slice(0, mostNames);
    return {
      count: all.reduce((sum, { count }) => sum + count, 0),
      sessions: all.reduce((sum, { parties }) => sum + parties, 0),
      windowSeconds: windowMs / 1000,
      relations: names(({ relations }) => relations),
      queries: names(({ queries }) => queries),
    };
  }
}
