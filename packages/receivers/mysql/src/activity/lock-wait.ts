/** The lock that a session waits for. Sessions are named by their number in the process list. */
export interface LockWait {
  readonly session: number;
  /** Whom it waits for, each once. */
  readonly blockers: readonly number[];
  /** What it asks for, such as `X,REC_NOT_GAP` or `EXCLUSIVE`. */
  readonly mode: string;
  /** What kind of thing is locked: `RECORD`, `TABLE`, `METADATA`, `USER LEVEL LOCK` … */
  readonly type: string;
  /** `schema.table`. */
  readonly relation: string | undefined;
  readonly index: string | undefined;
}

/** One session in the way of another. */
export interface LockEdge extends Omit<LockWait, "blockers"> {
  readonly blocker: number;
}

/** Most edges that are read at once: of a hundred sessions that wait for one, each waits for all before it. */
export const mostEdges = 5000;

/** What each session waits for; of several locks the first, with all who hold it up. */
export function lockWaits(edges: Iterable<LockEdge>): readonly LockWait[] {
  const waits = new Map<number, LockWait & { readonly blockers: number[] }>();
  for (const { blocker, ...wait } of edges) {
    const known = waits.get(wait.session);
    if (known === undefined) waits.set(wait.session, { ...wait, blockers: [blocker] });
    else if (!known.blockers.includes(blocker)) known.blockers.push(blocker);
  }
  return [...waits.values()];
}
