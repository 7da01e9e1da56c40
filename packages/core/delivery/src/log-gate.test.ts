import { FakeClock } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { LogGate } from "./log-gate.ts";

describe("LogGate", () => {
  it("lets the first pass and sums up what follows", async () => {
    const clock = new FakeClock();
    const gate = new LogGate(clock, 1000);
    expect(gate.pass("a", 5)).toBe(5);
    expect(gate.pass("a", 2)).toBeUndefined();
    expect(gate.pass("b")).toBe(1);
    await clock.advance(1000);
    expect(gate.pass("a", 1)).toBe(3);
    expect(gate.pass("a", 4)).toBeUndefined();
    expect([...gate.drain()]).toEqual([["a", 4]]);
    expect([...gate.drain()]).toEqual([]);
  });

  it("says less and less of what goes on, and begins anew after it is over", async () => {
    const clock = new FakeClock();
    const gate = new LogGate(clock, 1000, 5000);
    const toldAt: number[] = [];
    const startMs = clock.monotonicMs();
    for (let times = 0; times < 200; times++) {
      if (gate.pass("a") !== undefined) toldAt.push(clock.monotonicMs() - startMs);
      await clock.advance(100);
    }
    expect(toldAt).toEqual([0, 1000, 3000, 7000, 12_000, 17_000]);
    expect([gate.isOver("a"), gate.isOver("b")]).toEqual([false, false]);
    await clock.advance(900);
    expect([gate.isOver("a"), gate.isOver("a")]).toEqual([true, false]);
    expect(gate.pass("a")).toBe(1);
  });
});
