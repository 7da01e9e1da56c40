import { LRUCache } from "lru-cache";
import { expect, it } from "vitest";
import { forgottenAfter } from "./forgotten-after.ts";

it("has a cache forget what is too old by the clock, which is asked each time", () => {
  let nowMs = 0;
  const cache = new LRUCache<string, number>({ max: 2, ...forgottenAfter(1000, { monotonicMs: () => nowMs }) });
  cache.set("a", 1);
  nowMs = 1000;
  expect(cache.get("a")).toBe(1);
  // No timer of the process runs in between.
  nowMs = 1001;
  expect(cache.get("a")).toBeUndefined();
});
