import { type Measure, measuresOf } from "./measures.ts";
import type { StatementDeltas } from "./statement-deltas.ts";
import type { StatementTable } from "./statement-table.ts";

/** The sum of what was not selected, for one database. */
export interface OtherStatements {
  readonly databaseId: number;
  /** How many entries it is the sum of. */
  readonly statements: number;
  /** One sum for each counter of the shape. */
  readonly values: Float64Array;
}

export interface Selection {
  /** Lines of the deltas that are not excluded: those that are selected and those that are summed. */
  readonly lines: readonly number[];
  /** Lines of the deltas, the greatest execution time first. */
  readonly top: readonly number[];
  readonly others: readonly OtherStatements[];
}

/** Who was selected stays until its rank is this much worse: statements about the last place do not come and go. */
const stayFactor = 1.5;

/**
 * The union of the greatest statements by each measure; what is left is summed by database, so that nothing of the
 * total is lost.
 */
export function selectTop(args: {
  readonly current: StatementTable;
  readonly deltas: StatementDeltas;
  /** What the differences were made from. */
  readonly previous: StatementTable | undefined;
  readonly limit: number;
  /** Rows of `current` that are not reported at all: other databases, the collector's own statements. */
  readonly excluded: (row: number) => boolean;
  /** Whether a row of `current` was selected the last time. */
  readonly selectedBefore: (row: number) => boolean;
}): Selection {
  const { current, deltas, limit, excluded, selectedBefore } = args;
  const lines: number[] = [];
  for (let line = 0; line < deltas.count; line++) {
    if (!excluded(deltas.rows[line] ?? -1)) lines.push(line);
  }
  const chosen = new Set<number>();
  for (const { share, measure } of measuresOf(args)) {
    const places = Math.ceil(limit * share);
    const best = greatest(lines, Math.ceil(places * stayFactor), measure);
    best.forEach((line, rank) => {
      if (rank < places || selectedBefore(deltas.rows[line] ?? -1)) chosen.add(line);
    });
  }
  return { lines, top: [...chosen], others: sumOthers(lines, chosen, current, deltas) };
}

function sumOthers(
  lines: readonly number[],
  chosen: ReadonlySet<number>,
  current: StatementTable,
  deltas: StatementDeltas,
): readonly OtherStatements[] {
  const width = current.shape.counters.length;
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
  return [...others.values()];
}

/** At most `limit` lines with the greatest measure above zero, the greatest first. */
function greatest(lines: readonly number[], limit: number, measure: Measure): number[] {
  const best: number[] = [];
  /** Their measures. */
  const values: number[] = [];
  let threshold = 0;
  for (const line of lines) {
    const value = measure(line);
    if (value <= threshold) continue;
    let from = 0;
    let to = best.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((values[middle] ?? 0) >= value) from = middle + 1;
      else to = middle;
    }
    best.splice(from, 0, line);
    values.splice(from, 0, value);
    if (best.length > limit) {
      best.pop();
      values.pop();
    }
    if (best.length === limit) threshold = values[limit - 1] ?? 0;
  }
  return best;
}
