import fc from "fast-check";
import { expect, it } from "vitest";
import { readCounters } from "./counter-list.ts";
import { Integers } from "./integers.ts";

function read(text: string, length: number): readonly bigint[] {
  const integers = new Integers(new BigUint64Array(length).fill(77n));
  readCounters(text, integers);
  return [...integers.between(0, length)];
}

it("reads what the server wrote, to the last digit", () => {
  const counter = fc.oneof(
    fc.bigInt({ min: 0n, max: 300n }),
    fc.bigInt({ min: 2n ** 53n - 300n, max: 2n ** 53n + 300n }),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  );
  fc.assert(
    fc.property(fc.array(counter, { maxLength: 30 }), (counters) => {
      expect(read(counters.join(" "), counters.length)).toEqual(counters);
    }),
  );
});

it("takes what is no number, or not there, for 0, and reads on", () => {
  expect(read("7 x 255", 5)).toEqual([7n, 0n, 0n, 255n, 0n]);
});
