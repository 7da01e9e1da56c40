import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { availableCounters } from "../statement-columns.ts";
import { emptyBaseline, type PreparedBaseline, preparedDeltas } from "./prepared-deltas.ts";
import type { PreparedInstance, PreparedReading } from "./prepared-source.ts";

const counters = availableCounters(new Set(["COUNT_STAR", "SUM_TIMER_WAIT"]));

function instance(name: string, values: readonly bigint[], reprepares = 0n): PreparedInstance {
  return { name, statementId: 1n, reprepares, values };
}

function read(instances: readonly PreparedInstance[], executed: readonly bigint[], truncated = false): PreparedReading {
  return { instances, executed, truncated };
}

function compare(before: PreparedBaseline | undefined, reading: PreparedReading) {
  const { changed, rest, baseline } = preparedDeltas({ counters, reading, before, life: 1, micros: 5n });
  return { changed: changed.map(({ instance: { name }, values }) => [name, ...values]), rest, baseline };
}

const nothing = emptyBaseline(1, 0n);

describe("differences of prepared statements", () => {
  it("only remember at first", () => {
    const { changed, rest } = compare(undefined, read([instance("a", [3n, 30n])], [5n, 50n]));
    expect({ changed, rest }).toEqual({ changed: [], rest: [0n, 0n] });
  });

  it("tell what each did, and as the rest what those did that are gone", () => {
    const { baseline } = compare(nothing, read([instance("a", [3n, 30n]), instance("b", [1n, 10n])], [4n, 40n]));
    const { changed, rest } = compare(baseline, read([instance("a", [5n, 60n])], [16n, 200n]));
    expect({ changed, rest }).toEqual({ changed: [["a", 2n, 30n]], rest: [10n, 130n] });
  });

  it("begin anew when a count has fallen: the name is another's, or the table was emptied", () => {
    const { baseline } = compare(nothing, read([instance("a", [30n, 300n])], [30n, 300n]));
    const { changed, rest } = compare(baseline, read([instance("a", [2n, 900n])], [33n, 1230n]));
    expect({ changed, rest }).toEqual({ changed: [["a", 2n, 900n]], rest: [1n, 30n] });
  });

  it("do not guess what one did that was not read before", () => {
    const { baseline } = compare(nothing, read([instance("a", [1n, 10n])], [1n, 10n], true));
    const { changed, rest } = compare(baseline, read([instance("b", [1000n, 10n])], [3n, 30n], true));
    expect({ changed, rest }).toEqual({ changed: [], rest: [2n, 20n] });
  });

  it("take back from the next rest what was told before the server had counted it in its totals", () => {
    const { baseline, rest } = compare(nothing, read([instance("a", [7n, 70n])], [5n, 50n]));
    expect(rest).toEqual([0n, 0n]);
    expect(compare(baseline, read([instance("a", [7n, 70n])], [10n, 100n])).rest).toEqual([3n, 30n]);
  });

  it("sum to all executions, whatever becomes of the statements", () => {
    const step = fc.record({
      executions: fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.bigInt(1n, 2n ** 62n)), { maxLength: 6 }),
      closed: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 3 }),
      emptied: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let [baseline, told] = [nothing, [0n, 0n] as readonly bigint[]];
        let truth = [0n, 0n] as readonly bigint[];
        const open = new Map<string, readonly bigint[]>();
        const plus = (one: readonly bigint[] = [0n, 0n], other: readonly bigint[]) =>
          one.map((value, index) => BigInt.asUintN(64, value + (other[index] ?? 0n)));
        for (const { executions, closed, emptied } of steps) {
          if (emptied) for (const name of open.keys()) open.set(name, [0n, 0n]);
          for (const [name, time] of executions) {
            open.set(`s${name}`, plus(open.get(`s${name}`), [1n, time]));
            truth = plus(truth, [1n, time]);
          }
          for (const name of closed) open.delete(`s${name}`);
          const instances = [...open].map(([name, values]) => instance(name, values));
          const after = preparedDeltas({
            counters,
            reading: read(instances, truth),
            before: baseline,
            life: 1,
            micros: 1n,
          });
          ({ baseline } = after);
          for (const { values } of [...after.changed, { values: after.rest }]) told = plus(told, values);
        }
        // What is owed was told early.
        expect(told).toEqual(plus(truth, baseline.owed));
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});
