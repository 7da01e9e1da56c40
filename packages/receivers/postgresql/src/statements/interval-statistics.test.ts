import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { append } from "../../test/data-row.ts";
import { intervalStatistics } from "./interval-statistics.ts";
import { statementShape } from "./statement-columns.ts";
import type { DeltaKind } from "./statement-deltas.ts";
import { StatementTable } from "./statement-table.ts";

const columns = ["calls", "total_exec_time", "stddev_exec_time", "min_exec_time", "max_exec_time"];
const shape = statementShape(new Set([...columns, "stats_since", "minmax_stats_since"]));
const epoch = 946_684_800_000_000n;

/** A table with the entry that a server keeps of these executions, in milliseconds. */
function entryOf(times: readonly number[], options: { readonly minmax?: readonly number[]; since?: bigint } = {}) {
  const { minmax = times, since = 7n } = options;
  return append(new StatementTable(shape), {
    ...{ databaseId: 5, userId: 10, queryId: 1n, toplevel: true, since: 7n, minmaxSince: since },
    counters: [BigInt(times.length), times.reduce((sum, time) => sum + time, 0)],
    states: [deviation(times), Math.min(...minmax), Math.max(...minmax)],
  });
}

function deviation(times: readonly number[]): number {
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  return Math.sqrt(times.reduce((sum, time) => sum + (time - mean) ** 2, 0) / times.length);
}

function between(previous: StatementTable, current: StatementTable, kind: DeltaKind = "normal") {
  return intervalStatistics({ kind, current, row: 0, previous, previousRow: 0 });
}

const before = [3, 9, 4, 4.5, 8, 5];
const added = [20, 25, 30];

describe("the standard deviation of an interval", () => {
  it("is that of its own executions", () => {
    const { deviationMs, imprecise } = between(entryOf(before), entryOf([...before, ...added]));
    expect(deviationMs).toBeCloseTo(deviation(added), 9);
    expect(imprecise).toBeUndefined();
  });

  it("is that of its own executions whatever came before", () => {
    const times = fc.array(fc.double({ min: 0.001, max: 10_000, noNaN: true }), { minLength: 2, maxLength: 50 });
    fc.assert(
      fc.property(times, times, (first, second) => {
        const { deviationMs = Number.NaN, imprecise } = between(entryOf(first), entryOf([...first, ...second]));
        // What is not flagged is right to three digits, beside what rounding makes of equal times.
        const tolerance = 1e-3 * deviation(second) + 1e-6 * Math.max(...first, ...second);
        if (!imprecise) expect(Math.abs(deviationMs - deviation(second))).toBeLessThanOrEqual(tolerance);
      }),
    );
  });

  it("is the entry's own when the entry is new", () => {
    const table = entryOf(added);
    for (const kind of ["new", "recreated", "reset_inferred"] as const) {
      expect(between(table, table, kind).deviationMs).toBe(deviation(added));
    }
  });

  it("is 0 for one execution", () => {
    expect(between(entryOf(before), entryOf([...before, 100])).deviationMs).toBe(0);
  });

  it("is flagged when nothing of it is left among a past with far greater ones", () => {
    const past = Array.from({ length: 1000 }, (_, index) => (index % 2 === 0 ? 0.001 : 100_000));
    const { imprecise } = between(entryOf(past), entryOf([...past, 50_000, 50_000.01]));
    expect(imprecise).toBe(true);
  });

  it("is absent where the server tells none", () => {
    const old = statementShape(new Set(["calls", "total_exec_time"]));
    const table = append(new StatementTable(old), {
      ...{ databaseId: 5, userId: 10, queryId: 1n, toplevel: true, since: 0n, counters: [1n, 2] },
    });
    expect(intervalStatistics({ kind: "new", current: table, row: 0, previous: undefined, previousRow: -1 })).toEqual(
      {},
    );
  });
});

describe("the least and greatest time of an interval", () => {
  const extremes = (...args: Parameters<typeof between>) => between(...args).extremes;

  it("are known when they are the least or greatest of all", () => {
    expect(extremes(entryOf(before), entryOf([...before, 20, 25]))).toEqual({ maxMs: 25 });
    expect(extremes(entryOf(before), entryOf([...before, 5, 1]))).toEqual({ minMs: 1 });
    expect(extremes(entryOf(before), entryOf([...before, 1, 99]))).toEqual({ minMs: 1, maxMs: 99 });
    expect(extremes(entryOf(before), entryOf([...before, 5, 6]))).toBeUndefined();
  });

  it("are known when the entry is new", () => {
    expect(extremes(entryOf(added), entryOf(added), "new")).toEqual({ minMs: 20, maxMs: 30 });
  });

  it("tell since when, where somebody had them begin anew", () => {
    const anew = entryOf([...before, ...added], { minmax: [25, 30], since: 9n });
    expect(extremes(entryOf(before), anew)).toEqual({ minMs: 25, maxMs: 30, sinceMicros: epoch + 9n });
    const unused = entryOf([...before, 20], { minmax: [0, 0], since: 9n });
    expect(extremes(entryOf(before), unused)).toBeUndefined();
  });
});
