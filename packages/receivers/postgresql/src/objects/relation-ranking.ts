/** A relation as it is ranked. */
export interface RankedRelation {
  readonly oid: number;
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
 * Chooses the relations of one database that are reported one by one: half of them the largest, the others those that
 * were busiest since the last look. What was busy long ago and rests now gives way, unlike in a ranking by totals.
 */
export class RelationRanking {
  #known: ReadonlyMap<number, Activity> | undefined;

  /** How many relations are remembered. */
  get size(): number {
    return this.#known?.size ?? 0;
  }

  /** The oids of the chosen ones. Remembers the activity of all. */
  choose(relations: readonly RankedRelation[], limit: number): readonly number[] {
    const known = this.#known;
    const next = new Map<number, Activity>();
    for (const { oid, activity } of relations) {
      const before = known?.get(oid);
      // At the first look everything is new; later, what is new was busy since then only.
      const grown = before === undefined || activity < before.counter ? activity : activity - before.counter;
      next.set(oid, { counter: activity, score: grown + memory * (before?.score ?? 0) });
    }
    this.#known = next;
    if (relations.length <= limit) return relations.map(({ oid }) => oid);
    const bySize = top(relations, Math.ceil(limit / 2), ({ size }) => size);
    const chosen = new Set(bySize.map(({ oid }) => oid));
    const others = relations.filter(({ oid }) => !chosen.has(oid));
    for (const { oid } of top(others, limit - chosen.size, ({ oid }) => next.get(oid)?.score ?? 0)) chosen.add(oid);
    return [...chosen];
  }
}

function top(
  relations: readonly RankedRelation[],
  count: number,
  score: (relation: RankedRelation) => number,
): readonly RankedRelation[] {
  return relations.toSorted((a, b) => score(b) - score(a) || a.oid - b.oid).slice(0, count);
}
