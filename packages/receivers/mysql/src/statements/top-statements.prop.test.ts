import fc from "fast-check";
import { expect, it } from "vitest";
import { DigestTable } from "./digest-table.ts";
import { availableCounters } from "./statement-columns.ts";
import { statementDeltas } from "./statement-deltas.ts";
import { selectTop } from "./top-statements.ts";

const counters = availableCounters(new Set(["COUNT_STAR", "SUM_TIMER_WAIT"]));
const bits64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const statement = fc.record({
  schema: fc.constantFrom("app", "shop", null),
  calls: fc.bigInt({ min: 1n, max: 1000n }),
  picoseconds: bits64,
});

it("loses nothing: what is selected and what is summed is all there is, to the picosecond", () => {
  fc.assert(
    fc.property(fc.array(statement, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (statements, limit) => {
      const table = new DigestTable(
        counters,
        statements.map(({ schema, calls, picoseconds }, index) => ({
          schema,
          digest: `d${index}`,
          firstSeenMicros: 1,
          values: [calls, picoseconds],
        })),
      );
      const previous = new DigestTable(counters, []);
      const deltas = statementDeltas({ current: table, previous, continuity: "continued", previousMicros: 0n });
      const { top, others } = selectTop({ table, deltas, limit, excluded: () => false });
      const total = (schema: string | null, counter: number) =>
        [...top.filter(({ row }) => table.key(row).schema === schema), ...others.filter((o) => o.schema === schema)]
          .map(({ values }) => values[counter] ?? 0n)
          .reduce((sum, value) => sum + value, 0n);
      for (const schema of ["app", "shop", null]) {
        const truth = statements.filter((each) => each.schema === schema);
        expect(total(schema, 0)).toBe(truth.reduce((sum, { calls }) => sum + calls, 0n));
        expect(total(schema, 1)).toBe(truth.reduce((sum, { picoseconds }) => sum + picoseconds, 0n));
      }
      const times = top.map(({ values }) => values[1] ?? 0n).slice(0, limit);
      expect(times).toEqual(times.toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0)));
    }),
  );
});

it("sums what was counted, and takes the greatest of the maxima", () => {
  const withMemory = availableCounters(new Set(["COUNT_STAR", "SUM_TIMER_WAIT", "MAX_TOTAL_MEMORY"]));
  const rows = [90n, 10n, 20n].map((time, index) => ({
    ...{ schema: "app", digest: `d${index}`, firstSeenMicros: 1 },
    values: [1n, time, [500n, 9000n, 700n][index] ?? 0n],
  }));
  const table = new DigestTable(withMemory, rows);
  const previous = new DigestTable(withMemory, []);
  const deltas = statementDeltas({ current: table, previous, continuity: "continued", previousMicros: 0n });
  const { others } = selectTop({ table, deltas, limit: 1, excluded: () => false });
  expect(others).toEqual([{ schema: "app", statements: 2, values: [2n, 30n, 9000n] }]);
});
