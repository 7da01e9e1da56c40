/** A vertex of a graph whose arrows go to others of the same graph. */
export interface Vertex<Self> {
  readonly targets: readonly Self[];
}

/** A vertex that is being looked at, and the arrow that comes next. */
interface Visit<V> {
  readonly vertex: V;
  next: number;
}

/**
 * The strongly connected components of a graph: vertices that can all be reached from one another. A component comes after
 * all those that its arrows lead to. R. Tarjan, "Depth-first search and linear graph algorithms" (1972), without recursion:
 * a chain of sessions may be long.
 */
export function components<V extends Vertex<V>>(vertices: Iterable<V>): readonly (readonly V[])[] {
  const found: V[][] = [];
  const index = new Map<V, number>();
  const low = new Map<V, number>();
  const open: V[] = [];
  const isOpen = new Set<V>();
  const path: Visit<V>[] = [];
  const enter = (vertex: V) => {
    index.set(vertex, index.size);
    low.set(vertex, index.size - 1);
    open.push(vertex);
    isOpen.add(vertex);
    path.push({ vertex, next: 0 });
  };
  const lower = (vertex: V, to: number | undefined) => low.set(vertex, Math.min(low.get(vertex) ?? 0, to ?? 0));
  const leave = ({ vertex }: Visit<V>) => {
    const parent = path.at(-1)?.vertex;
    if (parent !== undefined) lower(parent, low.get(vertex));
    if (low.get(vertex) !== index.get(vertex)) return;
    const component = open.splice(open.lastIndexOf(vertex));
    for (const member of component) isOpen.delete(member);
    found.push(component);
  };
  for (const start of vertices) {
    if (!index.has(start)) enter(start);
    for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
      const target = visit.vertex.targets[visit.next++];
      if (target === undefined) {
        path.pop();
        leave(visit);
      } else if (!index.has(target)) enter(target);
      else if (isOpen.has(target)) lower(visit.vertex, index.get(target));
    }
  }
  return found;
}
