import { expect, it } from "vitest";
import { FirstSight } from "./first-sight.ts";

it("knows what it has seen, until the batch is taken back", () => {
  const sight = new FirstSight(10);
  const fresh: number[] = [];
  expect([1, 2, 1].map((hash) => sight.isNew(hash, fresh))).toEqual([true, true, false]);
  expect(fresh).toEqual([1, 2]);
  sight.forget(fresh);
  expect(sight.isNew(1, [])).toBe(true);
});

it("forgets the longest unseen, and not what is seen again", () => {
  const sight = new FirstSight(10);
  for (let hash = 0; hash < 1000; hash++) {
    sight.isNew(hash, []);
    sight.isNew(-7, []);
  }
  expect(sight.isNew(-7, [])).toBe(false);
  expect(sight.isNew(999, [])).toBe(false);
  expect(sight.isNew(980, [])).toBe(true);
});
