import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { createTestHost, type SeenEvent, type TestHost } from "@dbintel/pipeline/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SchemaErrand } from "../src/schema/schema-errand.ts";
import { eventsOfVisits } from "./visiting.ts";

describe("changes of the tables of a real server", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres();
    await server.query("CREATE DATABASE app");
    await app("CREATE TABLE users (id int PRIMARY KEY, email varchar(100) NOT NULL, plan text DEFAULT 'hunter2-free')");
  });

  afterAll(() => server.stop());

  const inApp = { database: "app" };
  const app = (sql: string) => server.query(sql, [], inApp);

  function watch(options: { readonly host?: TestHost; readonly limit?: number } = {}) {
    const host = options.host ?? createTestHost();
    const errand = new SchemaErrand({ host, intervalMs: 600_000, limit: options.limit ?? 300 });
    return eventsOfVisits(server, { errand, host, database: "app" });
  }

  function told(events: readonly SeenEvent[]) {
    return events.map((event) =>
      ["change", "object.kind", "object.name", "previous_definition", "definition"].map((name) =>
        event.attributes.get(`dbintel.schema.${name}`),
      ),
    );
  }

  it("are told part by part after a first look, without any constant", async () => {
    const schema = watch();
    const [first, ...more] = await schema.look();
    expect(more).toEqual([]);
    expect(Object.fromEntries(first?.attributes ?? [])).toMatchObject({
      "db.namespace": "app",
      "dbintel.schema.change": "first",
      "dbintel.schema.complete": true,
      "dbintel.schema.tables": 1n,
      "dbintel.schema.columns": 3n,
      "dbintel.schema.indexes": 1n,
      "dbintel.schema.constraints": 1n,
    });
    expect(await schema.look()).toEqual([]);
    await app(
      "ALTER TABLE users ALTER email TYPE text, ALTER plan SET DEFAULT 'hunter2-paid', ADD age int CHECK (age < 190)",
    );
    await app("CREATE INDEX paying ON users (email) WHERE plan <> 'hunter2-free'");
    const events = await schema.look();
    expect(told(events)).toEqual([
      ["changed", "column", "email", "character varying(100) NOT NULL", "text NOT NULL"],
      ["changed", "column", "plan", "text DEFAULT ?::text", "text DEFAULT ?::text"],
      ["added", "column", "age", undefined, "integer"],
      [
        "added",
        "index",
        "paying",
        undefined,
        "CREATE INDEX paying ON public.users USING btree (email) WHERE (plan <> ?::text)",
      ],
      ["added", "constraint", "users_age_check", undefined, "CHECK ((age < ?))"],
    ]);
    expect(events[0]?.text("dbintel.schema.previous_hash")).toBe(first?.text("dbintel.schema.hash"));
    expect(events[0]?.text("db.collection.name")).toBe("users");
    await app("DROP INDEX paying");
    expect(told(await schema.look()).map((change) => change.slice(0, 3))).toEqual([["removed", "index", "paying"]]);
    await schema.close();
    const kept = Buffer.from((await schema.host.storage.load("schema")) ?? []).toString();
    expect(kept).toContain("users_age_check");
    expect(kept).not.toContain("hunter2");
  });

  it("are told of partitions, and of tables that are new or gone", async () => {
    const schema = watch();
    await schema.look();
    await app("CREATE TABLE events (at date NOT NULL) PARTITION BY RANGE (at)");
    await app("CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')");
    expect(told(await schema.look())).toEqual([
      ["added", "table", "events", undefined, "partitioned table by RANGE (at) (at date NOT NULL)"],
      ["added", "table", "events_2026", undefined, "table FOR VALUES FROM (?) TO (?) (at date NOT NULL)"],
    ]);
    await app("DROP TABLE events");
    expect(told(await schema.look()).map((change) => change.slice(0, 3))).toEqual([
      ["removed", "table", "events"],
      ["removed", "table", "events_2026"],
    ]);
    await schema.close();
  });

  it("wait until a table that is being changed can be seen", async () => {
    const schema = watch();
    await schema.look();
    const holder = await server.connect(inApp);
    await holder.query("BEGIN");
    await holder.query("ALTER TABLE users ADD note text DEFAULT 'x'");
    expect(await schema.look()).toEqual([]);
    await holder.query("COMMIT");
    await holder.end();
    expect(told(await schema.look())).toEqual([["added", "column", "note", undefined, "text DEFAULT ?::text"]]);
    await schema.close();
  });

  it("are told after a restart of the collector, and again when nobody took them", async () => {
    const first = watch();
    await first.look();
    await first.close();
    await app("ALTER TABLE users DROP note");
    const second = watch({ host: createTestHost({ storage: first.host.storage }) });
    expect(told(await second.peek())).toHaveLength(1);
    expect(told(await second.look()).map((change) => change.slice(0, 3))).toEqual([["removed", "column", "note"]]);
    expect(await second.look()).toEqual([]);
    await second.close();
  });

  it("are bounded: tables that came first are watched, and it is told that there are more", async () => {
    await app("CREATE TABLE IF NOT EXISTS later (id int)");
    const schema = watch({ limit: 1 });
    const [first] = await schema.look();
    expect(first?.attributes.get("dbintel.schema.complete")).toBe(false);
    expect(first?.attributes.get("dbintel.schema.tables")).toBe(1n);
    await app("DROP TABLE later");
    expect(await schema.look()).toEqual([]);
    await schema.close();
  });
});
