import { describe, expect, it } from "vitest";
import { isLater, picosecondsBetween, TimerClock, timerBefore, timerWindow } from "./timer.ts";

const end = 2n ** 64n;
const second = 1_000_000_000_000n;

describe("picoseconds of the Performance Schema", () => {
  it("are exact past 2^53 and past 2^63", () => {
    for (const start of [2n ** 53n, 2n ** 63n - 1n]) expect(picosecondsBetween(start, start + 1n)).toBe(1n);
  });

  it("go on after the end of the timer", () => {
    expect(picosecondsBetween(end - 2n * second, 3n * second)).toBe(5n * second);
    const clock = new TimerClock({ micros: 1_700_000_000_000_000n, timer: 3n * second });
    expect(clock.microsOf(end - 2n * second)).toBe(1_700_000_000_000_000n - 5_000_000n);
  });

  it("of something that began after the clock was read are none", () => {
    expect(picosecondsBetween(5n * second, 4n * second)).toBe(0n);
    expect(picosecondsBetween(2n, end - 2n)).toBe(0n);
    expect(picosecondsBetween(86_400n * second, 0n)).toBe(0n); // the clock was set back by a day
    expect(new TimerClock({ micros: 7n, timer: 4n }).microsOf(5n)).toBe(7n);
  });
});

it("a moment is later than another one also behind the end of the timer", () => {
  expect([isLater(2n, 1n), isLater(1n, 1n), isLater(1n, 2n)]).toEqual([true, false, false]);
  expect([isLater(5n, end - 5n), isLater(end - 5n, 5n)]).toEqual([true, false]);
});

describe("a window of moments", () => {
  it("is one condition, in brackets", () => {
    expect(timerWindow("h.TIMER_END", 5n, 9n)).toBe("(h.TIMER_END > 5 AND h.TIMER_END <= 9)");
  });

  it("that the timer's end lies in is one condition too", () => {
    const from = timerBefore(2n, 5n);
    expect(timerWindow("h.TIMER_END", from, 2n)).toBe(`(h.TIMER_END > ${end - 3n} OR h.TIMER_END <= 2)`);
  });
});
