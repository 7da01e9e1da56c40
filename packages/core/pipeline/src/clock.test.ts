import { describe, expect, it } from "vitest";
import { every, systemClock, wait } from "./index.ts";
import { FakeClock } from "./testing/index.ts";

describe("wait", () => {
  it("resolves when the time has passed, not before", async () => {
    const clock = new FakeClock();
    let done = false;
    const waiting = wait(clock, 100, new AbortController().signal).then(() => {
      done = true;
    });
    await clock.advance(99);
    expect(done).toBe(false);
    await clock.advance(1);
    await waiting;
    expect(clock.pendingTimers).toBe(0);
  });

  it("rejects with the reason of the signal and leaves no timer", async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const waiting = wait(clock, 100, controller.signal);
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(wait(clock, 100, controller.signal)).rejects.toThrow("enough");
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("systemClock", () => {
  it("tells the time and runs a timer, or not when it was cancelled", async () => {
    const before = systemClock.monotonicMs();
    const wall = systemClock.unixNano();
    const ran: string[] = [];
    systemClock.schedule(0, () => void ran.push("cancelled")).cancel();
    // A timer of the system clock does not keep the process alive; this one must, until it has run.
    const keepAlive = setInterval(() => {}, 1000);
    await new Promise<void>((resolve) => void systemClock.schedule(2, resolve));
    clearInterval(keepAlive);
    expect(ran).toEqual([]);
    expect(systemClock.monotonicMs()).toBeGreaterThan(before);
    expect(systemClock.unixNano()).toBeGreaterThanOrEqual(wall);
  });
});

describe("FakeClock", () => {
  it("runs timers in order of their time, those that timers start included", async () => {
    const clock = new FakeClock();
    const ran: string[] = [];
    clock.schedule(20, () => void ran.push("late"));
    clock.schedule(10, () => {
      ran.push("early");
      clock.schedule(5, () => void ran.push("between"));
    });
    expect(clock.nextTimerMs).toBe(10);
    await clock.advance(20);
    expect(ran).toEqual(["early", "between", "late"]);
    expect(clock.nextTimerMs).toBeUndefined();
  });

  it("moves the wall clock with the monotonic one, and alone when it jumps", async () => {
    const clock = new FakeClock(1_000n);
    await clock.advance(1);
    expect([clock.unixNano(), clock.monotonicMs()]).toEqual([1_001_000n, 1]);
    clock.jump(-500n);
    expect([clock.unixNano(), clock.monotonicMs()]).toEqual([1_000_500n, 1]);
  });
});

it("every runs at its interval until it is cancelled, by itself too", async () => {
  const clock = new FakeClock();
  const at: number[] = [];
  const timer = every(clock, 10, () => {
    at.push(clock.monotonicMs());
    if (at.length === 3) timer.cancel();
  });
  await clock.advance(25);
  expect(at).toEqual([10, 20]);
  await clock.advance(100);
  expect(at).toEqual([10, 20, 30]);
  expect(clock.pendingTimers).toBe(0);
});
