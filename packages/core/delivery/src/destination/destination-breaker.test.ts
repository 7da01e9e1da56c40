import { RetryableError } from "@dbintel/errors";
import { FakeClock, seededRandom } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { DestinationBreaker } from "./destination-breaker.ts";
import { retrySettings } from "./retry-settings.ts";

function watch(settings: Parameters<typeof retrySettings.parse>[0] = { randomization_factor: 0 }) {
  const clock = new FakeClock();
  const changes: string[] = [];
  const breaker = new DestinationBreaker({
    settings: retrySettings.parse(settings),
    random: seededRandom(1),
    nowMs: () => clock.monotonicMs(),
    onChange: (state) => void changes.push(state),
  });
  const fail = (times: number, error = new RetryableError("down"), startedMs = clock.monotonicMs()) => {
    for (let time = 0; time < times; time++) breaker.failed(error, { startedMs, probe: false });
  };
  /** One request that may go out now, and fails. */
  const probe = (error = new RetryableError("down")) => {
    expect(breaker.waitMs).toBe(0);
    const isProbe = breaker.begin();
    breaker.failed(error, { startedMs: clock.monotonicMs(), probe: isProbe });
  };
  /** Failures that are enough, over enough time. */
  const open = async () => {
    fail(4);
    await clock.advance(5000);
    fail(1);
  };
  return { clock, breaker, changes, fail, probe, open };
}

describe("DestinationBreaker", () => {
  it("opens after five failures in a row over as long as the first back-off", async () => {
    const { breaker, clock, fail, changes } = watch();
    fail(10);
    expect([breaker.state, breaker.waitMs]).toEqual(["closed", 0]);
    await clock.advance(5000);
    fail(1);
    expect([breaker.state, breaker.waitMs, breaker.failures]).toEqual(["open", 5000, 11]);
    expect(changes).toEqual(["open"]);
  });

  it("counts the time that requests took to fail", async () => {
    const { breaker, clock, fail } = watch();
    await clock.advance(30_000);
    fail(5, new RetryableError("no answer within 30000 ms", { code: "DBI_TIMEOUT" }), 0);
    expect(breaker.state).toBe("open");
  });

  it("stays closed while some requests are taken", async () => {
    const { breaker, clock, fail } = watch();
    for (let round = 0; round < 20; round++) {
      fail(4);
      breaker.answered();
      await clock.advance(5000);
    }
    expect(breaker.state).toBe("closed");
  });

  it("lets one probe go at a time, further apart each time, up to max_interval", async () => {
    const { breaker, clock, probe, open, changes } = watch();
    await open();
    const waits: (number | undefined)[] = [];
    for (let round = 0; round < 7; round++) {
      waits.push(breaker.waitMs);
      await clock.advance(breaker.waitMs ?? 0);
      probe();
    }
    expect(waits).toEqual([5000, 7500, 11_250, 16_875, 25_312.5, 30_000, 30_000]);
    await clock.advance(30_000);
    expect(breaker.begin()).toBe(true);
    expect([breaker.state, breaker.waitMs]).toEqual(["half_open", undefined]);
    breaker.answered();
    expect([breaker.state, breaker.waitMs, breaker.lastFailure]).toEqual(["closed", 0, undefined]);
    expect(changes).toEqual(["open", "closed"]);
    await open();
    expect(breaker.waitMs).toBe(5000);
  });

  it("draws the intervals, none longer than max_interval", async () => {
    const { breaker, clock, probe, open } = watch({});
    await open();
    const waits: number[] = [];
    for (let round = 0; round < 50; round++) {
      waits.push(breaker.waitMs ?? 0);
      await clock.advance(breaker.waitMs ?? 0);
      probe();
    }
    expect(Math.max(...waits)).toBe(30_000);
    expect(Math.min(...waits.slice(10))).toBeLessThan(20_000);
    expect(new Set(waits).size).toBeGreaterThan(10);
  });

  it("lets another take the place of a probe that says nothing", async () => {
    const { breaker, clock, open } = watch();
    await open();
    await clock.advance(5000);
    breaker.begin();
    breaker.released();
    expect([breaker.state, breaker.waitMs]).toEqual(["open", 0]);
  });

  it("ignores the failures of requests that began before, and is closed by their success", async () => {
    const { breaker, open, fail } = watch();
    await open();
    fail(20);
    expect(breaker.waitMs).toBe(5000);
    breaker.answered();
    expect(breaker.state).toBe("closed");
  });

  it("waits as long as the destination asks, whoever was asked and whatever was taken since", async () => {
    const { breaker, clock, fail, changes } = watch();
    fail(1, new RetryableError("slow down", { httpStatus: 429, delayMs: 20_000 }));
    breaker.answered();
    expect([breaker.state, breaker.waitMs]).toEqual(["paused", 20_000]);
    await clock.advance(5000);
    fail(1, new RetryableError("slow down", { httpStatus: 429, delayMs: 1000 }));
    expect(breaker.waitMs).toBe(15_000);
    await clock.advance(15_000);
    expect([breaker.state, breaker.waitMs]).toEqual(["closed", 0]);
    expect(changes).toEqual([]);
  });

  it("waits longer than max_interval for a probe when the destination asks for it", async () => {
    const { breaker, clock, probe, open } = watch();
    await open();
    await clock.advance(5000);
    probe(new RetryableError("maintenance", { httpStatus: 503, delayMs: 120_000 }));
    expect([breaker.state, breaker.waitMs]).toEqual(["open", 120_000]);
  });
});
