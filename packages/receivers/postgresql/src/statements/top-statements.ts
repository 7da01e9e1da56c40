import { counterIndex, type StatementColumn } from "./statement-columns.ts";
import type { StatementDeltas } from "./statement-deltas.ts";
import type { StatementTable } from "./statement-table.ts";

/** What makes a statement worth an event of its own. `share` of `top_n_query` statements are taken by each measure. */
const measures: readonly { readonly column: StatementColumn; readonly share: number }[] = [
  { column: "total_exec_time", share: 1 },
  { column: "calls", share: 0.25 },
];

/** The sum of what was not selected, for one database. */
export interface OtherStatements {
  readonly databaseId: number;
  /** How many entries it is the sum of. */
  readonly statements: number;
  /** One sum for each counter of the shape. */
  readonly values: Float64Array;
}

export interface Selection {
  /** Lines of the deltas, the greatest execution time first. */
  readonly top: readonly number[];
  readonly others: readonly OtherStatements[];
}

/**
 * The union of the greatest statements by each measure; what is left is summed by database, so that nothing of the
 * total is lost.
 */
export function selectTop(args: {
  readonly current: StatementTable;
  readonly deltas: StatementDeltas;
  readonly limit: number;
  /** Rows of `current` that are not reported at all: other databases, the collector's own statements. */
  readonly excluded: (row: number) => boolean;
}): Selection {
  const { current, deltas, limit, excluded } = args;
  const width = current.shape.counters.length;
  const lines: number[] = [];
  for (let line = 0; line < deltas.count; line++) {
    if (!excluded(deltas.rows[line] ?? -1)) lines.push(line);
  }
  const chosen = new Set<number>();
  for (const { column, share } of measures) {
    const counter = counterIndex(current.shape, column);
    if (counter < 0) continue;
    const measure = (line: number) => deltas.values[line * width + counter] ?? 0;
    for (const line of greatest(lines, Math.ceil(limit * share), measure)) chosen.add(line);
  }
  const others = new Map<number, { databaseId: number; statements: number; values: Float64Array }>();
  for (const line of lines) {
    if (chosen.has(line)) continue;
    const databaseId = current.databaseId(deltas.rows[line] ?? -1);
    let other = others.get(databaseId);
    if (other === undefined) {
      other = { databaseId, statements: 0, values: new Float64Array(width) };
      others.set(databaseId, other);
    }
    other.statements++;
    for (let counter = 0; counter < width; counter++) {
      other.values[counter] = (other.values[counter] ?? 0) + (deltas.values[line * width + counter] ?? 0);
    }
  }
  return { top: [...chosen], others: [...others.values()] };
}

/** At most `limit` lines with the greatest measure above zero, the greatest first. */
function greatest(lines: readonly number[], limit: number, measure: (line: number) => number): number[] {
  const best: number[] = [];
  let threshold = 0;
  for (const line of lines) {
    const value = measure(line);
    if (value <= threshold) continue;
    let from = 0;
    let to = best.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (measure(best[middle] ?? line) >= value) from = middle + 1;
      else to = middle;
    }
    best.splice(from, 0, line);
    if (best.length > limit) best.pop();
    if (best.length === limit) threshold = measure(best[limit - 1] ?? line);
  }
  return best;
}
