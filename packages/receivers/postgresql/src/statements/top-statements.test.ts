import fc from "fast-check";
import { expect, it } from "vitest";
import { append } from "../../test/data-row.ts";
import { statementShape } from "./statement-columns.ts";
import { statementDeltas } from "./statement-deltas.ts";
import { StatementTable } from "./statement-table.ts";
import { selectTop } from "./top-statements.ts";

const shape = statementShape(new Set(["calls", "total_exec_time"]));

function select(statements: readonly { database: number; calls: number; time: number }[], limit: number) {
  const current = append(
    new StatementTable(shape),
    ...statements.map(({ database, calls, time }, index) => ({
      databaseId: database,
      userId: 10,
      queryId: BigInt(index),
      toplevel: true,
      since: 0n,
      counters: [BigInt(calls), time],
    })),
  );
  const previous = new StatementTable(shape);
  const deltas = statementDeltas({ current, previous, continuity: "continued", previousComplete: true, full: true });
  return { deltas, ...selectTop({ current, deltas, limit, excluded: (row) => current.databaseId(row) === 9 }) };
}

const statement = fc.record({
  database: fc.constantFrom(1, 2, 9),
  calls: fc.integer({ min: 1, max: 1000 }),
  time: fc.integer({ min: 0, max: 1000 }),
});

it("takes the slowest and the most frequent, the slowest first", () => {
  const slow = { database: 1, calls: 1, time: 900 };
  const slower = { database: 1, calls: 1, time: 1000 };
  const frequent = { database: 1, calls: 5000, time: 1 };
  const dull = { database: 1, calls: 2, time: 2 };
  const { top, others } = select([dull, slow, frequent, slower], 2);
  expect(top).toEqual([3, 1, 2]);
  expect(others).toEqual([{ databaseId: 1, statements: 1, values: new Float64Array([2, 2]) }]);
});

it("loses nothing: what is selected and what is summed is all there is", () => {
  fc.assert(
    fc.property(fc.array(statement, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (statements, limit) => {
      const { top, others, deltas } = select(statements, limit);
      for (const database of [1, 2]) {
        const truth = statements.filter((each) => each.database === database);
        const chosen = top.filter((line) => statements[line]?.database === database);
        const other = others.find((each) => each.databaseId === database);
        const calls = chosen.reduce((sum, line) => sum + (deltas.values[line * 2] ?? 0), other?.values[0] ?? 0);
        expect(calls).toBe(truth.reduce((sum, each) => sum + each.calls, 0));
        expect(chosen.length + (other?.statements ?? 0)).toBe(truth.length);
      }
      expect(others.some((each) => each.databaseId === 9)).toBe(false);
    }),
  );
});

it("takes just the greatest by time", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 80 }), (times) => {
      const { top } = select(
        times.map((time) => ({ database: 1, calls: 1, time })),
        8,
      );
      const expected = times.toSorted((a, b) => b - a).slice(0, 8);
      expect(top.slice(0, expected.length).map((line) => times[line])).toEqual(expected);
    }),
  );
});
