import type { DigestTable } from "./digest-table.ts";
import { callsIndex, timeIndex, together } from "./statement-columns.ts";
import type { StatementDelta } from "./statement-deltas.ts";

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
  readonly top: readonly StatementDelta[];
  /** The row of all statements that found no row of their own, if it changed. */
  readonly overflow: StatementDelta | undefined;
  readonly others: readonly OtherStatements[];
}

/**
 * The union of the greatest statements by each measure; what is left is summed by schema, so that nothing of the
 * total is lost.
 */
export function selectTop(args: {
  readonly table: DigestTable;
  readonly changed: readonly StatementDelta[];
  readonly limit: number;
  /** Rows that are not reported at all: other schemas, the collector's own statements. */
  readonly excluded: (row: number) => boolean;
}): Selection {
  const { table, changed, limit, excluded } = args;
  const overflow = changed.find(({ row }) => table.key(row).digest === null);
  const reported = changed.filter((delta) => delta !== overflow && !excluded(delta.row));
  const chosen = new Set<StatementDelta>();
  for (const { counter, share } of measures) {
    const measure = ({ values }: StatementDelta) => values[counter] ?? 0n;
    const sorted = reported
      .filter((delta) => measure(delta) > 0n)
      .toSorted((a, b) => (measure(a) < measure(b) ? 1 : measure(a) > measure(b) ? -1 : a.row - b.row));
    for (const delta of sorted.slice(0, Math.ceil(limit * share))) chosen.add(delta);
  }
  const others = new Map<string | null, { statements: number; values: bigint[] }>();
  for (const delta of reported) {
    if (chosen.has(delta)) continue;
    const { schema } = table.key(delta.row);
    const other = others.get(schema) ?? { statements: 0, values: table.counters.map(() => 0n) };
    other.statements++;
    for (const [at, counter] of table.counters.entries()) {
      const value = delta.values[at] ?? 0n;
      if (value > 0n) other.values[at] = together(counter, other.values[at] ?? 0n, value);
    }
    others.set(schema, other);
  }
  return { top: [...chosen], overflow, others: [...others].map(([schema, other]) => ({ schema, ...other })) };
}
