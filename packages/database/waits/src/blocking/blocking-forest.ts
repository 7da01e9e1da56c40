import { components, type Vertex } from "./components.ts";

/** One session waits for another. Sessions are named as the server names them: a process or a thread. */
export interface BlockingEdge {
  readonly blocked: string;
  readonly blocker: string;
  /** How long it has waited. */
  readonly seconds: number;
  /** What it asks for, such as `AccessExclusiveLock` or `X,GAP`. */
  readonly lockMode?: string | undefined;
  /** What it is about, such as `public.orders`. */
  readonly relation?: string | undefined;
}

/** A session that blocks others and waits for none, or that stands for several which wait for each other. */
export interface BlockingRoot {
  readonly session: string;
  /** Sessions that wait until it goes on, directly or behind others. Each waiting session belongs to one root. */
  readonly blockedSessions: number;
  /** The longest way down to a session that waits: 1 where all wait for the root itself. */
  readonly depth: number;
  /** What they have waited, taken together. */
  readonly blockedSeconds: number;
  readonly longestSeconds: number;
  /** What the sessions below ask for, and on what; each once, in order. */
  readonly lockModes: readonly string[];
  readonly relations: readonly string[];
  /** It waits for a session that waits for it: the server will end one of them, or has not noticed yet. */
  readonly inCycle: boolean;
}

/** Where a waiting session stands. */
export interface BlockedSession {
  /** The nearest root; of several as near, the one that comes first. */
  readonly root: string;
  /** Steps to the root. 0 for a session of a circle that is the root itself. */
  readonly depth: number;
  /** The longest of its waits. */
  readonly seconds: number;
}

export interface BlockingForest {
  /** Those with most blocked seconds first. */
  readonly roots: readonly BlockingRoot[];
  readonly blocked: ReadonlyMap<string, BlockedSession>;
}

class Session implements Vertex<Session> {
  readonly name: string;
  /** Whom it waits for. */
  readonly targets: Session[] = [];
  readonly waits: BlockingEdge[] = [];
  readonly blocks: Session[] = [];
  root: Session | undefined;
  depth = 0;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * Who blocks whom, seen from those that hold everybody up. A session that waits for several belongs to the nearest root, so
 * that the numbers of all roots add up to those of all sessions. The order of the edges does not matter. Linear in sessions
 * and edges, apart from the sorting of names.
 */
export function blockingForest(edges: Iterable<BlockingEdge>): BlockingForest {
  const sessions = sessionsOf(edges);
  const roots: Session[] = [];
  for (const component of components(sessions)) {
    const inside = new Set(component);
    if (component.every(({ targets }) => targets.every((target) => inside.has(target)))) {
      roots.push(component.reduce((first, session) => (session.name < first.name ? session : first)));
    }
  }
  reach(roots.toSorted(byName));
  return describe(sessions);
}

/** In the order of their names, and so are those that each of them blocks. */
function sessionsOf(edges: Iterable<BlockingEdge>): readonly Session[] {
  const sessions = new Map<string, Session>();
  const named = (name: string) => {
    const session = sessions.get(name) ?? new Session(name);
    sessions.set(name, session);
    return session;
  };
  for (const edge of edges) {
    // Workers of one parallel statement wait for their leader under its name.
    if (edge.blocked === edge.blocker) continue;
    named(edge.blocked).waits.push(edge);
    named(edge.blocker);
  }
  const inOrder = [...sessions.values()].toSorted(byName);
  for (const session of inOrder) {
    for (const { blocker } of session.waits) {
      session.targets.push(named(blocker));
      named(blocker).blocks.push(session);
    }
  }
  return inOrder;
}

function byName(one: Session, other: Session): number {
  return one.name < other.name ? -1 : 1;
}

/** Breadth first from all roots at once, so that each session is reached from the nearest. */
function reach(roots: readonly Session[]): void {
  const reached = [...roots];
  for (const root of roots) root.root = root;
  for (const session of reached) {
    for (const below of session.blocks) {
      if (below.root !== undefined) continue;
      below.root = session.root;
      below.depth = session.depth + 1;
      reached.push(below);
    }
  }
}

function describe(sessions: readonly Session[]): BlockingForest {
  const blocked = new Map<string, BlockedSession>();
  const byRoot = new Map<Session, Session[]>();
  for (const session of sessions) {
    const { name, root, depth, waits } = session;
    if (root === undefined || waits.length === 0) continue;
    blocked.set(name, { root: root.name, depth, seconds: longest(waits) });
    const others = byRoot.get(root);
    if (others === undefined) byRoot.set(root, [session]);
    else others.push(session);
  }
  const roots = [...byRoot].map(([root, below]) => describeRoot(root, below));
  return {
    roots: roots.toSorted((one, other) => other.blockedSeconds - one.blockedSeconds),
    blocked,
  };
}

function describeRoot(root: Session, below: readonly Session[]): BlockingRoot {
  const edges = below.flatMap(({ waits }) => waits);
  const seconds = below.map(({ waits }) => longest(waits));
  return {
    session: root.name,
    blockedSessions: below.length,
    depth: below.reduce((deepest, { depth }) => Math.max(deepest, depth), 0),
    blockedSeconds: seconds.reduce((total, value) => total + value, 0),
    longestSeconds: longest(edges),
    lockModes: distinct(edges.map(({ lockMode }) => lockMode)),
    relations: distinct(edges.map(({ relation }) => relation)),
    inCycle: root.waits.length > 0,
  };
}

function longest(edges: readonly BlockingEdge[]): number {
  return edges.reduce((most, { seconds }) => (seconds > most ? seconds : most), 0);
}

function distinct(values: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(values.filter((value) => value !== undefined))].toSorted();
}
