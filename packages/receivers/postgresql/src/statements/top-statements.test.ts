import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { append } from "../../test/data-row.ts";
import { statementShape } from "./statement-columns.ts";
import { statementDeltas } from "./statement-deltas.ts";
import { StatementTable } from "./statement-table.ts";
import { selectTop } from "./top-statements.ts";

const shape = statementShape(new Set(["calls", "total_exec_time", "rows", "temp_blks_read", "temp_blks_written"]));
const width = shape.counters.length;

interface Statement {
  readonly database?: number;
  readonly calls: number;
  readonly time: number;
  readonly rows?: number;
  readonly spilt?: number;
}

function tableOf(statements: readonly Statement[]): StatementTable {
  return append(
    new StatementTable(shape),
    ...statements.map(({ database = 1, calls, time, rows = 0, spilt = 0 }, index) => ({
      ...{ databaseId: database, userId: 10, queryId: BigInt(index), toplevel: true, since: 0n },
      counters: [BigInt(calls), time, BigInt(rows), BigInt(spilt), BigInt(spilt)],
    })),
  );
}

function select(
  statements: readonly Statement[],
  limit: number,
  options: { readonly before?: readonly Statement[]; readonly selected?: readonly number[] } = {},
) {
  const current = tableOf(statements);
  const previous = tableOf(options.before ?? []);
  const deltas = statementDeltas({ current, previous, continuity: "continued", previousComplete: true, full: true });
  const excluded = (row: number) => current.databaseId(row) === 9;
  const selectedBefore = (row: number) => options.selected?.includes(row) ?? false;
  return { deltas, ...selectTop({ current, previous, deltas, limit, excluded, selectedBefore }) };
}

const statement = fc.record({
  database: fc.constantFrom(1, 2, 9),
  calls: fc.integer({ min: 1, max: 1000 }),
  time: fc.integer({ min: 0, max: 1000 }),
});

describe("what is selected", () => {
  it("are the slowest and the most frequent, the slowest first", () => {
    const slow = { calls: 1, time: 900 };
    const slower = { calls: 1, time: 1000 };
    const frequent = { calls: 5000, time: 1 };
    const dull = { calls: 2, time: 2 };
    const { top, others } = select([dull, slow, frequent, slower], 2);
    expect(top).toEqual([3, 1, 2]);
    expect(others).toEqual([{ databaseId: 1, statements: 1, values: new Float64Array([2, 2, 0, 0, 0]) }]);
  });

  it("are those with the most rows and those that spill most as well", () => {
    const slow = { calls: 9, time: 900 };
    const many = { calls: 1, time: 1, rows: 1_000_000 };
    const spilling = { calls: 1, time: 2, spilt: 50 };
    expect(select([{ calls: 2, time: 3 }, many, slow, spilling], 1).top).toEqual([2, 1, 3]);
  });

  it("are those that have become slower, however little they take", () => {
    const heavy = { calls: 100, time: 10_000 };
    const light = { calls: 100, time: 10 };
    const before = [heavy, light, light];
    const now = [
      { calls: 200, time: 20_000 },
      { calls: 110, time: 100 },
      { calls: 110, time: 11 },
    ];
    expect(select(now, 1, { before }).top).toEqual([0, 1]);
  });

  it("stay while their rank is within one and a half of the places", () => {
    const statements = [60, 50, 40, 30, 20, 10].map((time) => ({ calls: 1, time }));
    // By calls and by rows one place each, which the first takes.
    expect(select(statements, 4).top).toEqual([0, 1, 2, 3]);
    expect(select(statements, 4, { selected: [4] }).top).toEqual([0, 1, 2, 3, 4]);
    expect(select(statements, 4, { selected: [5] }).top).toEqual([0, 1, 2, 3, 5]);
    expect(select(statements, 2, { selected: [3, 4, 5] }).top).toEqual([0, 1]);
  });
});

it("loses nothing: what is selected and what is summed is all there is", () => {
  fc.assert(
    fc.property(
      fc.array(statement, { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.nat(59)),
      (statements, limit, selected) => {
        const { top, others, deltas } = select(statements, limit, { selected });
        for (const database of [1, 2]) {
          const truth = statements.filter((each) => each.database === database);
          const chosen = top.filter((line) => statements[line]?.database === database);
          const other = others.find((each) => each.databaseId === database);
          const calls = chosen.reduce((sum, line) => sum + (deltas.values[line * width] ?? 0), other?.values[0] ?? 0);
          expect(calls).toBe(truth.reduce((sum, each) => sum + each.calls, 0));
          expect(chosen.length + (other?.statements ?? 0)).toBe(truth.length);
        }
        expect(others.some((each) => each.databaseId === 9)).toBe(false);
      },
    ),
  );
});

it("takes just the greatest by time", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 80 }), (times) => {
      const { top } = select(
        times.map((time) => ({ calls: 1, time })),
        8,
      );
      const expected = times.toSorted((a, b) => b - a).slice(0, 8);
      expect(top.slice(0, expected.length).map((line) => times[line])).toEqual(expected);
    }),
  );
});
