import { expect, it } from "vitest";
import { RandomPool } from "./random-pool.ts";

it("hands out numbers in [0, 1) of all 48 bits, and fetches more when they are used up", () => {
  let fetched = 0;
  const pool = new RandomPool({
    next: () => 0,
    bytes: (length) => {
      fetched += 1;
      return new Uint8Array(length).fill(fetched === 1 ? 0xff : 0x80);
    },
  });
  const numbers = Array.from({ length: 513 }, () => pool.next());
  expect(numbers[0]).toBe(1 - 2 ** -48);
  expect(numbers[511]).toBe(1 - 2 ** -48);
  expect(numbers[512]).toBeCloseTo(0x80 / 0xff, 9);
  expect(fetched).toBe(2);
});

it("throws when the system has no randomness, rather than taking something weaker", () => {
  const bytes = (): Uint8Array => {
    throw new Error("no entropy");
  };
  const pool = new RandomPool({ next: () => 0, bytes });
  expect(() => pool.next()).toThrow("no entropy");
});
