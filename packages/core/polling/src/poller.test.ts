import { DbintelError, PartialError, PermanentError, RefusedError, RetryableError } from "@dbintel/errors";
import { type Logs, logsBuilder } from "@dbintel/pdata";
import { memoryPressure } from "@dbintel/pipeline";
import { createTestHost, Sink, settle } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { createPoller, type PollerOptions, type PollResult } from "./poller.ts";

const never = new AbortController().signal;

function batch(records: number): Logs {
  const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
  for (let record = 0; record < records; record++) builder.record({ body: `record ${record}` });
  return builder.build();
}

/** A poller that first polls after 1 s and then every 10 s, and a record of what happened to it. */
function watch(options: Partial<PollerOptions> & { readonly answers?: (() => Promise<PollResult>)[] } = {}) {
  const host = createTestHost();
  const sink = new Sink<"logs">();
  const seen = { polls: 0, running: 0, overlapped: false, commits: 0, atMs: [] as number[] };
  const poller = createPoller({
    host,
    name: "test",
    interval: 10_000,
    jitter: 0,
    next: { logs: sink },
    poll: async () => {
      seen.atMs.push(host.clock.monotonicMs());
      seen.overlapped ||= seen.running > 0;
      seen.running++;
      const number = seen.polls++;
      try {
        const answer = options.answers?.[number] ?? (async () => ({ batches: [batch(3)] }));
        const result = await answer();
        return { ...result, commit: () => void seen.commits++ };
      } finally {
        seen.running--;
      }
    },
    ...options,
  });
  return { host, sink, seen, poller, ledger: host.accounting.of("logs") };
}

/** Lines that everybody sees. */
const told = ({ lines }: ReturnType<typeof watch>["host"]) => lines.filter(({ level }) => level !== "debug");

describe("the schedule", () => {
  it("polls after the initial delay and then on a fixed grid", async () => {
    const { host, poller, seen } = watch();
    poller.start();
    poller.start();
    await host.clock.advance(32_000);
    expect(seen.atMs).toEqual([1000, 11_000, 21_000, 31_000]);
    await poller.stop({ signal: never });
    expect(host.clock.pendingTimers).toBe(0);
  });

  it("polls more rarely while it is asked to", async () => {
    let factor = 1;
    const { host, poller, seen } = watch({ intervalFactor: () => factor });
    poller.start();
    await host.clock.advance(5000);
    factor = 3;
    await host.clock.advance(40_000);
    factor = 0.1;
    await host.clock.advance(40_000);
    expect(seen.atMs).toEqual([1000, 11_000, 41_000, 71_000, 81_000]);
    expect(poller.skippedTicks).toBe(0);
    await poller.stop({ signal: never });
  });

  it("waits while the process is short of memory, then polls at once and goes on with its grid", async () => {
    const { host, poller, seen, ledger } = watch();
    const pressure = host.shared(memoryPressure);
    poller.start();
    await host.clock.advance(5000);
    pressure.report(host, true);
    await host.clock.advance(40_000);
    expect(seen.atMs).toEqual([1000]);
    pressure.report(host, false);
    await host.clock.advance(16_000);
    expect(seen.atMs).toEqual([1000, 45_000, 51_000, 61_000]);
    expect(ledger.received).toBe(12);
    pressure.report(host, true);
    await host.clock.advance(20_000);
    await poller.stop({ signal: never });
    expect(seen.polls).toBe(4);
    expect(host.clock.pendingTimers).toBe(0);
  });

  it("polls at once when it is woken, and then on a grid from there", async () => {
    const { host, poller, seen } = watch();
    poller.start();
    await host.clock.advance(15_000);
    poller.wake();
    await host.clock.advance(20_000);
    expect(seen.atMs).toEqual([1000, 11_000, 15_000, 25_000, 35_000]);
    await poller.stop({ signal: never });
    expect(host.clock.pendingTimers).toBe(0);
  });

  it("polls again when it is woken during a poll", async () => {
    const { promise, resolve } = Promise.withResolvers<PollResult>();
    const { host, poller, seen } = watch({ answers: [() => promise] });
    poller.start();
    await host.clock.advance(2000);
    poller.wake();
    resolve({ batches: [] });
    await host.clock.advance(1000);
    expect(seen.atMs).toEqual([1000, 2000]);
    await poller.stop({ signal: never });
  });

  it("delays the first poll by a random part of the interval, and only the first", async () => {
    const { host, poller, seen } = watch({ jitter: 0.5 });
    poller.start();
    await host.clock.advance(60_000);
    const [first = 0, second = 0] = seen.atMs;
    expect(first).toBeGreaterThan(1000);
    expect(first).toBeLessThan(6000);
    expect(second - first).toBe(10_000);
    await poller.stop({ signal: never });
  });

  it("counts and skips ticks that a slow poll takes up, and stays on the grid", async () => {
    let finish = () => {};
    const slow = () =>
      new Promise<PollResult>((resolve) => {
        finish = () => resolve({ batches: [] });
      });
    const { host, poller, seen } = watch({ answers: [slow], timeout: 100_000 });
    poller.start();
    await host.clock.advance(27_500);
    expect(seen.atMs).toEqual([1000]);
    finish();
    await host.clock.advance(10_000);
    expect(poller.skippedTicks).toBe(2);
    expect(seen).toMatchObject({ atMs: [1000, 31_000], overlapped: false });
    await poller.stop({ signal: never });
  });
});

describe("a failing poll", () => {
  it("reports its state, once in the log, and backs off to a minute", async () => {
    const refuse = () =>
      Promise.reject(new DbintelError("refused", { code: "DBI_DATABASE_UNREACHABLE", retryable: true }));
    const { host, poller, seen } = watch({ answers: [refuse, refuse, refuse, refuse, refuse] });
    poller.start();
    await host.clock.advance(260_000);
    expect(seen.atMs.slice(0, 7)).toEqual([1000, 11_000, 31_000, 71_000, 131_000, 191_000, 201_000]);
    expect(told(host).map(({ level, message }) => `${level} ${message}`)).toEqual([
      "warn refused",
      "info resolved: refused",
    ]);
    expect(host.statuses[0]).toMatchObject({ state: "recoverable_error", message: "refused" });
    expect(host.statuses.at(-1)).toEqual({ state: "ok" });
    expect(poller.skippedTicks).toBe(0);
    await poller.stop({ signal: never });
  });

  it("is aborted at its deadline", async () => {
    const reasons: unknown[] = [];
    const { host, poller } = watch({
      timeout: 4000,
      poll: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            reasons.push(signal.reason);
            reject(new Error("socket closed"));
          });
        }),
    });
    poller.start();
    await host.clock.advance(5000);
    expect(reasons[0]).toMatchObject({ code: "DBI_TIMEOUT", message: "the poll took longer than 4 s" });
    expect(host.statuses.at(-1)).toMatchObject({
      state: "recoverable_error",
      message: "the poll took longer than 4 s",
    });
    await poller.stop({ signal: never });
  });

  it("is a defect when it throws anything else, and the poller lives on", async () => {
    const { host, poller, seen } = watch({
      answers: [
        () => {
          throw new TypeError("x is not a function");
        },
      ],
    });
    poller.start();
    await host.clock.advance(12_000);
    expect(host.statuses[0]).toMatchObject({
      state: "permanent_error",
      message: "defect in a poll: x is not a function",
    });
    expect(told(host)[0]?.fields).toMatchObject({
      code: "DBI_INTERNAL",
      error: { cause: new TypeError("x is not a function") },
    });
    expect(seen.commits).toBe(1);
    await poller.stop({ signal: never });
  });

  it("may bring data in spite of its problems", async () => {
    const missing = new DbintelError("no extension", { code: "DBI_DATABASE_EXTENSION", hint: "CREATE EXTENSION" });
    const { host, poller, sink } = watch({ answers: [async () => ({ batches: [batch(2)], problems: [missing] })] });
    poller.start();
    await host.clock.advance(1000);
    expect(sink.items).toBe(2);
    expect(host.statuses).toEqual([{ state: "permanent_error", message: "no extension", hint: "CREATE EXTENSION" }]);
    await poller.stop({ signal: never });
  });
});

describe("delivery", () => {
  it("keeps a refused batch, offers it again before the next poll, and holds the checkpoint", async () => {
    const { host, poller, sink, seen, ledger } = watch();
    sink.failNext(new RefusedError("full"), new RetryableError("unavailable", { delayMs: 15_000 }));
    poller.start();
    await host.clock.advance(15_500);
    expect(seen).toMatchObject({ polls: 1, commits: 0 });
    expect([poller.held("logs"), poller.held("metrics"), ledger.received]).toEqual([3, 0, 3]);
    await host.clock.advance(6000);
    expect(seen).toMatchObject({ polls: 2, commits: 2 });
    expect([sink.items, poller.held("logs"), poller.skippedTicks]).toEqual([6, 0, 1]);
    await poller.stop({ signal: never });
  });

  it("offers again only what was refused", async () => {
    const [first, second] = [batch(1), batch(2)];
    const { host, poller, sink } = watch({ answers: [async () => ({ batches: [first, second] })] });
    sink.failNext(new RefusedError("full"));
    poller.start();
    await host.clock.advance(1000);
    expect(sink.batches).toEqual([second]);
    await host.clock.advance(2000);
    expect(sink.batches).toEqual([second, first]);
    await poller.stop({ signal: never });
  });

  it("gives up what is rejected for good, counts it and moves on", async () => {
    const { host, poller, sink, seen, ledger } = watch();
    sink.failNext(new PermanentError("too large"));
    poller.start();
    await host.clock.advance(1000);
    expect([...ledger.dropped]).toEqual([["rejected", 3]]);
    expect(seen.commits).toBe(1);
    expect(told(host)[0]).toMatchObject({ level: "warn", message: "polled data is given up: too large" });
    await poller.stop({ signal: never });
  });

  it("is done with a batch that was taken in part", async () => {
    const { host, poller, sink, seen, ledger } = watch();
    sink.failNext(new PartialError("one was bad", { rejected: 1 }));
    poller.start();
    await host.clock.advance(1000);
    expect([seen.commits, poller.held("logs"), ledger.dropped.size]).toEqual([1, 0, 0]);
    await poller.stop({ signal: never });
  });

  it("leaves aside what no pipeline wants and what is empty", async () => {
    const { host, poller, ledger } = watch({ next: {}, answers: [async () => ({ batches: [batch(2), batch(0)] })] });
    poller.start();
    await host.clock.advance(1000);
    expect([ledger.received, poller.held("logs")]).toEqual([0, 0]);
    await poller.stop({ signal: never });
  });
});

describe("stop", () => {
  it("lets a running poll finish and hands its result on", async () => {
    let finish = () => {};
    const slow = () =>
      new Promise<PollResult>((resolve) => {
        finish = () => resolve({ batches: [batch(5)] });
      });
    const { host, poller, sink, seen } = watch({ answers: [slow] });
    poller.start();
    await host.clock.advance(2000);
    const stopped = poller.stop({ signal: never });
    await settle();
    finish();
    await stopped;
    expect([sink.items, seen.commits, host.clock.pendingTimers]).toEqual([5, 1, 0]);
    await poller.stop({ signal: never });
  });

  it("aborts a running poll at the deadline", async () => {
    const deadline = new AbortController();
    const { host, poller } = watch({
      poll: ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
    poller.start();
    await host.clock.advance(2000);
    const stopped = poller.stop({ signal: deadline.signal });
    deadline.abort();
    await stopped;
    expect(told(host)).toEqual([]);
  });

  it("offers what it holds a last time and then counts it as dropped", async () => {
    const { host, poller, sink, seen, ledger } = watch();
    sink.failNext(new RefusedError("full"), new RefusedError("full"));
    poller.start();
    await host.clock.advance(1000);
    expect(poller.held("logs")).toBe(3);
    await poller.stop({ signal: never });
    expect([...ledger.dropped]).toEqual([["shutdown", 3]]);
    expect([sink.items, poller.held("logs"), seen.polls, seen.commits]).toEqual([0, 0, 1, 0]);
  });

  it("does not wait beyond the deadline for a poll or a consumer that never answers", async () => {
    const deaf = watch({ poll: () => new Promise(() => {}) });
    deaf.poller.start();
    await deaf.host.clock.advance(2000);
    await deaf.poller.stop({ signal: AbortSignal.abort() });

    const { host, poller, sink, ledger, seen } = watch();
    sink.block();
    poller.start();
    await host.clock.advance(2000);
    await poller.stop({ signal: AbortSignal.abort() });
    expect([...ledger.dropped]).toEqual([["shutdown", 3]]);
    expect([poller.held("logs"), seen.commits, host.clock.pendingTimers]).toEqual([0, 0, 0]);
  });

  it("works before the first poll and without a start", async () => {
    const { host, poller, seen } = watch();
    await poller.stop({ signal: never });
    poller.start();
    await host.clock.advance(60_000);
    expect(seen.polls).toBe(0);
  });
});

it("tells who looks closer of each poll what came of it", async () => {
  const failing = async () => Promise.reject(new DbintelError("no", { code: "DBI_DATABASE_UNREACHABLE" }));
  const { host, poller } = watch({ answers: [async () => ({ batches: [batch(3), batch(4)] }), failing] });
  poller.start();
  await host.clock.advance(12_000);
  expect(host.lines.filter(({ level }) => level === "debug")).toEqual([
    { level: "debug", message: "poll of test: ok", fields: { poller: "test", outcome: "ok", took_ms: 0, items: 7 } },
    {
      ...{ level: "debug", message: "poll of test: failed" },
      fields: { poller: "test", outcome: "failed", took_ms: 0, items: 0 },
    },
  ]);
  await poller.stop({ signal: never });
});

describe("the metrics", () => {
  it("tell the polls of one server from those of another", async () => {
    const host = createTestHost();
    const sums = new Map<string, number>();
    const createCounter = (name: string) => ({
      add: (value: number, labels: object) => {
        const series = `${name} ${JSON.stringify(labels)}`;
        sums.set(series, (sums.get(series) ?? 0) + value);
      },
    });
    const meter: PollerOptions["host"]["meter"] = Object.assign(Object.create(host.meter), { createCounter });
    const failing = async () => Promise.reject(new DbintelError("no", { code: "DBI_DATABASE_UNREACHABLE" }));
    const options = { host: { ...host, meter }, next: {}, name: "test", interval: 10_000, jitter: 0 };
    const pollers = [
      createPoller({ ...options, instance: "a:5432", poll: async () => ({ batches: [] }) }),
      createPoller({ ...options, instance: "b:5432", poll: failing }),
      createPoller({ ...options, poll: async () => ({ batches: [] }) }),
      createPoller({ ...options, instance: "c:5432", poll: async () => ({ batches: [], heldBack: true }) }),
    ];
    for (const poller of pollers) poller.start();
    await host.clock.advance(1500);
    expect(Object.fromEntries(sums)).toEqual({
      'dbintel_receiver_polls {"instance":"a:5432","poller":"test","outcome":"ok"}': 1,
      'dbintel_receiver_polls {"instance":"b:5432","poller":"test","outcome":"failed"}': 1,
      'dbintel_receiver_polls {"poller":"test","outcome":"ok"}': 1,
      'dbintel_receiver_polls {"instance":"c:5432","poller":"test","outcome":"held_back"}': 1,
    });
    await Promise.all(pollers.map((poller) => poller.stop({ signal: never })));
  });
});
