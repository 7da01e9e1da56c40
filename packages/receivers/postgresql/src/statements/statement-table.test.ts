import { describe, expect, it } from "vitest";
import { append, type TestEntry } from "../../test/data-row.ts";
import { type StatementShape, statementShape } from "./statement-columns.ts";
import { StatementTable } from "./statement-table.ts";

const shape = statementShape(new Set(["toplevel", "stats_since", "calls", "total_exec_time", "rows"]));
const entry: TestEntry = {
  databaseId: 4_294_967_295,
  userId: 10,
  queryId: -1n,
  toplevel: true,
  since: 812_345_678_901_234n,
  counters: [9_007_199_254_740_991n, 0.1 + 0.2, 4_294_967_296n],
};

function table(of: StatementShape, ...entries: TestEntry[]): StatementTable {
  return append(new StatementTable(of, 2), ...entries);
}

describe("a row", () => {
  it("comes back as it was on the wire", () => {
    const rows = table(shape, entry, { ...entry, queryId: 9_223_372_036_854_775_807n, toplevel: false });
    expect(rows.key(0)).toEqual({ databaseId: 4_294_967_295, userId: 10, queryId: -1n, toplevel: true });
    expect(rows.key(1)).toMatchObject({ queryId: 9_223_372_036_854_775_807n, toplevel: false });
    expect(rows.value(0, 0)).toBe(Number.MAX_SAFE_INTEGER);
    expect(rows.value(0, 1)).toBe(0.1 + 0.2);
    expect(rows.value(0, 2)).toBe(2 ** 32);
    // 812345678901234 µs after 2000-01-01
    expect(rows.sinceMicros(0)).toBe(946_684_800_000_000n + 812_345_678_901_234n);
  });

  it("reads NULL counters as 0 and a server without stats_since as 0n", () => {
    const old = statementShape(new Set(["calls", "total_exec_time"]));
    const rows = table(old, { ...entry, counters: [null, 7.5] });
    expect([rows.value(0, 0), rows.value(0, 1), rows.sinceMicros(0)]).toEqual([0, 7.5, 0n]);
  });

  it("has extremes since it counts where no other time is told", () => {
    const columns = new Set(["stats_since", "minmax_stats_since", "calls", "min_exec_time"]);
    const rows = table(
      statementShape(columns),
      { ...entry, counters: [3n], states: [0.5] },
      { ...entry, minmaxSince: entry.since + 1n, counters: [3n], states: [0.5] },
    );
    expect([rows.minmaxSinceMicros(0), rows.minmaxSinceMicros(1)]).toEqual([
      rows.sinceMicros(0),
      rows.sinceMicros(1) + 1n,
    ]);
    expect([rows.value(0, 0), rows.value(0, 1)]).toEqual([3, 0.5]);
  });

  it("is counted and left out when the server hides whose it is", () => {
    const rows = table(shape, entry, { ...entry, queryId: null }, entry);
    expect([rows.count, rows.hidden]).toEqual([2, 1]);
  });

  it("shows a counter beyond 2^53 as no safe integer, and its growth exactly", () => {
    const before = table(shape, { ...entry, counters: [2n ** 62n, 0, 0n] });
    const after = table(shape, { ...entry, counters: [2n ** 62n + 3n, 0, 0n] });
    expect(Number.isSafeInteger(after.value(0, 0))).toBe(false);
    expect(after.growth(0, 0, before, 0)).toBe(3);
    expect(before.growth(0, 0, after, 0)).toBe(-3);
  });
});

describe("find", () => {
  const entries = Array.from({ length: 500 }, (_, index) => ({
    ...entry,
    databaseId: index % 3,
    userId: index % 5,
    queryId: BigInt(index >> 2),
    toplevel: index % 2 === 0,
  }));

  it("tells database, user, query and toplevel apart, with any hint", () => {
    const known = table(shape, ...entries);
    const asked = table(shape, ...entries.toReversed());
    for (let row = 0; row < asked.count; row++) {
      const found = known.find(asked, row, (row * 7) % 500);
      expect(known.key(found)).toEqual(asked.key(row));
    }
  });

  it("answers -1 for what is not there, also in an empty table", () => {
    const asked = table(shape, { ...entry, queryId: 77_777n });
    expect(table(shape, ...entries).find(asked, 0, 0)).toBe(-1);
    expect(table(shape).find(asked, 0, 0)).toBe(-1);
  });

  it("finds rows that were taken over one by one", () => {
    const source = table(shape, ...entries);
    const known = table(shape);
    for (let row = 0; row < source.count; row++) {
      known.assign(known.find(source, row, 0), source, row);
      expect(known.find(source, row, 0)).toBe(row);
    }
    known.assign(3, source, 3);
    expect(known.count).toBe(source.count);
  });
});
