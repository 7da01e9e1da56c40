import { describe, expect, it } from "vitest";
import { CollectionGate } from "./collection-gate.ts";

describe("CollectionGate", () => {
  it("is open at first and again after the shortest interval when a collection helped", () => {
    const gate = new CollectionGate({ minMs: 10_000, maxMs: 30_000, stepMs: 1000 });
    expect(gate.open(0)).toBe(true);
    gate.collected(0, 100, 50);
    expect(gate.open(9999)).toBe(false);
    expect(gate.open(10_000)).toBe(true);
  });

  it("doubles the interval up to the longest while collections free less than a twentieth, and resets", () => {
    const gate = new CollectionGate({ minMs: 0, maxMs: 7000, stepMs: 1000 });
    const intervals: number[] = [];
    let nowMs = 0;
    for (const freed of [1, 1, 1, 1, 5, 1]) {
      gate.collected(nowMs, 100, 100 - freed);
      let interval = 0;
      while (!gate.open(nowMs + interval)) interval += 1000;
      intervals.push(interval);
      nowMs += interval;
    }
    expect(intervals).toEqual([2000, 4000, 7000, 7000, 0, 2000]);
  });
});
