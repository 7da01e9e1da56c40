import { createTestHost } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import {
  type BreakerEvent,
  BreakerRegistry,
  type BreakerSettings,
  type DatabasePermit,
  defaultBreakerSettings,
  type ErrorClass,
  type GuardedDatabase,
} from "./index.ts";

const openForLongMs = 700_000;

function watch(settings: Partial<BreakerSettings> = {}) {
  const environment = createTestHost();
  const registry = new BreakerRegistry({ environment, settings: { ...defaultBreakerSettings, ...settings } });
  const events: BreakerEvent[] = [];
  registry.watch((event) => events.push(event));
  const changes = () => events.map(({ database, collectorClass, to, cause }) => [database, collectorClass, to, cause]);
  return { registry, changes, clock: environment.clock };
}

function granted(database: GuardedDatabase, collectorClass: string, cheap = false): DatabasePermit {
  const admission = database.admit(collectorClass, cheap);
  if (!admission.admitted) throw new Error(`refused: ${admission.reason}`);
  return admission;
}

function fail(database: GuardedDatabase, collectorClass: string, errorClass: ErrorClass, times = 5): void {
  for (let call = 0; call < times; call++) granted(database, collectorClass).fail(errorClass);
}

it("is left alone with all of its databases when it is away, and others are not", () => {
  const { registry, changes } = watch();
  fail(registry.database("db:5432", "shop"), "counters", "failover", 3);
  fail(registry.database("db:5432", "users"), "sizes", "failover", 2);
  for (const name of ["shop", "users", "never seen"]) {
    expect(registry.database("db:5432", name).admit("counters", true)).toMatchObject({ reason: "open" });
  }
  expect(granted(registry.database("other:5432", "shop"), "counters")).toMatchObject({ stage: undefined });
  expect(changes()).toEqual([["", undefined, "open", "consecutive_failures"]]);
});

it("recovers once: when it is back no class of its databases needs a recovery of its own", async () => {
  const { registry, changes, clock } = watch();
  const shop = registry.database("db:5432", "shop");
  for (const name of ["counters", "texts"]) granted(shop, name).succeed(1);
  fail(shop, "sizes", "other");
  fail(shop, "counters", "failover");
  await clock.advance(openForLongMs);
  const stages = ["counters", "counters", "sizes", "sizes", "texts"].map((name, index) => {
    const permit = granted(shop, name, index < 2);
    permit.succeed(1);
    return permit.stage;
  });
  expect(stages).toEqual(["ping", "cheapest", "slow_start", "slow_start", "slow_start"]);
  for (const name of ["sizes", "counters", "texts"]) expect(granted(shop, name).stage).toBeUndefined();
  expect(changes()).toEqual([
    ["shop", "sizes", "open", "consecutive_failures"],
    ["", undefined, "open", "consecutive_failures"],
    ["shop", "sizes", "closed", "parent"],
    ["", undefined, "half_open", "delay_over"],
    ["", undefined, "closed", "recovered"],
  ]);
});

it("stays closed when one class alone is cut off again and again, and that class opens", () => {
  const { registry, changes } = watch();
  const shop = registry.database("db:5432", "shop");
  for (let poll = 0; poll < 5; poll++) {
    granted(shop, "locks").fail("overload");
    for (const name of ["counters", "activity", "archiver"]) granted(shop, name, true).succeed(1);
  }
  expect(changes()).toEqual([["shop", "locks", "open", "consecutive_failures"]]);
  expect(shop.admit("locks", false).admitted).toBe(false);
  expect(shop.admit("counters", true).admitted).toBe(true);
});

it("opens when half of its databases are open", () => {
  const { registry, changes } = watch();
  for (const name of ["one", "two"]) {
    const database = registry.database("db:5432", name);
    for (const collectorClass of ["counters", "sizes"]) granted(database, collectorClass).succeed(1);
  }
  fail(registry.database("db:5432", "three"), "counters", "other");
  fail(registry.database("db:5432", "one"), "counters", "other");
  expect(changes().filter(([database]) => database === "")).toEqual([]);
  fail(registry.database("db:5432", "two"), "counters", "other");
  expect(changes().filter(([database]) => database === "")).toEqual([["", undefined, "open", "children"]]);
});

it("does without the dear classes first when it is overloaded, never without the cheapest", async () => {
  const { registry, clock } = watch({ shedOrder: ["plans", "sizes", "statements"] });
  const shop = registry.database("db:5432", "shop");
  const refused = () =>
    ["plans", "sizes", "statements", "counters"].filter((name) => {
      const admission = shop.admit(name, false);
      if (admission.admitted) admission.release();
      else expect(admission.reason).toBe("shed");
      return !admission.admitted;
    });
  const seen = [refused()];
  for (let step = 0; step < 4; step++) {
    granted(shop, "counters").fail("overload");
    seen.push(refused());
  }
  expect(seen).toEqual([[], [], ["plans"], ["plans", "sizes"], ["plans", "sizes", "statements"]]);
  expect(shop.admit("statements", true)).toMatchObject({ admitted: true });
  expect(shop.intervalFactor).toBe(16);
  for (let minute = 0; minute < 4; minute++) {
    await clock.advance(defaultBreakerSettings.decayMs);
    granted(shop, "counters").succeed(1);
  }
  expect(refused()).toEqual([]);
  expect(shop.intervalFactor).toBe(1);
});

it("is relieved for as long, however many calls a poll is made of", async () => {
  const { registry, clock } = watch();
  const shop = registry.database("db:5432", "shop");
  for (let step = 0; step < 2; step++) granted(shop, "locks").fail("overload");
  const factors: number[] = [];
  for (let poll = 0; poll < 12; poll++) {
    await clock.advance(10_000);
    for (let view = 0; view < 10; view++) granted(shop, `view ${view}`).succeed(1);
    // What the server does not understand says nothing about its load.
    granted(shop, "views").fail("ours");
    factors.push(shop.intervalFactor);
  }
  expect(factors).toEqual([4, 4, 4, 4, 4, 2, 2, 2, 2, 2, 2, 1]);
});

it("asks each class to find it again after it went away, until that class has reached it", () => {
  const { registry } = watch();
  const shop = registry.database("db:5432", "shop");
  const asked = () => ["counters", "statements"].map((name) => granted(shop, name).rediscover);
  expect(asked()).toEqual([false, false]);
  fail(shop, "counters", "failover", 1);
  expect(asked()).toEqual([true, true]);
  granted(shop, "counters").succeed(1);
  expect(asked()).toEqual([false, true]);
  granted(shop, "statements").succeed(1);
  expect(asked()).toEqual([false, false]);
  expect(granted(registry.database("db:5432", "users"), "counters").rediscover).toBe(false);
});

it("waits for an answer as long as answers of its class take, within bounds", async () => {
  const { registry, clock } = watch({ baseTimeoutMs: 100, maxTimeoutMs: 1000, slowCallMs: 100_000 });
  const shop = registry.database("db:5432", "shop");
  expect(granted(shop, "sizes").timeoutMs).toBe(100);
  granted(shop, "sizes").succeed(200);
  expect(granted(shop, "sizes").timeoutMs).toBeGreaterThanOrEqual(400);
  expect(granted(shop, "counters").timeoutMs).toBe(100);
  const late = granted(shop, "counters");
  await clock.advance(late.timeoutMs);
  late.fail("overload");
  expect(granted(shop, "counters").timeoutMs).toBeGreaterThan(100);
  for (let call = 0; call < 10; call++) granted(shop, "sizes").succeed(60_000);
  expect(granted(shop, "sizes").timeoutMs).toBe(1000);
});

it("has no more calls under way than told", () => {
  const { registry } = watch({ maxConcurrent: 2 });
  const permits = ["shop", "users"].map((name) => granted(registry.database("db:5432", name), "counters"));
  const shop = registry.database("db:5432", "shop");
  expect(shop.admit("counters", true)).toMatchObject({ admitted: false, reason: "busy" });
  permits[0]?.succeed(1);
  granted(shop, "counters").release();
});

it("is remembered over a restart", async () => {
  const before = watch();
  fail(before.registry.database("db:5432", "shop"), "counters", "failover");
  const after = watch();
  expect(after.registry.restore(before.registry.snapshot("db:5432"))).toBe(true);
  expect(after.registry.database("db:5432", "users").admit("counters", true)).toMatchObject({ reason: "open" });
  await after.clock.advance(openForLongMs);
  expect(granted(after.registry.database("db:5432", "users"), "counters").stage).toBe("ping");
});
