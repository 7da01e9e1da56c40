import { FakeClock, seededRandom } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { type Admission, Breaker, type Permit, type StateChange } from "./breaker.ts";
import type { ErrorClass } from "./error-class.ts";
import { type BreakerSettings, defaultBreakerSettings } from "./settings.ts";

function watch(settings: Partial<BreakerSettings> = {}, draw?: number) {
  const clock = new FakeClock();
  const changes: StateChange[] = [];
  const breaker = new Breaker({
    settings: { ...defaultBreakerSettings, ...settings },
    random: draw === undefined ? seededRandom(1) : { next: () => draw },
    nowMs: () => clock.monotonicMs(),
    onChange: (change) => changes.push(change),
  });
  const permit = (cheap?: boolean) => granted(breaker.admit(cheap));
  const fail = (times: number) => {
    for (let call = 0; call < times; call++) permit().fail("overload");
  };
  return { clock, changes, breaker, permit, fail };
}

function granted(admission: Admission): Permit {
  if (!admission.admitted) throw new Error(`refused: ${admission.reason}`);
  return admission;
}

it("opens after failures in a row, and a success in between starts the count again", () => {
  const { breaker, fail, permit, changes } = watch();
  fail(4);
  permit().succeed(1);
  fail(4);
  expect(breaker.state).toBe("closed");
  fail(1);
  expect(changes).toMatchObject([{ from: "closed", to: "open", cause: "consecutive_failures" }]);
  expect(breaker.admit()).toMatchObject({ admitted: false, reason: "open" });
});

it("opens by the rate of failures only with enough calls", () => {
  const { fail, permit, changes } = watch({ failureThreshold: 100 });
  for (let pair = 0; pair < 4; pair++) {
    permit().succeed(1);
    fail(1);
  }
  expect(changes).toEqual([]);
  permit().succeed(1);
  fail(1);
  expect(changes).toMatchObject([{ cause: "failure_rate" }]);
});

it("opens by slow calls", () => {
  const { permit, changes } = watch();
  for (let call = 0; call < 10; call++) permit().succeed(6000);
  expect(changes).toMatchObject([{ cause: "slow_calls" }]);
});

it("recovers by a ping, the cheapest call and a slow start", async () => {
  const { breaker, permit, fail, clock, changes } = watch({}, 0);
  fail(5);
  await clock.advance(5000);
  const ping = permit(false);
  expect(ping.stage).toBe("ping");
  expect(breaker.admit()).toEqual({ admitted: false, reason: "probing", retryAfterMs: undefined });
  ping.succeed(1);
  expect(breaker.admit(false).admitted).toBe(false);
  const cheapest = permit(true);
  expect(cheapest.stage).toBe("cheapest");
  cheapest.succeed(1);
  const first = [permit(false), permit(false)];
  expect(breaker.admit(false).admitted).toBe(false);
  for (const call of first) call.succeed(1);
  permit().succeed(1);
  expect(changes.map(({ to }) => to)).toEqual(["open", "half_open", "closed"]);
});

it("stays open longer each time, at most two minutes, and forgets while it is well", async () => {
  const { breaker, permit, fail, clock, changes } = watch({}, 1);
  fail(5);
  for (let round = 0; round < 9; round++) {
    await clock.advance(changes.at(-1)?.openMs ?? 0);
    permit().fail("failover");
  }
  const delays = changes.filter(({ to }) => to === "open").map(({ openMs }) => openMs / 1000);
  expect(delays).toEqual([5, 10, 20, 40, 80, 120, 120, 120, 120, 120]);
  await clock.advance(600_000);
  for (let call = 0; call < 5; call++) permit().succeed(1);
  expect(breaker.state).toBe("closed");
  await clock.advance(10 * 60_000);
  fail(5);
  expect(changes.at(-1)?.openMs).toBe(5000);
});

it("leaves a database alone that refuses us for its configuration, and forgives statements of ours", () => {
  const { breaker, permit, changes } = watch();
  for (let call = 0; call < 20; call++) permit().fail("ours");
  expect(breaker.state).toBe("closed");
  permit().fail("configuration");
  expect(changes).toMatchObject([{ cause: "configuration", openMs: 5000 }]);
});

/** Fails each probe as soon as it may be made; how long it stayed open each time. */
async function refusedTimes({ breaker, permit, changes, clock }: ReturnType<typeof watch>, errorClass: ErrorClass) {
  for (let attempt = 0; attempt < 9; attempt++) {
    permit().fail(errorClass);
    await clock.advance(changes.at(-1)?.openMs ?? 0);
  }
  expect(breaker.state).toBe("open");
  return changes.filter(({ to }) => to === "open").map(({ openMs }) => openMs);
}

it("asks again what refuses us ever more rarely, at times that no chance decides", async () => {
  const times = [5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000];
  expect(await refusedTimes(watch({}, 0), "login")).toEqual(times);
  expect(await refusedTimes(watch({}, 0.99), "configuration")).toEqual(times);
});

it("asks at once when somebody says that it is repaired: all of what was refused, else first a ping", async () => {
  const refused = watch();
  await refusedTimes(refused, "login");
  refused.permit().fail("login");
  expect(refused.breaker.retry()).toBe(true);
  expect(refused.changes.at(-1)).toMatchObject({ to: "closed", cause: "retry" });
  expect(refused.permit().stage).toBeUndefined();
  refused.permit().fail("login");
  expect(refused.changes.at(-1)?.openMs).toBe(5000);

  const away = watch();
  expect(away.breaker.retry()).toBe(false);
  away.fail(5);
  expect(away.breaker.retry()).toBe(true);
  expect(away.permit().stage).toBe("ping");
});

it("asks what was refused at once after a restart, and goes on to be rare when it is refused again", async () => {
  const before = watch();
  await refusedTimes(before, "login");
  const snapshot = before.breaker.snapshot();
  expect(snapshot).toMatchObject({ state: "closed", remainingMs: 0 });
  if (snapshot === undefined) throw new Error("nothing was kept");
  const after = watch();
  after.breaker.restore(snapshot, 1000);
  expect(after.permit().stage).toBeUndefined();
  after.permit().fail("login");
  expect(after.changes.at(-1)?.openMs).toBe(300_000);
});

it("ignores outcomes of an earlier state and second outcomes", async () => {
  const { breaker, permit, fail, clock } = watch({}, 0);
  const late = permit();
  fail(5);
  await clock.advance(5000);
  const ping = permit();
  late.fail("overload");
  expect(breaker.state).toBe("half_open");
  ping.release();
  ping.fail("overload");
  expect(breaker.state).toBe("half_open");
  expect(permit().stage).toBe("ping");
});

it("obeys people", () => {
  const { breaker, fail } = watch();
  breaker.mode = "force_open";
  expect(breaker.admit()).toMatchObject({ reason: "forced_open" });
  breaker.mode = "force_closed";
  fail(20);
  expect(breaker.state).toBe("closed");
  breaker.mode = "metrics_only";
  fail(1);
  expect(breaker.state).toBe("open");
  expect(breaker.admit().admitted).toBe(true);
});

it("goes on after a restart where it was", async () => {
  const before = watch({}, 1);
  before.fail(5);
  await before.clock.advance(2000);
  const snapshot = before.breaker.snapshot();
  expect(snapshot).toEqual({ state: "open", openings: 1, remainingMs: 3000 });
  if (snapshot === undefined) throw new Error("nothing was kept");
  const after = watch();
  after.breaker.restore(snapshot, 1000);
  expect(after.breaker.admit()).toMatchObject({ reason: "open", retryAfterMs: 2000 });
  await after.clock.advance(2000);
  expect(after.permit().stage).toBe("ping");
});
