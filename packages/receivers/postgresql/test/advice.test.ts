import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { createTestHost, type SeenEvent, type TestHost } from "@dbintel/pipeline/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdviceErrand } from "../src/advice/advice-errand.ts";
import { KnownScans } from "../src/plans/known-scans.ts";
import { eventsOfVisits } from "./visiting.ts";

describe("advice about a real server", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ settings: { autovacuum: false } });
    await server.query("CREATE DATABASE app");
    await app(`
      CREATE TABLE people (id int PRIMARY KEY, name text UNIQUE, age int, city text);
      -- Numbers as text, so that no index is below the size that is worth an advice.
      INSERT INTO people SELECT g, g, g, g FROM generate_series(1, 60000) g;
      CREATE INDEX by_age ON people (age);
      CREATE INDEX by_age_again ON people (age);
      CREATE INDEX by_name_again ON people (name);
      CREATE INDEX by_city ON people (city);
      CREATE INDEX by_city_and_age ON people (city, age);
      CREATE INDEX by_city_partly ON people (city) WHERE age = 7;
      CREATE TABLE orders (id serial PRIMARY KEY, person int, note text);
      INSERT INTO orders (person) SELECT 1 + g % 1000 FROM generate_series(1, 10000) g;
      ALTER TABLE orders ADD FOREIGN KEY (person) REFERENCES people;
      CREATE TABLE visits (person int, at int, PRIMARY KEY (at, person));
      CREATE INDEX of_person ON visits (person);
      INSERT INTO visits SELECT 1 + g % 1000, g FROM generate_series(1, 10000) g;
      ALTER TABLE visits ADD FOREIGN KEY (person) REFERENCES people;
      CREATE TABLE alone (id int) WITH (autovacuum_enabled = off);
      CREATE TABLE tired (id smallserial);
      SELECT setval('tired_id_seq', 30000);
      ANALYZE`);
  });

  afterAll(() => server.stop());

  const inApp = { database: "app" };
  const app = (sql: string) => server.query(sql, [], inApp);

  function watch(options: { readonly host?: TestHost; readonly unusedAfterDays?: number } = {}) {
    const { host = createTestHost(), unusedAfterDays = 0 } = options;
    const scans = new KnownScans(host.clock);
    const errand = new AdviceErrand({ host, intervalMs: 3_600_000, endpoint: "test:5432", scans, unusedAfterDays });
    return eventsOfVisits(server, { errand, host, database: "app" });
  }

  function objectsOf(events: readonly SeenEvent[], rule: string) {
    const found = events.filter((event) => event.text("dbintel.advice.rule") === rule);
    return found.map((event) => event.text("dbintel.advice.object")).sort();
  }

  it("is found by each rule, with numbers that show it and SQL that repairs it", async () => {
    const advice = watch();
    const events = await advice.look();
    await advice.close();
    expect(objectsOf(events, "unused_index")).toEqual(
      ["by_age", "by_age_again", "by_city", "by_city_and_age", "by_name_again"].map((name) => `public.${name}`),
    );
    expect(objectsOf(events, "duplicate_index")).toEqual([
      "public.by_age_again",
      "public.by_city",
      "public.by_name_again",
    ]);
    expect(objectsOf(events, "foreign_key_without_index")).toEqual(["public.orders.orders_person_fkey"]);
    expect(objectsOf(events, "autovacuum_disabled")).toEqual(["public.alone"]);
    expect(objectsOf(events, "sequence_near_end")).toEqual(["public.tired_id_seq"]);
    expect(objectsOf(events, "setting_autovacuum")).toEqual(["autovacuum"]);
    expect(objectsOf(events, "setting_track_io_timing")).toEqual(["track_io_timing"]);
    expect(objectsOf(events, "setting_fsync")).toEqual(["fsync"]);
    expect(objectsOf(events, "setting_track_counts")).toEqual([]);
    const [key] = events.filter((event) => event.text("dbintel.advice.rule") === "foreign_key_without_index");
    expect(Object.fromEntries(key?.attributes ?? [])).toMatchObject({
      "db.namespace": "app",
      "postgresql.schema.name": "public",
      "db.collection.name": "orders",
      "dbintel.advice.state": "open",
      "dbintel.advice.severity": "warning",
      "dbintel.advice.sql": "CREATE INDEX CONCURRENTLY ON public.orders (person);",
      "dbintel.advice.evidence.rows": 10_000,
    });
    expect(key?.text("dbintel.advice.id")).toMatch(/^[0-9a-f]{16}$/);
    expect(key?.text("dbintel.advice.message")).not.toBe("");
    const [setting] = events.filter((event) => event.text("dbintel.advice.rule") === "setting_autovacuum");
    expect(setting?.attributes.has("db.namespace")).toBe(false);
    expect(setting?.text("dbintel.advice.sql")).toBe("ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf();");
  });

  it("gives SQL that does repair it: told once, and once more when it is gone, over a restart of the collector", async () => {
    const first = watch({ unusedAfterDays: 1000 });
    const events = await first.look();
    expect(objectsOf(events, "unused_index")).toEqual([]);
    expect(await first.look()).toEqual([]);
    for (const event of events) {
      const sql = event.text("dbintel.advice.sql");
      // Each statement by itself: some of them may not run in a transaction.
      for (const statement of sql.split(";").filter((part) => part.trim() !== "")) await app(statement);
    }
    await eventually("the server has read its files", async () => {
      const [row] = await server.query<{ setting: string }>("SHOW autovacuum");
      return Object.values(row ?? {})[0] === "on" ? true : undefined;
    });
    await first.look();
    await first.close();
    const second = watch({ host: createTestHost({ storage: first.host.storage }), unusedAfterDays: 1000 });
    expect(await second.peek()).toHaveLength(events.length);
    const resolved = await second.look();
    const ids = (list: readonly SeenEvent[]) => list.map((event) => event.text("dbintel.advice.id")).sort();
    expect(ids(resolved)).toEqual(ids(events));
    expect(new Set(resolved.map((event) => event.text("dbintel.advice.state")))).toEqual(new Set(["resolved"]));
    expect(await second.look()).toEqual([]);
    await second.close();
  });

  it("sees that updates find no room on their pages, and that a fillfactor makes it", async () => {
    // What the advice before has repaired would make room on its pages.
    await app("CREATE TABLE crowded (id int PRIMARY KEY, note text) WITH (autovacuum_enabled = off)");
    await app("CREATE INDEX ON crowded (note)");
    await app("INSERT INTO crowded SELECT g, repeat('x', 100) FROM generate_series(1, 12000) g");
    const counted = (updates: number) =>
      eventually("the updates are counted", async () => {
        const [row] = await server.query<{ updates: string }>(
          "SELECT n_tup_upd AS updates FROM pg_stat_user_tables WHERE relname = 'crowded'",
          [],
          inApp,
        );
        return Number(row?.updates) === updates ? true : undefined;
      });
    const updateAll = async (times: number) => {
      await app("UPDATE crowded SET id = id");
      await counted(12_000 * times);
    };
    await updateAll(1);
    const first = watch({ unusedAfterDays: 1000 });
    expect(objectsOf(await first.look(), "few_hot_updates")).toEqual([]);
    await updateAll(2);
    const [advice] = (await first.look()).filter((event) => event.text("dbintel.advice.rule") === "few_hot_updates");
    expect(advice?.text("dbintel.advice.object")).toBe("public.crowded");
    expect(advice?.number("dbintel.advice.evidence.updates")).toBe(12_000);
    expect(advice?.number("dbintel.advice.evidence.newpage_share")).toBeGreaterThan(0.5);
    await first.look();
    await first.close();
    // Who begins anew does not take it back before it has seen updates.
    const second = watch({ host: createTestHost({ storage: first.host.storage }), unusedAfterDays: 1000 });
    for (let look = 0; look < 3; look++) expect(objectsOf(await second.look(), "few_hot_updates")).toEqual([]);
    await app(advice?.text("dbintel.advice.sql") ?? "");
    await second.look();
    const [gone] = (await second.look()).filter((event) => event.text("dbintel.advice.rule") === "few_hot_updates");
    expect(gone?.text("dbintel.advice.state")).toBe("resolved");
    await second.close();
  });

  it("sees an index whose building failed", async () => {
    await app("INSERT INTO alone VALUES (1), (1)");
    await expect(app("CREATE UNIQUE INDEX CONCURRENTLY broken ON alone (id)")).rejects.toThrow("could not create");
    const advice = watch({ unusedAfterDays: 1000 });
    const events = await advice.look();
    await advice.close();
    expect(objectsOf(events, "invalid_index")).toEqual(["public.broken"]);
    expect(
      events.find((event) => event.text("dbintel.advice.rule") === "invalid_index")?.text("dbintel.advice.sql"),
    ).toBe("REINDEX INDEX CONCURRENTLY public.broken;");
  });
});
