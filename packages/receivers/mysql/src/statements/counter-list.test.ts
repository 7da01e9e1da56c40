import fc from "fast-check";
import { expect, it } from "vitest";
import { counterList } from "./counter-list.ts";

it("reads what the server wrote, to the last digit", () => {
  const counter = fc.oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
  fc.assert(
    fc.property(fc.array(counter, { maxLength: 30 }), (counters) => {
      expect(counterList(counters.join(" "))).toEqual(counters);
    }),
  );
});

it("takes what is no number for 0, and reads on", () => {
  expect(counterList("7 x 255")).toEqual([7n, 0n, 0n, 255n]);
});
