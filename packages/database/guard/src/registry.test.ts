import { createTestHost, type TestHost } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import {
  type BreakerEvent,
  BreakerRegistry,
  breakers,
  defaultBreakerSettings,
  type ErrorClass,
  type GuardedDatabase,
} from "./index.ts";

const openForLongMs = 700_000;

function fail(database: GuardedDatabase, collectorClass: string, errorClass: ErrorClass, times = 5): void {
  for (let call = 0; call < times; call++) {
    const admission = database.admit(collectorClass, false);
    if (admission.admitted) admission.fail(errorClass);
  }
}

function watch(environment: TestHost = createTestHost(), limits: { max?: number; ttlMs?: number } = {}) {
  const registry = new BreakerRegistry({ environment, ...limits });
  const events: BreakerEvent[] = [];
  registry.watch((event) => events.push(event));
  return { registry, events, clock: environment.clock };
}

it("is one for all components of a collector", () => {
  const host = createTestHost();
  expect(createTestHost({ collectorOf: host }).shared(breakers)).toBe(host.shared(breakers));
});

it("opens one class of one database alone, and the database when half of its classes are open", () => {
  const { registry, events } = watch();
  const shop = registry.database("db:5432", "shop");
  for (const name of ["counters", "sizes", "texts", "activity"]) {
    const admission = shop.admit(name, false);
    if (admission.admitted) admission.succeed(1);
  }
  fail(shop, "sizes", "other");
  expect(shop.admit("sizes", false).admitted).toBe(false);
  expect(shop.admit("counters", true).admitted).toBe(true);
  expect(shop.whole.state).toBe("closed");
  fail(shop, "texts", "other");
  expect(shop.whole.state).toBe("open");
  expect(registry.database("db:5432", "other").admit("counters", true).admitted).toBe(true);
  expect(events.map(({ collectorClass, cause }) => [collectorClass, cause])).toEqual([
    ["sizes", "consecutive_failures"],
    ["texts", "consecutive_failures"],
    [undefined, "children"],
    // Closed under the open one, so that they need no recovery of their own.
    ["sizes", "parent"],
    ["texts", "parent"],
  ]);
});

it("keeps apart as many classes as a receiver has, and guards the rest together", () => {
  const { registry } = watch();
  const shop = registry.database("db:5432", "shop");
  const names = Array.from({ length: 300 }, (_, number) => `query ${number}`);
  const isAdmitted = (name: string) => {
    const admission = shop.admit(name, false);
    if (admission.admitted) admission.succeed(1);
    return admission.admitted;
  };
  expect(names.every(isAdmitted)).toBe(true);
  fail(shop, "query 3", "other");
  fail(shop, "query 299", "other");
  const open = names.filter((name) => !isAdmitted(name));
  expect(open.slice(0, 2)).toEqual(["query 3", "query 255"]);
  expect(open.slice(1)).toEqual(names.slice(255));
  expect(shop.whole.state).toBe("closed");
});

it("leaves a database alone for want of grants only when nothing at all is allowed", () => {
  const { registry } = watch();
  const shop = registry.database("db:3306", "");
  const status = shop.admit("metrics", true);
  if (status.admitted) status.succeed(1);
  for (const name of ["statements", "tables", "indexes"]) fail(shop, name, "configuration", 1);
  expect(shop.whole.state).toBe("closed");
  expect(shop.admit("tables", false).admitted).toBe(false);
  fail(shop, "metrics", "configuration", 1);
  expect(shop.whole.state).toBe("open");
});

it("asks a server that refuses the login nothing more, whatever the class, until somebody has repaired it", () => {
  const { registry } = watch();
  const shop = registry.database("db:5432", "shop");
  const [metrics, statements] = ["metrics", "statements"].map((name) => shop.admit(name, name === "metrics"));
  if (!metrics?.admitted || !statements?.admitted) throw new Error("refused");
  metrics.fail("login");
  expect(shop.whole.state).toBe("open");
  for (const name of ["metrics", "statements", "sizes"]) {
    expect(shop.admit(name, name === "metrics")).toMatchObject({ admitted: false, reason: "open" });
  }
  // It was under way before; what it found out is known.
  statements.fail("login");
  expect(shop.admit("metrics", true)).toMatchObject({ retryAfterMs: 5000 });

  expect(registry.retry("another:5432")).toBe(false);
  expect(registry.retry("db:5432")).toBe(true);
  expect(shop.admit("statements", false)).toMatchObject({ admitted: true, stage: undefined });
  expect(registry.retry("db:5432")).toBe(false);
});

it("opens the database when the connection fails, and lets only a ping through then", async () => {
  const { registry, clock } = watch();
  const shop = registry.database("db:5432", "shop");
  fail(shop, "counters", "failover");
  expect(shop.whole.state).toBe("open");
  await clock.advance(openForLongMs);
  const ping = shop.admit("sizes", false);
  expect(ping).toMatchObject({ admitted: true, stage: "ping" });
  if (ping.admitted) ping.succeed(1);
  expect(shop.admit("sizes", false).admitted).toBe(false);
  expect(shop.admit("counters", true)).toMatchObject({ admitted: true, stage: "cheapest" });
});

it("asks for longer intervals before it opens, and takes that back in calm times", async () => {
  const { registry, clock } = watch();
  const shop = registry.database("db:5432", "shop");
  fail(shop, "counters", "overload", 2);
  expect(shop.intervalFactor).toBe(4);
  expect(shop.whole.state).toBe("closed");
  for (let step = 0; step < 2; step++) {
    await clock.advance(defaultBreakerSettings.decayMs);
    const admission = shop.admit("counters", true);
    if (admission.admitted) admission.succeed(1);
  }
  expect(shop.intervalFactor).toBe(1);
});

it("judges an instance by settings of its own, and the others and what comes after by the usual ones", () => {
  const { registry } = watch();
  const isOpenAfter = (failures: number, instance: string) => {
    const database = registry.database(instance, "shop");
    fail(database, "counters", "other", failures);
    return !database.admit("counters", true).admitted;
  };
  expect(isOpenAfter(1, "db:5432")).toBe(false);
  const undo = registry.configure("db:5432", { ...defaultBreakerSettings, failureThreshold: 2 });
  // Begins anew: the failure from before does not count.
  expect(isOpenAfter(1, "db:5432")).toBe(false);
  expect(isOpenAfter(1, "db:5432")).toBe(true);
  expect(isOpenAfter(2, "other:5432")).toBe(false);
  const undoLater = registry.configure("db:5432", { ...defaultBreakerSettings, failureThreshold: 1 });
  undo();
  expect(isOpenAfter(1, "db:5432")).toBe(true);
  // The same settings again, as after a reload, change nothing; others do.
  registry.configure("db:5432", { ...defaultBreakerSettings, failureThreshold: 1 });
  undoLater();
  expect(isOpenAfter(0, "db:5432")).toBe(true);
  registry.configure("db:5432", defaultBreakerSettings);
  expect(isOpenAfter(4, "db:5432")).toBe(false);
});

it("remembers open breakers over a restart", async () => {
  const before = watch();
  fail(before.registry.database("db:5432", "shop"), "counters", "failover");
  const after = watch();
  expect(after.registry.restore(before.registry.snapshot("db:5432"))).toBe(true);
  const shop = after.registry.database("db:5432", "shop");
  expect(shop.admit("counters", true)).toMatchObject({ admitted: false, reason: "open" });
  await after.clock.advance(openForLongMs);
  expect(shop.admit("counters", true)).toMatchObject({ stage: "ping" });
});

it("takes nothing from a snapshot that is damaged, of another version or of another instance", () => {
  const { registry } = watch();
  fail(registry.database("db:5432", "shop"), "counters", "failover");
  const other = watch().registry;
  expect(other.restore(Buffer.from("{"))).toBe(false);
  expect(other.restore(Buffer.from('{"version":1}'))).toBe(false);
  other.restore(registry.snapshot("elsewhere:5432"));
  expect(other.size).toBe(0);
});

it("forgets databases that nobody asks for, and holds no more than its bound", async () => {
  const { registry, clock } = watch(createTestHost(), { max: 100, ttlMs: 1000 });
  for (let number = 0; number < 1000; number++) registry.database("db:5432", `tenant ${number}`);
  expect(registry.size).toBe(100);
  await clock.advance(1001);
  expect(registry.size).toBe(0);
});
