import fc from "fast-check";
import { expect, it } from "vitest";
import { missingSequence, missingTransactions } from "./gtid-set.ts";

const uuid = "e6ce005d-e5e5-11f1-ac01-02fc00000001";
const other = "e9e0bf47-e5e5-11f1-a021-02fc00000001";

it.each([
  ["", "", 0n],
  [`${uuid}:1-4`, `${uuid}:1-4`, 0n],
  [`${uuid}:1-9`, `${uuid}:1-4:6`, 4n],
  [`${uuid}:1-9,\n${other}:5`, `${uuid}:1-9`, 1n],
  [`${uuid}:1-3:nightly:1-5`, `${uuid}:1-5:nightly:2-3`, 3n],
  [`${uuid.toUpperCase()}:7`, `${uuid}:1-9`, 0n],
])("counts what of %j is not in %j", (received, executed, missing) => {
  expect(missingTransactions(received, executed)).toBe(missing);
});

it("agrees with sets of numbers", () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 20 });
  const text = (set: readonly number[]) => `${uuid}:${set.toSorted((a, b) => a - b).join(":")}`;
  fc.assert(
    fc.property(numbers, numbers, (received, executed) => {
      const missing = received.filter((number) => !executed.includes(number)).length;
      expect(missingTransactions(text(received), text(executed))).toBe(BigInt(missing));
    }),
  );
});

it("counts by domain on MariaDB", () => {
  expect(missingSequence("5-11-9,0-1-100", "0-2-100,5-11-4")).toBe(5n);
  expect(missingSequence("5-11-4", "5-11-9")).toBe(0n);
  expect(missingSequence("", "")).toBe(0n);
});

it("does not compare what is too long", () => {
  const long = `${uuid}:${"1:".repeat(60_000)}2`;
  expect(missingTransactions(long, "")).toBeUndefined();
  expect(missingSequence("0-1-1,".repeat(20_000), "")).toBeUndefined();
});
