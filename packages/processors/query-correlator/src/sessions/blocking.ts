import type { AnyValue } from "@dbintel/pdata";
import {
  type BlockedSession,
  type BlockerFacts,
  type BlockingEdge,
  type BlockingForest,
  type BlockingRoot,
  blockingForest,
} from "@dbintel/waits";
import type { Sample } from "./sample.ts";
import type { SessionMemory } from "./session-memory.ts";

/** Waiting sessions that a root is told of by name. */
const mostWaiters = 16;

/** Who blocks whom among the sessions of one server at one time. */
export class Blocking {
  readonly edges: readonly BlockingEdge[];
  readonly #forest: BlockingForest;
  readonly #server: string;
  readonly #sessions: SessionMemory;
  readonly #samples: ReadonlyMap<string, Sample>;
  readonly #roots: ReadonlyMap<string, BlockingRoot>;

  constructor(server: string, samples: readonly Sample[], sessions: SessionMemory) {
    this.#server = server;
    this.#sessions = sessions;
    this.#samples = new Map(samples.map((sample) => [sample.session, sample]));
    this.edges = samples.flatMap(({ session, blockers, blockedFor, lockMode, relation }) =>
      blockers.map((blocker) => ({ blocked: session, blocker, seconds: blockedFor, lockMode, relation })),
    );
    this.#forest = blockingForest(this.edges);
    this.#roots = new Map(this.#forest.roots.map((root) => [root.session, root]));
  }

  isRoot({ session }: Sample): boolean {
    return this.#roots.has(session);
  }

  /** What the record of a session is told of whom it waits for and who waits for it; `undefined` when neither is. */
  attributesOf({ session }: Sample): Readonly<Record<string, AnyValue | undefined>> | undefined {
    const root = this.#roots.get(session);
    const place = this.#forest.blocked.get(session);
    if (root === undefined && place === undefined) return undefined;
    return { ...(place && this.#asWaiting(place)), ...(root && this.#asRoot(root)) };
  }

  /** What is known of the sessions that others wait for. */
  blockers(atMs: number): ReadonlyMap<string, BlockerFacts> {
    const facts = this.#forest.roots.map(({ session }) => {
      const { idleInTransaction = false, transactionStartMs: startMs } = this.#samples.get(session) ?? {};
      const transactionSeconds = startMs === undefined ? undefined : Math.max(0, (atMs - startMs) / 1000);
      const query = this.#sessions.statementOf(this.#server, session)?.fingerprint;
      return [session, { idleInTransaction, transactionSeconds, query }] as const;
    });
    return new Map(facts);
  }

  #asWaiting({ root, depth }: BlockedSession): Readonly<Record<string, AnyValue | undefined>> {
    const statement = this.#sessions.statementOf(this.#server, root);
    return {
      "dbintel.blocking.depth": BigInt(depth),
      "dbintel.blocking.root.session.id": this.#samples.get(root)?.sessionId ?? root,
      "dbintel.blocking.root.fingerprint": statement?.fingerprint,
      "dbintel.blocking.root.summary": statement?.summary || undefined,
    };
  }

  #asRoot(root: BlockingRoot): Readonly<Record<string, AnyValue | undefined>> {
    const waiters = [...this.#forest.blocked]
      .filter(([session, place]) => place.root === root.session && session !== root.session)
      .toSorted(([, one], [, other]) => other.seconds - one.seconds)
      .slice(0, mostWaiters);
    return {
      "dbintel.blocking.sessions": BigInt(root.blockedSessions),
      "dbintel.blocking.seconds": root.blockedSeconds,
      "dbintel.blocking.in_cycle": root.inCycle,
      "dbintel.blocking.waiters": waiters.map(([session]) => this.#samples.get(session)?.sessionId ?? session),
      "dbintel.blocking.waiters.seconds": waiters.map(([, { seconds }]) => seconds),
    };
  }
}
