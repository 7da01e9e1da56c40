import fc from "fast-check";
import { expect, it } from "vitest";
import { Integers, IntegerTotals } from "./integers.ts";

const end = 2n ** 64n;
const edges = [0n, 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n, end - 1n];
const integer = fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: 0n, max: end - 1n }));
const of = (...integers: readonly bigint[]) => new Integers(BigUint64Array.from(integers));

it("compares and subtracts as integers of any size do", () => {
  fc.assert(
    fc.property(integer, integer, (to, from) => {
      const both = of(to, from);
      expect(Math.sign(both.compare(0, both, 1))).toBe(to < from ? -1 : to > from ? 1 : 0);
      const result = of(7n, 7n);
      result.setDifference(1, both, 0, both, 1);
      expect([...result.between(0, 2)]).toEqual([7n, BigInt.asUintN(64, to - from)]);
      result.copy(0, both, 1);
      expect(result.at(0)).toBe(from);
    }),
  );
});

it("keeps integers that doubles keep", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (value) => {
      const result = of(end - 1n);
      result.setNumber(0, value);
      expect(result.at(0)).toBe(BigInt(value));
    }),
  );
});

it("adds up past 64 bits, and finds the greatest", () => {
  fc.assert(
    fc.property(fc.array(integer, { minLength: 1, maxLength: 50 }), (integers) => {
      const totals = new IntegerTotals(2);
      const all = of(...integers);
      for (const index of integers.keys()) {
        totals.add(0, all, index);
        totals.raise(1, all, index);
      }
      const greatest = integers.reduce((one, other) => (one > other ? one : other));
      expect(totals.all).toEqual([integers.reduce((sum, each) => sum + each, 0n), greatest]);
    }),
  );
});
