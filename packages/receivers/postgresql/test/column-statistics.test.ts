import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { createTestHost, eventsOf } from "@dbintel/pipeline/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ColumnStatisticsErrand } from "../src/schema/column-statistics.ts";
import { visitDatabases } from "./visiting.ts";

const otel = { username: "otel", password: "otel" };

describe("statistics of the columns of a real server", () => {
  let server: PostgresServer;
  let close: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    server = await startPostgres({ settings: { autovacuum: false } });
    await server.query("CREATE ROLE otel LOGIN PASSWORD 'otel' IN ROLE pg_monitor, pg_read_all_data");
    await server.query("CREATE DATABASE app");
    await app(`
      CREATE TABLE people (id int, state text, email text, born int);
      INSERT INTO people SELECT g, CASE WHEN g % 4 = 0 THEN 'hunter2-rare' ELSE 'hunter2-usual' END,
        'jane' || g || '@example.com', CASE WHEN g % 10 <> 0 THEN g % 50 END FROM generate_series(1, 1000) g;
      CREATE TABLE days (day int, filler int) PARTITION BY RANGE (day);
      CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM (0) TO (100);
      CREATE TABLE never_analysed (id int)`);
    await app("INSERT INTO days SELECT g, 1 FROM generate_series(0, 99) g");
    await app("ANALYZE people, days");
  });
  afterAll(async () => {
    await close?.();
    await server?.stop();
  });

  const app = (sql: string) => server.query(sql, [], { database: "app" });

  function watch(limit = 5000) {
    const host = createTestHost();
    const errand = new ColumnStatisticsErrand({ host, intervalMs: 60_000, limit });
    const databases = visitDatabases(server, {
      ...{ host, errands: [errand], user: otel, reportsDatabase: (name: string) => name === "app" },
    });
    close = databases.close;
    return async (take = true) => {
      const { batches, problems } = await (take ? databases.round() : databases.peek());
      await host.clock.advance(60_000);
      const events = eventsOf(batches);
      const bytes = Buffer.concat(batches.map((batch) => batch.encode()));
      return { events, problems, bytes, names: events.map((event) => event.text("dbintel.schema.object.name")) };
    };
  }

  it("tell how many values there are and none of them, again after each ANALYZE", async () => {
    const look = watch();
    const { events, problems, bytes } = await look();
    expect(problems).toEqual([]);
    const found = (name: string) =>
      Object.fromEntries(events.find((each) => each.text("dbintel.schema.object.name") === name)?.attributes ?? []);
    expect(found("state")).toMatchObject({
      "db.namespace": "app",
      "postgresql.schema.name": "public",
      "db.collection.name": "people",
      "dbintel.column.rows": 1000,
      "dbintel.column.distinct": 2,
      "dbintel.column.null_fraction": 0,
      "dbintel.column.top_fraction": 0.75,
    });
    expect(found("id")).toMatchObject({ "dbintel.column.distinct": 1000, "dbintel.column.correlation": 1 });
    expect(found("born")).toMatchObject({ "dbintel.column.distinct": 50 - 5 });
    expect(found("born")["dbintel.column.null_fraction"]).toBeCloseTo(0.1, 6);
    expect(found("day")).toMatchObject({ "dbintel.column.distinct": 100 });
    expect(["hunter2", "example.com"].filter((value) => bytes.includes(value))).toEqual([]);

    expect((await look()).events).toEqual([]);
    await app("ANALYZE people");
    expect((await look(false)).names).toEqual(["born", "email", "id", "state"]);
    expect((await look()).names).toEqual(["born", "email", "id", "state"]);
    expect((await look()).names).toEqual([]);
    await close?.();
  });

  it("are bounded, and say what the user may not see", async () => {
    expect((await watch(2)()).names).toEqual(["born", "email"]);
    await close?.();
    await server.query("REVOKE pg_read_all_data FROM otel");
    const { problems, events } = await watch()();
    expect(events).toEqual([]);
    expect(problems).toMatchObject([
      { code: "DBI_DATABASE_PERMISSION", hint: expect.stringContaining("GRANT pg_read_all_data TO otel;") },
    ]);
  });
});
