/** A table or an index as it is ranked; `key` is its own among all that are ranked together. */
export interface RankedRelation<Key extends number | string> {
  readonly key: Key;
  readonly size: number;
  /** A counter that only grows. */
  readonly activity: number;
}

interface Activity {
  readonly counter: number;
  readonly score: number;
}

/** Of the score of the last look this share is left: what was busy a moment ago stays for a while. */
const memory = 0.7;

/**
 * Chooses the tables, or the indexes, that are reported one by one: half of them the largest, the others those that
 * were busiest since the last look. What was busy long ago and rests now gives way, unlike in a ranking by totals.
 */
export class RelationRanking<Key extends number | string> {
  #known: ReadonlyMap<Key, Activity> | undefined;

  /** How many relations are remembered. */
  get size(): number {
    return this.#known?.size ?? 0;
  }

  /** The keys of the chosen ones. Remembers the activity of all. */
  choose(relations: readonly RankedRelation<Key>[], limit: number): readonly Key[] {
    const known = this.#known;
    const next = new Map<Key, Activity>();
    for (const { key, activity } of relations) {
      const before = known?.get(key);
      // At the first look everything is new; later, what is new was busy since then only.
      const grown = before === undefined || activity < before.counter ? activity : activity - before.counter;
      next.set(key, { counter: activity, score: grown + memory * (before?.score ?? 0) });
    }
    this.#known = next;
    if (relations.length <= limit) return relations.map(({ key }) => key);
    const bySize = top(relations, Math.ceil(limit / 2), ({ size }) => size);
    const chosen = new Set(bySize.map(({ key }) => key));
    const others = relations.filter(({ key }) => !chosen.has(key));
    for (const { key } of top(others, limit - chosen.size, ({ key }) => next.get(key)?.score ?? 0)) chosen.add(key);
    return [...chosen];
  }
}

function top<Key extends number | string>(
  relations: readonly RankedRelation<Key>[],
  count: number,
  score: (relation: RankedRelation<Key>) => number,
): readonly RankedRelation<Key>[] {
  return relations.toSorted((a, b) => score(b) - score(a) || (a.key < b.key ? -1 : 1)).slice(0, count);
}
