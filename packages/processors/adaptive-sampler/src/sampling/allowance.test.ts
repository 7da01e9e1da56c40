import { describe, expect, it } from "vitest";
import { Allowance } from "./allowance.ts";

/** What each of the batches gets that come every `everyMs` for a time. */
function run(allowance: Allowance, args: { fromMs: number; toMs: number; everyMs: number; wanted: number }): number[] {
  const given: number[] = [];
  for (let nowMs = args.fromMs; nowMs < args.toMs; nowMs += args.everyMs)
    given.push(allowance.take(nowMs, args.wanted));
  return given;
}

const total = (given: readonly number[]) => given.reduce((sum, amount) => sum + amount, 0);

describe("Allowance", () => {
  it("gives all while it suffices", () => {
    const allowance = new Allowance({ perSecond: 100, intervalMs: 10_000 });
    expect(run(allowance, { fromMs: 0, toMs: 30_000, everyMs: 1000, wanted: 50 })).toEqual(Array(30).fill(50));
  });

  it.each([1, 100, 1000, 5000, 10_000])("spends each interval on batches every %i ms and no more", (everyMs) => {
    const allowance = new Allowance({ perSecond: 10, intervalMs: 10_000 });
    run(allowance, { fromMs: 0, toMs: 20_000, everyMs, wanted: 1000 });
    for (const fromMs of [20_000, 30_000]) {
      const given = total(run(allowance, { fromMs, toMs: fromMs + 10_000, everyMs, wanted: 1000 }));
      expect(given).toBeLessThanOrEqual(100);
      expect(given).toBeGreaterThanOrEqual(89);
    }
  });

  it("shares an interval evenly among batches that are alike", () => {
    const allowance = new Allowance({ perSecond: 10, intervalMs: 10_000 });
    run(allowance, { fromMs: 0, toMs: 20_000, everyMs: 1000, wanted: 1000 });
    const given = run(allowance, { fromMs: 20_000, toMs: 30_000, everyMs: 1000, wanted: 1000 });
    expect(Math.min(...given)).toBeGreaterThan(8.9);
    expect(Math.max(...given)).toBeLessThan(11);
  });

  it("does not pass the budget in an interval whose traffic is tenfold, and leaves something for each batch", () => {
    const allowance = new Allowance({ perSecond: 10, intervalMs: 10_000 });
    run(allowance, { fromMs: 0, toMs: 24_000, everyMs: 1000, wanted: 10 });
    const burst = run(allowance, { fromMs: 24_000, toMs: 30_000, everyMs: 1000, wanted: 100 });
    expect(total(burst)).toBeLessThanOrEqual(60);
    expect(total(burst)).toBeGreaterThan(50);
    expect(Math.min(...burst)).toBeGreaterThan(1);
  });

  it("takes batches that come at the same time for one arrival", () => {
    const allowance = new Allowance({ perSecond: 1000, intervalMs: 10_000 });
    expect(Array.from({ length: 5 }, () => allowance.take(0, 10))).toEqual([10, 10, 10, 10, 10]);
  });

  it("carries nothing over a silence, and starts the next interval where it would have begun", () => {
    const allowance = new Allowance({ perSecond: 1, intervalMs: 1000 });
    expect(allowance.left(0)).toBe(1);
    expect(allowance.left(60_500)).toBe(1);
    allowance.charge(1);
    expect([allowance.left(60_999), allowance.left(61_000)]).toEqual([0, 1]);
  });

  it("always gives something, though more was charged than there is", () => {
    const allowance = new Allowance({ perSecond: 1, intervalMs: 1000 });
    allowance.left(0);
    allowance.charge(5);
    expect(allowance.take(10, 3)).toBeGreaterThan(0);
    expect(allowance.take(10, 0)).toBe(0);
  });
});
