import { counterIndex, type StatementState, stateIndex } from "./statement-columns.ts";
import type { DeltaKind } from "./statement-deltas.ts";
import type { StatementTable } from "./statement-table.ts";

/** How the executions of one statement in one interval differ from each other; times in milliseconds. */
export interface IntervalStatistics {
  readonly deviationMs?: number;
  /** Whether so few executions came on top of so many that little of the deviation is exact. */
  readonly imprecise?: boolean;
  /** Present when the least and greatest time are known to be of this interval, or of the end of it. */
  readonly extremes?: IntervalExtremes;
}

interface IntervalExtremes {
  readonly minMs?: number;
  readonly maxMs?: number;
  /** Since when, in microseconds since 1970, where somebody had them begin anew within the interval. */
  readonly sinceMicros?: bigint;
}

/** Below this share of all squared deviations their difference has lost more digits than it has. */
const precision = 1e-9;

/**
 * What the server's population standard deviation before and after tell of the executions in between. With
 * M2 = s²·n of the sums of squared deviations: Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm
 * for Computing Sample Variances" (1979), solved for the part that was added.
 */
export function intervalStatistics(args: {
  readonly kind: DeltaKind;
  readonly current: StatementTable;
  readonly row: number;
  readonly previous: StatementTable | undefined;
  /** Its row in `previous`, or -1. */
  readonly previousRow: number;
}): IntervalStatistics {
  const { kind, current, row, previous, previousRow } = args;
  const now = momentsOf(current, row);
  if (now === undefined || now.calls === 0) return {};
  if (kind !== "normal" || previous === undefined || previousRow < 0) return whole(current, row, now);
  const before = momentsOf(previous, previousRow);
  if (before === undefined) return {};
  const calls = now.calls - before.calls;
  if (calls <= 0) return {};
  const extremes = extremesSince({ current, row, previous, previousRow });
  if (before.calls === 0) return { deviationMs: now.deviationMs, ...extremes };
  const squares = now.squares - before.squares;
  const meanStep = (now.totalMs - before.totalMs) / calls - before.totalMs / before.calls;
  const added = squares - (meanStep * meanStep * before.calls * calls) / now.calls;
  const imprecise = calls > 1 && added < precision * now.squares;
  const deviationMs = calls === 1 ? 0 : Math.sqrt(Math.max(0, added) / calls);
  return { deviationMs, ...(imprecise ? { imprecise } : {}), ...extremes };
}

interface Moments {
  readonly calls: number;
  readonly totalMs: number;
  readonly deviationMs: number;
  readonly squares: number;
}

function momentsOf(table: StatementTable, row: number): Moments | undefined {
  const { shape } = table;
  const deviation = stateIndex(shape, "stddev_exec_time");
  if (deviation < 0) return undefined;
  const calls = table.value(row, counterIndex(shape, "calls"));
  const totalMs = table.value(row, counterIndex(shape, "total_exec_time"));
  const deviationMs = table.value(row, deviation);
  return { calls, totalMs, deviationMs, squares: deviationMs * deviationMs * calls };
}

/** All that the entry counts happened in this interval. */
function whole(table: StatementTable, row: number, { deviationMs }: Moments): IntervalStatistics {
  const later = table.minmaxSinceMicros(row) > table.sinceMicros(row);
  const sinceMicros = later ? { sinceMicros: table.minmaxSinceMicros(row) } : {};
  const extremes = extremesOf(table, row);
  return { deviationMs, ...(extremes === undefined ? {} : { extremes: { ...extremes, ...sinceMicros } }) };
}

/** A new least or greatest time was reached in this interval; an old one tells nothing about it. */
function extremesSince(args: {
  readonly current: StatementTable;
  readonly row: number;
  readonly previous: StatementTable;
  readonly previousRow: number;
}): { readonly extremes?: IntervalExtremes } {
  const { current, row, previous, previousRow } = args;
  const now = extremesOf(current, row);
  const before = extremesOf(previous, previousRow);
  if (now === undefined || before === undefined) return {};
  const sinceMicros = current.minmaxSinceMicros(row);
  // All zero: nothing was executed since they began anew.
  if (sinceMicros !== previous.minmaxSinceMicros(previousRow)) {
    return now.maxMs === 0 ? {} : { extremes: { ...now, sinceMicros } };
  }
  const extremes = {
    ...(now.minMs < before.minMs ? { minMs: now.minMs } : {}),
    ...(now.maxMs > before.maxMs ? { maxMs: now.maxMs } : {}),
  };
  return Object.keys(extremes).length === 0 ? {} : { extremes };
}

function extremesOf(table: StatementTable, row: number) {
  const minMs = state(table, row, "min_exec_time");
  const maxMs = state(table, row, "max_exec_time");
  return minMs === undefined || maxMs === undefined ? undefined : { minMs, maxMs };
}

function state(table: StatementTable, row: number, name: StatementState): number | undefined {
  const index = stateIndex(table.shape, name);
  return index < 0 ? undefined : table.value(row, index);
}
