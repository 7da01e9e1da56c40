import { describe, expect, it } from "vitest";
import { none } from "./candidates.ts";
import { KeyRates } from "./key-rates.ts";

const intervalMs = 1000;

function rates(capacity: number) {
  const keys = new KeyRates({ capacity, intervalMs });
  keys.roll(0);
  return keys;
}

/** Shows each key so many times; the slots of the last sights. */
function show(keys: KeyRates, counts: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const slots = new Map<number, number>();
  for (const [key, count] of counts) for (let times = 0; times < count; times++) slots.set(key, keys.observe(key));
  return slots;
}

describe("KeyRates", () => {
  it("lets what is kept of a key grow with the logarithm of its throughput", () => {
    const keys = rates(10);
    const slots = show(
      keys,
      new Map([
        [1, 10],
        [2, 1000],
      ]),
    );
    keys.roll(intervalMs);
    const share = (key: number) => keys.share(slots.get(key) ?? none);
    // Half of the first interval, by exponential average.
    expect(share(1)).toBeCloseTo(Math.log1p(5) / 5, 9);
    expect(share(2)).toBeCloseTo(Math.log1p(500) / 500, 9);
  });

  it("forgets in silence", () => {
    const keys = rates(10);
    const slot = show(keys, new Map([[1, 1000]])).get(1) ?? none;
    keys.roll(20 * intervalMs);
    expect(keys.share(slot)).toBeCloseTo(1, 2);
  });

  it("notices a burst in the same interval", () => {
    const keys = rates(10);
    show(keys, new Map([[1, 10]]));
    keys.roll(intervalMs);
    const slot = show(keys, new Map([[1, 1000]])).get(1) ?? none;
    expect(keys.share(slot)).toBeCloseTo(Math.log1p(1000) / 1000, 9);
  });

  it("holds the heaviest keys through a flood, and gives the flood the share of one key", () => {
    const keys = rates(20);
    const heavy = new Map([
      [1, 500],
      [2, 400],
      [3, 300],
    ]);
    show(keys, heavy);
    let own = 0;
    for (let key = 1000; key < 6000; key++) if (keys.observe(key) !== none) own += 1;
    expect(keys.size).toBe(20);
    // Those that found the table with room.
    expect(own).toBe(17);
    for (const slot of show(keys, heavy).values()) expect(slot).not.toBe(none);
    expect(keys.share(none)).toBeLessThan(0.01);
  });

  it("takes a key out of the flood that has grown heavy", () => {
    const keys = rates(5);
    for (let key = 100; key < 200; key++) keys.observe(key);
    expect(keys.observe(7)).toBe(none);
    expect(show(keys, new Map([[7, 200]])).get(7)).not.toBe(none);
  });
});
