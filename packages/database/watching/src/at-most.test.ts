import { LRUCache } from "lru-cache";
import { expect, it } from "vitest";
import { atMost } from "./at-most.ts";

it("forgets the oldest beyond the bound", () => {
  const cache = new LRUCache<string, number>(atMost(2));
  for (const [index, key] of ["a", "b", "c"].entries()) cache.set(key, index);
  expect([...cache.keys()]).toEqual(["c", "b"]);
});

it("makes no room for what is not there", () => {
  const before = process.memoryUsage().heapUsed;
  const caches = Array.from({ length: 500 }, () => new LRUCache<string, number>(atMost(5000)));
  const bytes = (process.memoryUsage().heapUsed - before) / caches.length;
  // With `max` it would be two arrays of 5000 places each, 80 KB.
  expect(bytes).toBeLessThan(20_000);
});
