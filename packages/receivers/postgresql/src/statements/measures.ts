import { counterIndex, type StatementColumn, type StatementShape } from "./statement-columns.ts";
import type { StatementDeltas } from "./statement-deltas.ts";
import type { StatementTable } from "./statement-table.ts";

/** What one measure says of a line of the deltas; 0 for nothing. */
export type Measure = (line: number) => number;

interface MeasureDefinition {
  /** Of `top_n_query`, how many are taken by it. */
  readonly share: number;
  /** Their sum is the measure. */
  readonly columns: readonly StatementColumn[];
}

/** What makes a statement worth an event of its own, beside that it has become slower; the first orders them all. */
const byCounters: readonly MeasureDefinition[] = [
  { share: 1, columns: ["total_exec_time"] },
  { share: 0.25, columns: ["calls"] },
  { share: 0.25, columns: ["rows"] },
  { share: 0.25, columns: ["shared_blks_read", "local_blks_read"] },
  { share: 0.25, columns: ["temp_blks_read", "temp_blks_written"] },
  { share: 0.25, columns: ["wal_bytes"] },
];
const bySlowing = 0.25;

/** The measures that a server's columns allow. */
export function measuresOf(args: {
  readonly current: StatementTable;
  readonly deltas: StatementDeltas;
  /** What the differences were made from. */
  readonly previous: StatementTable | undefined;
}): { readonly share: number; readonly measure: Measure }[] {
  const { shape } = args.current;
  const { values } = args.deltas;
  const width = shape.counters.length;
  const measures = byCounters.flatMap(({ share, columns }) => {
    const [first, ...others] = columns.map((column) => counterIndex(shape, column)).filter((index) => index >= 0);
    if (first === undefined) return [];
    const [second] = others;
    const measure: Measure =
      second === undefined
        ? (line) => values[line * width + first] ?? 0
        : (line) => (values[line * width + first] ?? 0) + (values[line * width + second] ?? 0);
    return [{ share, measure }];
  });
  const slowing = slowingMeasure({ ...args, shape, width });
  return slowing === undefined ? measures : [...measures, { share: bySlowing, measure: slowing }];
}

/** The time that an interval's executions took beyond what as many took on average before. */
function slowingMeasure(args: {
  readonly shape: StatementShape;
  readonly width: number;
  readonly deltas: StatementDeltas;
  readonly previous: StatementTable | undefined;
}): Measure | undefined {
  const { shape, width, deltas, previous } = args;
  if (previous === undefined) return undefined;
  const calls = counterIndex(shape, "calls");
  const time = counterIndex(shape, "total_exec_time");
  return (line) => {
    const known = deltas.matches[deltas.rows[line] ?? -1] ?? -1;
    if (known < 0) return 0;
    const callsBefore = previous.value(known, calls);
    if (callsBefore === 0) return 0;
    const usual = (previous.value(known, time) / callsBefore) * (deltas.values[line * width + calls] ?? 0);
    return (deltas.values[line * width + time] ?? 0) - usual;
  };
}
