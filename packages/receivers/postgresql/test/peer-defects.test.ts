/*
 * What other collectors get wrong at PostgreSQL, each as a test that a receiver with the same defect fails. The titles
 * say the defect; the numbers are those of COMPARISON.md.
 */
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { eventsOf, type SeenEvent } from "@dbintel/pipeline/testing";
import { formatPlan, planAttributes, readPlan } from "@dbintel/plans";
import type { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { watchStatements } from "./watch.ts";

const application = { user: "application", password: "application-password" };
const other = { user: "other", password: "other-password" };
const monitor = { username: "monitor", password: "monitor-password" };

for (const major of [15, 18]) {
  describePostgres(major, "defects of other collectors", () => {
    let server: PostgresServer;
    let session: Client;
    const watches: { close(): Promise<void> }[] = [];

    beforeAll(async () => {
      server = await startPostgres({ major, settings: { autovacuum: false } });
      for (const { user, password } of [application, other]) {
        await server.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`);
      }
      await server.query(`CREATE ROLE ${monitor.username} LOGIN PASSWORD '${monitor.password}'`);
      await server.query("GRANT pg_monitor, pg_read_all_data TO monitor");
      await server.query("GRANT SET ON PARAMETER pg_stat_statements.track TO monitor");
      await server.query("CREATE DATABASE shop OWNER application");
      await server.query("CREATE DATABASE quiet OWNER application");
    });
    afterAll(() => server.stop());

    beforeEach(async () => {
      session = await server.connect({ ...application, database: "shop" });
      await session.query("DROP SCHEMA IF EXISTS app CASCADE");
      await session.query("CREATE SCHEMA app");
      for (const table of ["once_slow", "orders", "stock"]) {
        await session.query(`CREATE TABLE app.${table} AS SELECT g AS id FROM generate_series(1, 1000) g`);
      }
      await server.query("SELECT pg_stat_statements_reset()");
    });
    afterEach(async () => {
      await session.end();
      for (const watch of watches.splice(0)) await watch.close();
    });

    function start(options: Parameters<typeof watchStatements>[1] = {}) {
      const watch = watchStatements(server, {
        user: monitor,
        reportsDatabase: (name) => name === "shop" || name === "quiet",
        ...options,
      });
      watches.push(watch);
      return {
        ...watch,
        /** The events of one poll. */
        events: async (): Promise<SeenEvent[]> => eventsOf((await watch.poll()).batches),
      };
    }

    async function run(sql: string, times: number, client = session): Promise<void> {
      for (let index = 0; index < times; index++) await client.query(sql);
    }

    const about = (events: readonly SeenEvent[], part: string) =>
      events.find((event) => event.text("db.query.text").includes(part));

    it("9 — the first interval of a new statement is lost, and a row of which one column fell", async () => {
      const { events } = start();
      await events();
      await run("SELECT id FROM app.stock LIMIT 1", 3);
      expect(about(await events(), "app.stock")?.number("postgresql.calls")).toBe(3);
      await server.query(
        "SELECT pg_stat_statements_reset(userid, dbid, queryid) FROM pg_stat_statements WHERE query LIKE '%app.stock%'",
      );
      // More calls than before and less time is enough for one column to fall.
      await run("SELECT id FROM app.stock LIMIT 1", 2);
      expect(about(await events(), "app.stock")?.number("postgresql.calls")).toBe(2);
    });

    it("10 — the same statement of two users, or in two databases, counted as one", async () => {
      const { events } = start();
      await session.query("GRANT USAGE ON SCHEMA app TO other; GRANT SELECT ON app.orders TO other");
      const elsewhere = await server.connect({ ...other, database: "shop" });
      await events();
      await run("SELECT id FROM app.orders LIMIT 1", 2);
      await run("SELECT id FROM app.orders LIMIT 1", 5, elsewhere);
      await elsewhere.end();
      const seen = (await events()).filter((event) => event.text("db.query.text").includes("FROM app.orders"));
      expect(new Set(seen.map((event) => event.text("postgresql.queryid"))).size).toBe(1);
      const calls = new Map(seen.map((event) => [event.text("postgresql.rolname"), event.number("postgresql.calls")]));
      expect(calls).toEqual(
        new Map([
          ["application", 2],
          ["other", 5],
        ]),
      );
    });

    it("11 — columns clamped one by one: after a reset calls from one epoch beside times from another", async () => {
      const { events } = start();
      await events();
      // One slow execution, then many quick ones after a reset: calls grow, time falls.
      await run("SELECT pg_sleep(0.2) FROM app.stock LIMIT 1", 1);
      await events();
      await server.query("SELECT pg_stat_statements_reset()");
      await run("SELECT pg_sleep(0) FROM app.stock LIMIT 1", 40);
      const seen = about(await events(), "FROM app.stock");
      const [truth] = await server.query<{ ms: number }>(
        "SELECT total_exec_time AS ms FROM pg_stat_statements WHERE query LIKE '%FROM app.stock%'",
      );
      expect(seen?.number("postgresql.calls")).toBe(40);
      expect(seen?.number("postgresql.rows")).toBe(40);
      expect(seen?.number("postgresql.total_exec_time")).toBeCloseTo((truth?.ms ?? 0) / 1000, 9);
    });

    it("12 — only falling calls are a reset: one after which there are more of them than before goes unseen", async () => {
      const { events } = start();
      await run("SELECT id FROM app.orders LIMIT 1", 10);
      await events();
      await server.query("SELECT pg_stat_statements_reset()");
      await run("SELECT id FROM app.orders LIMIT 1", 25);
      const seen = about(await events(), "FROM app.orders");
      expect(seen?.number("postgresql.calls")).toBe(25);
      expect(seen?.text("dbintel.delta.kind")).toBe("recreated");
    });

    it("13 — the lifetime as the first interval", async () => {
      await run("SELECT id FROM app.orders LIMIT 1", 1000);
      const { events } = start();
      expect(await events()).toEqual([]);
      await run("SELECT id FROM app.orders LIMIT 1", 3);
      expect(about(await events(), "FROM app.orders")?.number("postgresql.calls")).toBe(3);
    });

    it("13 — 0 after a reset until the old height is reached again", async () => {
      const { events } = start();
      await run("SELECT id FROM app.orders LIMIT 1", 100);
      await events();
      await server.query("SELECT pg_stat_statements_reset()");
      for (const calls of [7, 8]) {
        await run("SELECT id FROM app.orders LIMIT 1", calls);
        expect(about(await events(), "FROM app.orders")?.number("postgresql.calls")).toBe(calls);
      }
    });

    it("13 — a memory smaller than the number of statements, so that what falls out comes back with its lifetime", async () => {
      const { events } = start({ limit: 1 });
      const shapes = Array.from(
        { length: 300 },
        (_, index) => `SELECT ${Array.from({ length: 1 + index }, () => "id").join(", ")} FROM app.stock LIMIT 1`,
      );
      for (let round = 0; round < 3; round++) for (const shape of shapes) await session.query(shape);
      await events();
      for (const shape of shapes) await session.query(shape);
      const calls = (await events()).reduce((sum, event) => sum + event.number("postgresql.calls"), 0);
      expect(calls).toBe(shapes.length);
    });

    if (major < 18) return; // what follows does not depend on what the server tells of its statistics
    it("1 — averages over the life of an entry: a statement that was slow once outranks the one that is slow now", async () => {
      const { events } = start({ limit: 1 });
      await events();
      await run("SELECT pg_sleep(0.3) FROM app.once_slow LIMIT 1", 1);
      expect((await events())[0]?.text("db.query.text")).toContain("once_slow");
      await run("SELECT pg_sleep(0) FROM app.once_slow LIMIT 1", 1);
      await run("SELECT pg_sleep(0.5) FROM app.orders LIMIT 1", 1);
      const [first] = await events();
      expect(first?.text("db.query.text")).toContain("app.orders");
    });

    it("4 — plans of texts that were cut off: plans of other statements, or errors", async () => {
      const { events } = start({ explain: 10 });
      await events();
      await run(`SELECT id, id /* ${"long ".repeat(20_000)} */ FROM app.orders LIMIT 1`, 1);
      const long = about(await events(), "SELECT id, id");
      expect(long?.attributes.has("postgresql.query_plan")).toBe(false);
      expect(long?.text("db.query.plan.absent_reason")).toBe("cut_off");
    });

    it("7 — a search path of its own making: tables of a schema named otherwise than the database have no plan", async () => {
      const { events } = start({ explain: 10 });
      await server.query("ALTER ROLE application IN DATABASE shop SET search_path = app");
      const fresh = await server.connect({ ...application, database: "shop" });
      await events();
      await run("SELECT id FROM stock WHERE id = 7", 1, fresh);
      await fresh.end();
      await server.query("ALTER ROLE application IN DATABASE shop RESET search_path");
      expect(about(await events(), "FROM stock")?.text("postgresql.query_plan")).toContain('"stock"');
    });

    it("8 — a connection for each statement, and no limit for locks: it piles up behind a lock", async () => {
      const { events } = start({ explain: 10 });
      await events();
      await run("SELECT id FROM app.orders WHERE id = 7", 1);
      for (let columns = 2; columns < 12; columns++) {
        await run(`SELECT ${Array.from({ length: columns }, () => "id").join(", ")} FROM app.orders LIMIT 1`, 1);
      }
      const holder = await server.connect({ database: "shop" });
      await holder.query("BEGIN; LOCK TABLE app.orders IN ACCESS EXCLUSIVE MODE");
      const polled = events();
      let most = 0;
      let done = false;
      void polled.finally(() => {
        done = true;
      });
      while (!done) {
        const [row] = await server.query<{ sessions: number }>(
          "SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE usename = 'monitor'",
        );
        most = Math.max(most, row?.sessions ?? 0);
      }
      // It has come back while the lock is held: the statements' session and one for plans were all.
      await holder.query("ROLLBACK");
      await holder.end();
      expect(most).toBeLessThanOrEqual(2);
      // Whichever took longest is asked about first, and after its answer none.
      const reasons = (await polled)
        .filter((event) => event.text("db.query.text").includes("FROM app.orders"))
        .map((event) => event.text("db.query.plan.absent_reason"));
      expect(reasons.toSorted()).toEqual([...Array.from({ length: 10 }, () => "held_back"), "timeout"]);
    });

    it("14 — seconds or milliseconds by the same name, and nothing says which", async () => {
      const watch = start();
      await watch.poll();
      await run("SELECT pg_sleep(0.25) FROM app.orders LIMIT 1", 1);
      const { batches } = await watch.poll();
      const event = about(eventsOf(batches), "FROM app.orders");
      expect(event?.number("postgresql.total_exec_time")).toBeGreaterThanOrEqual(0.25);
      expect(event?.number("postgresql.total_exec_time")).toBeLessThan(60);
      const [scope] = [...(batches[0]?.scopes() ?? [])];
      const units = scope?.attributes.getString("dbintel.units")?.split(",") ?? [];
      const times = [...(event?.attributes.keys() ?? [])].filter((name) => name.endsWith("_time"));
      expect(times.length).toBeGreaterThan(2);
      for (const name of times) expect(units).toContain(`${name}=s`);
    });

    it("15 — a plan that only survives as JSON, which a backend may take apart and drop", async () => {
      const { events } = start({ explain: 10 });
      await events();
      await run("SELECT id FROM app.orders WHERE id = 7", 1);
      const { plan } = readPlan(about(await events(), "FROM app.orders")?.text("postgresql.query_plan") ?? "");
      if (plan === undefined) throw new Error("there is no plan");
      const attributes = planAttributes(plan);
      expect(attributes.get("db.query.plan.hash")).toMatch(/^v1:[0-9a-f]+$/);
      for (const value of attributes.values()) expect(String(value)).not.toMatch(/^\s*[[{]/);
      // What `plan_output: text` of the processor hands on in its place.
      const text = formatPlan(plan);
      expect(text).toMatch(/^(?:Index|Seq|Bitmap).* on orders/);
      expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    });

    it("16 — cut off by lifetime totals: a statement that became hot a moment ago is not among them", async () => {
      await run("SELECT pg_sleep(0.02) FROM app.once_slow LIMIT 1", 20);
      const { events } = start({ limit: 1 });
      await events();
      await run("SELECT count(*) FROM app.stock a, app.stock b WHERE a.id < 100", 1);
      expect((await events())[0]?.text("db.query.text")).toContain("app.stock");
    });

    it("17 — its own questions and EXPLAINs fill pg_stat_statements", async () => {
      const { events } = start({ explain: 50 });
      await events();
      const entries = () =>
        server.query<{ query: string }>("SELECT query FROM pg_stat_statements WHERE userid = 'monitor'::regrole");
      for (let columns = 1; columns < 20; columns++) {
        await run(`SELECT ${Array.from({ length: columns }, () => "id").join(", ")} FROM app.orders LIMIT 1`, 1);
      }
      const explained = (await events()).filter((event) => event.attributes.has("postgresql.query_plan"));
      expect(explained.length).toBeGreaterThan(10);
      expect(await entries()).toEqual([]);
    });

    it("18 — few calls of each of many users fall below a threshold, though together they are many", async () => {
      const { events } = start({ limit: 1 });
      await session.query("GRANT USAGE ON SCHEMA app TO PUBLIC; GRANT SELECT ON ALL TABLES IN SCHEMA app TO PUBLIC");
      await events();
      const users = 12;
      for (let number = 0; number < users; number++) {
        await server.query(`CREATE ROLE tenant_${number} LOGIN PASSWORD 'tenant'`);
        const tenant = { user: `tenant_${number}`, password: "tenant", database: "shop" };
        await server.query("SELECT count(*) FROM app.stock", [], tenant);
        await server.query("SELECT count(*) FROM app.stock", [], tenant);
        await server.query(`DROP ROLE tenant_${number}`);
      }
      const calls = (await events()).reduce((sum, event) => sum + event.number("postgresql.calls"), 0);
      expect(calls).toBe(2 * users);
    });

    it("19 — the monitor makes what it misses by itself", async () => {
      const objects = () =>
        server.query(
          `SELECT oid, 'extension' FROM pg_extension UNION ALL SELECT oid, 'class' FROM pg_class
            UNION ALL SELECT oid, 'procedure' FROM pg_proc UNION ALL SELECT oid, 'namespace' FROM pg_namespace ORDER BY 1`,
        );
      await server.query("DROP EXTENSION pg_stat_statements");
      try {
        const before = await objects();
        // As a superuser it could.
        const watch = watchStatements(server);
        watches.push(watch);
        await expect(watch.poll()).rejects.toMatchObject({
          code: "DBI_DATABASE_EXTENSION",
          hint: expect.stringContaining("CREATE EXTENSION pg_stat_statements"),
        });
        expect(await objects()).toEqual(before);
      } finally {
        await server.query("CREATE EXTENSION pg_stat_statements");
      }
    });

    it("20 — above a percentile of all: the only statement of a database is never above it", async () => {
      const { events } = start();
      await events();
      const quiet = await server.connect({ ...application, database: "quiet" });
      await run("SELECT 1, 2, 3", 1, quiet);
      await quiet.end();
      const seen = (await events()).filter((event) => event.text("db.namespace") === "quiet");
      expect(seen.map((event) => event.number("postgresql.calls"))).toEqual([1]);
    });
  });
}
