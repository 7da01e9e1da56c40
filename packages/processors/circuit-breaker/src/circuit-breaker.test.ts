import { RefusedError, RetryableError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { breakers } from "@dbintel/guard";
import { logsBuilder, tracesBuilder } from "@dbintel/pdata";
import { createTestHost } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { context, records, running } from "../test/running.ts";

/** Small numbers: ten items a second, five in a burst for each of two. */
const flood = { items_per_second: 10, burst: "1s" };

describe("a flood of one database", () => {
  it("loses its own excess, and the others lose nothing", async () => {
    const { clock, send, stop } = await running({ settings: { flood: { items_per_second: 100, burst: "2s" } } });
    const steady = ["orders", "users", "stock"];
    const dropped = { flood: 0, steady: 0 };
    let offered = 0;
    for (let second = 0; second < 60; second++) {
      // All but the first seconds with a flood of fifty times what the pipeline carries, first and last in the second.
      if (second >= 5) {
        for (const part of [4000, 1000]) {
          offered += part;
          dropped.flood += (await send(records("shop", part))).circuit_flood ?? 0;
          if (part === 1000) continue;
          for (const database of steady) {
            dropped.steady += (await send(records(database, 20))).circuit_flood ?? 0;
          }
        }
      } else {
        for (const database of steady) dropped.steady += (await send(records(database, 20))).circuit_flood ?? 0;
      }
      await clock.advance(1000);
    }
    expect(dropped.steady).toBe(0);
    // Of 100 a second the others use 60; the rest, and a burst, is for the flood. While open it has a quarter, 25.
    const passed = offered - dropped.flood;
    expect(passed).toBeGreaterThanOrEqual(55 * 25);
    expect(passed).toBeLessThanOrEqual(55 * 40 + 2 * 100);
    await stop();
  });

  it("is dropped only where a limit says what a flood is", async () => {
    const { send, stop } = await running({ settings: {} });
    expect(await send(records("shop", 20_000))).toEqual({});
    await stop();
  });

  it("opens its breaker, and calm closes it again", async () => {
    const { clock, send, events, stop, host } = await running({ settings: { flood } });
    for (let second = 0; second < 6; second++) {
      await send(records("shop", 50));
      await clock.advance(1000);
    }
    expect(events()).toEqual([
      {
        "db.circuit.id": "circuit_breaker",
        "db.circuit.kind": "flood",
        "db.circuit.from": "closed",
        "db.circuit.to": "open",
        "db.circuit.reason": "consecutive_failures",
        "db.circuit.open_ms": 5000n,
        "db.circuit.evidence.offered": 50n,
        "db.circuit.evidence.excess": 40n,
        "service.instance.id": "db:5432",
        "db.namespace": "shop",
      },
    ]);
    expect(host.lines.map(({ level, message }) => [level, message])).toEqual([
      ["warn", "circuit breaker (flood) of database db:5432/shop: closed → open, consecutive_failures"],
    ]);
    expect(host.accounting.of("logs").received).toBe(1);
    await clock.advance(20_000);
    expect(events().map((event) => event["db.circuit.to"])).toEqual(["open", "half_open", "closed"]);
    expect(await send(records("shop", 10))).toEqual({});
    await stop();
  });

  it("is shut out as long as its breaker is open, if so told", async () => {
    const { clock, send, stop } = await running({ settings: { flood: { ...flood, while_open: "drop" } } });
    for (let second = 0; second < 5; second++) {
      await send(records("shop", 50));
      await clock.advance(1000);
    }
    expect(await send(records("shop", 2))).toEqual({ circuit_open: 2 });
    expect(await send(records("users", 2))).toEqual({});
    await stop();
  });

  it("lends what others leave, to none whose breaker is open", async () => {
    const { clock, send, stop } = await running({ settings: { flood } });
    const pass = async (database: string, count: number) =>
      count - ((await send(records(database, count))).circuit_flood ?? 0);
    let borrowed = 0;
    for (let second = 0; second < 10; second++) {
      await pass("users", 1);
      borrowed = await pass("shop", 9);
      await clock.advance(1000);
    }
    expect(borrowed).toBe(9);
    let limited = 0;
    for (let second = 0; second < 8; second++) {
      await pass("users", 1);
      limited = await pass("shop", 100);
      await clock.advance(1000);
    }
    expect(limited).toBe(5);
    // What it asks for now is more than its own part, and there is enough to lend: it recovers.
    for (let second = 0; second < 30; second++) {
      await pass("users", 1);
      borrowed = await pass("shop", 8);
      await clock.advance(1000);
    }
    expect(borrowed).toBe(8);
    await stop();
  });
});

describe("modes", () => {
  it("metrics_only decides and drops nothing", async () => {
    const { clock, send, events, stop } = await running({ settings: { flood, mode: "metrics_only" } });
    for (let second = 0; second < 6; second++) {
      expect(await send(records("shop", 50))).toEqual({});
      await clock.advance(1000);
    }
    expect(events()).toMatchObject([{ "db.circuit.to": "open" }]);
    await stop();
  });

  it("force_open and force_closed do what they say, for one database too", async () => {
    const overrides = [
      { database: "shop", mode: "force_closed" as const },
      { instance: "db:5432", mode: "auto" as const },
    ];
    const { send, stop } = await running({ settings: { flood, mode: "force_open", overrides } });
    expect(await send(records("shop", 500))).toEqual({});
    expect(await send(records("users", 5))).toEqual({});
    expect(await send(records("users", 5, {}, "other:5432"))).toEqual({ circuit_forced_open: 5 });
    await stop();
  });
});

describe("a sick database", () => {
  const health = { log: "severity_number >= SEVERITY_NUMBER_ERROR", minimum_items: 4 };
  const mixed = (failed: number, well: number) => [
    records("shop", failed, { severityNumber: 17 }),
    records("shop", well, { severityNumber: 9 }),
  ];

  it("is left alone by receivers, while its telemetry passes", async () => {
    const { clock, send, events, stop, host } = await running({ settings: { health } });
    for (const batch of mixed(1, 3)) await send(batch);
    await clock.advance(1000);
    expect(events()).toEqual([]);
    for (const batch of mixed(6, 2)) expect(await send(batch)).toEqual({});
    await clock.advance(1000);
    expect(events().map((event) => [event["db.circuit.kind"], event["db.circuit.reason"]])).toEqual([
      ["health", "failure_rate"],
      ["database", "health"],
    ]);
    // A receiver polls the instance through a database of its own choice.
    expect(host.shared(breakers).database("db:5432", "postgres").admit("counters", true)).toMatchObject({
      admitted: false,
      reason: "open",
    });
    expect(await send(records("shop", 10))).toEqual({});
    await clock.advance(30_000);
    expect(events().filter((event) => event["db.circuit.kind"] === "health")).toMatchObject([
      { "db.circuit.to": "open" },
      { "db.circuit.to": "half_open" },
      { "db.circuit.to": "closed" },
    ]);
    await stop();
  });

  it("holds back the polls of that database alone, if so told", async () => {
    const settings = { health: { ...health, hold_polls: "database" as const } };
    const { clock, send, stop, host } = await running({ settings });
    for (const batch of mixed(6, 2)) await send(batch);
    await clock.advance(1000);
    const registry = host.shared(breakers);
    expect(registry.database("db:5432", "shop").admit("counters", true).admitted).toBe(false);
    expect(registry.database("db:5432", "users").admit("counters", true).admitted).toBe(true);
    await stop();
  });

  it("is limited as well, if so told, and receivers go on, if so told", async () => {
    const settings = { flood, health: { ...health, limit: true, hold_polls: "none" as const } };
    const { clock, send, stop, host } = await running({ settings });
    await send(records("shop", 8, { severityNumber: 17 }));
    await send(records("users", 1));
    await clock.advance(1000);
    await send(records("users", 1));
    await send(records("shop", 10));
    expect(await send(records("shop", 1))).toEqual({ circuit_flood: 1 });
    expect(host.shared(breakers).database("db:5432", "shop").whole.state).toBe("closed");
    await stop();
  });

  it("shows in slow spans", async () => {
    const { clock, send, stop, host } = await running({
      settings: { health: { slow_span_threshold: "1s", minimum_items: 4 } },
      signal: "traces",
    });
    const spans = tracesBuilder()
      .resource({ attributes: { "server.address": "db" } })
      .scope({ name: "app" });
    for (let index = 0; index < 5; index++) {
      spans.span({
        traceId: `${"0".repeat(31)}1`,
        spanId: `${"0".repeat(15)}1`,
        name: "SELECT",
        startTimeUnixNano: 0n,
        endTimeUnixNano: index === 0 ? 1n : 2_000_000_000n,
        attributes: { "db.namespace": "shop" },
      });
    }
    await send(spans.build());
    await clock.advance(1000);
    expect(host.lines.map(({ message }) => message)).toContain(
      "circuit breaker (health) of database db/shop: closed → open, slow_calls",
    );
    await stop();
  });
});

describe("what names a database", () => {
  it("is the first text among the attributes of the item, then of its resource", async () => {
    const { send, stop } = await running({ settings: { flood: { items_per_second: 1, burst: "1s" } } });
    const builder = logsBuilder()
      .resource({ attributes: { "server.address": "db", "db.namespace": "shop" } })
      .scope({ name: "app" })
      .record({})
      .record({ attributes: { "db.namespace": 7n } })
      .record({ attributes: { "db.namespace": "users" } })
      .record({ attributes: { database_name: "users" } })
      .record({ attributes: { "service.instance.id": "db" } })
      .resource({ attributes: { "service.name": "web" } })
      .scope({ name: "app" })
      .record({})
      .record({})
      .resource({ attributes: { "db.namespace": "shop" } })
      .scope({ name: "app" })
      .record({});
    // Of three databases each may send one: shop of db has four, users of db two, shop of nobody one.
    expect(await send(builder.build())).toEqual({ circuit_flood: 3 });
    await stop();
  });
});

it("remembers open breakers over a restart", async () => {
  const before = await running({ settings: { flood: { ...flood, while_open: "drop" } } });
  for (let second = 0; second < 6; second++) {
    await before.send(records("shop", 50));
    await before.clock.advance(1000);
  }
  await before.stop();
  const host = createTestHost({ storage: before.host.storage });
  const after = await running({ settings: { flood: { ...flood, while_open: "drop" } }, host });
  expect(await after.send(records("shop", 2))).toEqual({ circuit_open: 2 });
  expect(await after.send(records("users", 2))).toEqual({});
  await after.clock.advance(20_000);
  expect(await after.send(records("shop", 2))).toEqual({});
  await after.stop();
  host.storage.snapshots.set("circuits", Buffer.from("{"));
  const damaged = await running({ host: createTestHost({ storage: host.storage }) });
  expect(damaged.host.lines.map(({ message }) => message)).toEqual([
    "the saved state of circuits is unreadable; all breakers begin closed",
  ]);
  await damaged.stop();
});

it("shares the state of a database among the pipelines of its id, and one of logs tells of it", async () => {
  const host = createTestHost();
  const metrics = await running({ settings: { flood }, host, signal: "metrics" });
  const logs = await running({ settings: { flood }, host: createTestHost({ collectorOf: host }) });
  for (let second = 0; second < 6; second++) {
    await metrics.send(records("shop", 50));
    await host.clock.advance(1000);
  }
  expect(metrics.events()).toEqual([]);
  expect(logs.events()).toMatchObject([{ "db.circuit.to": "open" }]);
  await metrics.stop();
  await logs.stop();
});

it("refuses batches when too many are on their way, and takes them when there is room", async () => {
  const { part, sink, stop } = await running({ settings: { max_concurrent_requests: 2 } });
  const open = sink.block();
  const first = [part.consume(records("shop", 1), context), part.consume(records("shop", 1), context)];
  await expect(part.consume(records("shop", 1), context)).rejects.toBeInstanceOf(RefusedError);
  open();
  await Promise.all(first);
  await part.consume(records("shop", 1), context);
  expect(sink.items).toBe(3);
  await stop();
});

it("says little when a thousand databases open at once", async () => {
  const { send, clock, host, events, stop } = await running({ settings: { flood, failure_threshold: 1 } });
  for (let tenant = 0; tenant < 1000; tenant++) await send(records(`tenant ${tenant}`, 11));
  await clock.advance(1000);
  expect(host.lines.length).toBe(60);
  expect(events().length).toBe(256);
  await stop();
});

it("counts what it decides, drops and refuses", async () => {
  const counted: Record<string, number> = {};
  const keyOf = (name: string, labels: Readonly<Record<string, string>>) =>
    [name.replace("dbintel_circuit_breaker_", ""), ...Object.values(labels).slice(1)].join(" ");
  const meter = Object.assign(createTestHost().meter, {
    createCounter: (name: string) => ({
      add: (value: number, labels: Readonly<Record<string, string>>) => {
        counted[keyOf(name, labels)] = (counted[keyOf(name, labels)] ?? 0) + value;
      },
    }),
    createGauge: (name: string) => ({
      record: (value: number, labels: Readonly<Record<string, string>>) => {
        counted[keyOf(name, labels)] = value;
      },
    }),
  });
  const host = createTestHost({ meter });
  const exporters = { ids: ["otlp_http"] };
  const { part, send, clock, stop } = await running({
    settings: { flood, failure_threshold: 1, exporters },
    host,
  });
  await send(records("shop", 50));
  await send(logsBuilder().resource({ attributes: {} }).scope({ name: "app" }).record({}).build());
  await clock.advance(1000);
  host.shared(feedback).exporterFailed({ exporter: "otlp_http", error: new RetryableError("quota exceeded") });
  await expect(part.consume(records("shop", 1), context)).rejects.toThrow("limited");
  await clock.advance(1000);
  expect(counted).toEqual({
    "items passed auto": 10,
    "items flood auto": 40,
    "items unnamed auto": 1,
    "changes flood open consecutive_failures": 1,
    "changes exporter open quota": 1,
    "batches exporter_quota": 1,
    "circuits open": 2,
    "circuits half_open": 0,
    databases: 1,
  });
  await stop();
});

it("begins anew with other settings under the same id", async () => {
  const host = createTestHost();
  const before = await running({ settings: { mode: "force_open" }, host });
  const after = await running({ settings: {}, host });
  expect(await before.send(records("shop", 1))).toEqual({ circuit_forced_open: 1 });
  expect(await after.send(records("shop", 1))).toEqual({});
  await before.stop();
  await after.stop();
});
