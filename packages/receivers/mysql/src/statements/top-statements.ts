import type { DigestTable } from "./digest-table.ts";
import { IntegerTotals } from "./integers.ts";
import { callsIndex, timeIndex } from "./statement-columns.ts";
import { type CountedDelta, counted, type StatementDelta, type StatementDeltas } from "./statement-deltas.ts";

/** What makes a statement worth an event of its own. `share` of `top_query_count` statements are taken by each measure. */
const measures = [
  { counter: timeIndex, share: 1 },
  { counter: callsIndex, share: 0.25 },
] as const;

/** The sum of what was not selected, for one schema. */
export interface OtherStatements {
  readonly schema: string | null;
  /** How many rows it is the sum of. */
  readonly statements: number;
  readonly values: readonly bigint[];
}

export interface Selection {
  /** The greatest execution time first. */
  readonly top: readonly CountedDelta[];
  /** The row of all statements that found no row of their own, if it changed. */
  readonly overflow: CountedDelta | undefined;
  readonly others: readonly OtherStatements[];
}

/**
 * The union of the greatest statements by each measure; what is left is summed by schema, so that nothing of the
 * total is lost.
 */
export function selectTop(args: {
  readonly table: DigestTable;
  readonly deltas: StatementDeltas;
  readonly limit: number;
  /** Rows that are not reported at all: other schemas, the collector's own statements. */
  readonly excluded: (row: number) => boolean;
}): Selection {
  const { table, deltas, limit, excluded } = args;
  const { changed, values } = deltas;
  const width = table.counters.length;
  const overflow = changed.find(({ row }) => table.key(row).digest === null);
  const reported = changed.filter((delta) => delta !== overflow && !excluded(delta.row));
  const chosen = new Set<StatementDelta>();
  for (const { counter, share } of measures) {
    const at = ({ row }: StatementDelta) => row * width + counter;
    const sorted = reported
      .filter((delta) => !values.isZero(at(delta)))
      .sort((a, b) => values.compare(at(b), values, at(a)) || a.row - b.row);
    for (const delta of sorted.slice(0, Math.ceil(limit * share))) chosen.add(delta);
  }
  const others = new Map<string | null, { statements: number; totals: IntegerTotals }>();
  for (const delta of reported) {
    if (chosen.has(delta)) continue;
    const { schema } = table.key(delta.row);
    const other = others.get(schema) ?? { statements: 0, totals: new IntegerTotals(width) };
    others.set(schema, other);
    other.statements++;
    for (let counter = 0; counter < width; counter++) {
      const at = delta.row * width + counter;
      if (table.counters[counter]?.type === "maximum") other.totals.raise(counter, values, at);
      else other.totals.add(counter, values, at);
    }
  }
  const withValues = (delta: StatementDelta) => counted(delta, deltas, table);
  return {
    top: Array.from(chosen, withValues),
    overflow: overflow && withValues(overflow),
    others: Array.from(others, ([schema, { statements, totals }]) => ({ schema, statements, values: totals.all })),
  };
}
