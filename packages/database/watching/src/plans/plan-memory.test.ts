import { FakeClock } from "@dbintel/pipeline/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { PlanMemory } from "./plan-memory.ts";
import type { PlanOutcome } from "./plan-outcome.ts";

const statement = "1/2/3";
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const index: PlanOutcome = { plan: "[]", source: "generic", hash: "index" };
const scan: PlanOutcome = { plan: "[]", source: "generic", hash: "scan" };

describe("the memory of plans", () => {
  let clock: FakeClock;
  let memory: PlanMemory;

  beforeEach(() => {
    clock = new FakeClock();
    memory = new PlanMemory({ clock, size: 2, ttlMs: () => hourMs, retryMs: minuteMs });
  });

  /** Asks for the plan if there is an occasion; says which. */
  function look(meanMs: number, outcome: PlanOutcome) {
    const occasion = memory.occasion(statement, meanMs);
    if (occasion !== undefined) memory.remember({ statement, occasion, meanMs, outcome });
    return occasion;
  }

  it("asks for a plan once, and again when it is old", async () => {
    expect([look(10, index), look(10, index)]).toEqual(["new", undefined]);
    await clock.advance(hourMs - 1);
    expect(look(10, index)).toBeUndefined();
    await clock.advance(1);
    expect([look(10, index), look(10, index)]).toEqual(["expired", undefined]);
  });

  it("asks at once when a statement has become slower or faster", () => {
    expect([look(10, index), look(14, index), look(16, scan)]).toEqual(["new", undefined, "moved"]);
    expect(memory.get(statement)).toBe(scan);
    // All of the next interval is by the new plan, which makes it slower still.
    expect([look(30, scan), look(31, scan)]).toEqual(["moved", undefined]);
    expect(look(9, index)).toBe("moved");
  });

  it("asks about a statement that swings a few times in the time to live, and still sees what is beyond that", async () => {
    const looks: number[] = [];
    for (let minute = 0; minute < 59; minute++) {
      if (look([10, 100, 30, 17, 60][minute % 5] ?? 0, index) !== undefined) looks.push(minute);
      await clock.advance(minuteMs);
    }
    expect(looks).toEqual([0, 1]);
    expect(look(151, scan)).toBe("moved");
    expect(look(100, index)).toBe("moved");
  });

  it("forgets how fast and slow a plan was when it is old", async () => {
    expect([look(10, index), look(100, index), look(40, index)]).toEqual(["new", "moved", undefined]);
    await clock.advance(hourMs);
    expect([look(10, index), look(40, scan)]).toEqual(["expired", "moved"]);
  });

  it("tries again what failed after a while that doubles, and what the text itself rules out once in its time", async () => {
    const failed: number[] = [];
    for (let minute = 0; minute < 200; minute++) {
      if (look(10 * minute, { reason: "timeout" }) !== undefined) failed.push(minute);
      await clock.advance(minuteMs);
    }
    expect(failed).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]);
  });

  it("keeps no more than its size", () => {
    for (const name of ["1", "2", "3"]) {
      memory.remember({ statement: name, occasion: "new", meanMs: 1, outcome: index });
    }
    expect(["1", "2", "3"].map((name) => memory.get(name))).toEqual([undefined, index, index]);
  });
});
