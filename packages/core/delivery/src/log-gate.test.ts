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
});
