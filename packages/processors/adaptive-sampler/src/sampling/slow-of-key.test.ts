import { seededRandom } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { SlowOfKey } from "./slow-of-key.ts";

function slowShare(slow: SlowOfKey, key: number, scale: number, seed: number): number {
  const random = seededRandom(seed);
  const count = 20_000;
  let found = 0;
  for (let index = 0; index < count; index++) if (slow.isSlow(0, key, -scale * Math.log(1 - random.next()))) found += 1;
  return found / count;
}

it("finds hardly one in a hundred values slow, by the measure of each key", () => {
  const slow = new SlowOfKey(1);
  const ofFast = slowShare(slow, 1, 1, 1);
  expect(ofFast).toBeGreaterThan(0.004);
  expect(ofFast).toBeLessThan(0.01);
  // Another key in the same slot starts anew; a thousandfold value is slow for the first only.
  const ofSlow = slowShare(slow, 2, 1000, 2);
  expect(ofSlow).toBeGreaterThan(0.004);
  expect(ofSlow).toBeLessThan(0.01);
});

it("finds nothing slow where all is alike", () => {
  const slow = new SlowOfKey(1);
  const found = Array.from({ length: 10_000 }, () => slow.isSlow(0, 1, 5));
  expect(found).not.toContain(true);
});

it("says nothing about a key that it hardly knows", () => {
  const slow = new SlowOfKey(1);
  const found = Array.from({ length: 100 }, (_, index) => slow.isSlow(0, 1, index));
  expect(found).not.toContain(true);
  expect(slow.isSlow(0, 1, 1000)).toBe(true);
});
