import { readFile } from "node:fs/promises";
import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { breakers } from "@dbintel/guard";
import { eventsOf, type SeenEvent } from "@dbintel/pipeline/testing";
import { planHashes, readPlan } from "@dbintel/plans";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { watchStatements } from "./watch.ts";

const secret = "planted-secret-of-a-view";
const app = { username: "app", password: "app-password" };
/** May read all tables, and may keep its session out of pg_stat_statements from PostgreSQL 15 on. */
const monitor = { username: "monitor", password: "monitor-password" };
/** May read all tables, and no more. */
const reader = { username: "reader", password: "reader-password" };
/** May do neither. */
const poor = { username: "poor", password: "poor-password" };

for (const major of [15, 18]) {
  describePostgres(major, "plans of top queries", () => {
    let server: PostgresServer;
    const watches: { close(): Promise<void> }[] = [];

    beforeAll(async () => {
      server = await startPostgres({ major, settings: { autovacuum: false, max_parallel_workers_per_gather: 0 } });
      for (const { username, password } of [app, monitor, reader, poor]) {
        await server.query(`CREATE ROLE ${username} LOGIN PASSWORD '${password}'`);
      }
      await server.query("GRANT pg_monitor TO monitor, reader, poor");
      await server.query("GRANT pg_read_all_data TO monitor, reader");
      await server.query("GRANT SET ON PARAMETER pg_stat_statements.track TO monitor");
      await server.query("CREATE DATABASE shop OWNER app");
      await server.query("ALTER ROLE app IN DATABASE shop SET search_path = sales");
      const session = await server.connect({ database: "shop" });
      for (const sql of [
        "CREATE SCHEMA sales AUTHORIZATION app",
        "CREATE TABLE sales.orders AS SELECT g AS id, g % 100 AS customer, 'open' AS state FROM generate_series(1, 100000) g",
        "CREATE INDEX orders_customer ON sales.orders (customer)",
        `CREATE INDEX orders_open ON sales.orders (id) WHERE state = '${secret}'`,
        `CREATE VIEW sales.secrets AS SELECT id FROM sales.orders WHERE state = '${secret}' AND customer > 3`,
        "ALTER TABLE sales.orders OWNER TO app",
        "ALTER VIEW sales.secrets OWNER TO app",
        "ANALYZE sales.orders",
      ]) {
        await session.query(sql);
      }
      await session.end();
    });
    afterAll(() => server.stop());
    afterEach(async () => {
      for (const watch of watches.splice(0)) await watch.close();
    });

    function start(options: Parameters<typeof watchStatements>[1] = {}) {
      const watch = watchStatements(server, { explain: 50, reportsDatabase: (name) => name === "shop", ...options });
      watches.push(watch);
      return watch;
    }

    /** As the application, in its database. */
    async function run(...statements: string[]) {
      const session = await server.connect({ user: app.username, password: app.password, database: "shop" });
      for (const sql of statements) await session.query(sql);
      await session.end();
    }

    async function poll(watch: ReturnType<typeof start>, part: string): Promise<SeenEvent | undefined> {
      const { batches } = await watch.poll();
      return eventsOf(batches).find((event) => event.text("db.query.text").includes(part));
    }

    /** Many executions, so that a pause of the machine in one of them counts for little. */
    const often = (sql: string) => Array.from({ length: 50 }, () => sql);
    const byCustomer = "SELECT count(*) FROM orders WHERE customer = 7";

    it("are those of the statement's own database, schema and any value, and follow a dropped index at once", async () => {
      const watch = start({ user: monitor });
      await watch.poll();
      await run(...often(byCustomer));
      const before = await poll(watch, "customer = $1");
      expect(before?.text("postgresql.query_plan")).toContain('"Index Name":"orders_customer"');
      expect(before?.text("postgresql.query_plan")).toContain("customer = $1");
      expect(before?.attributes.has("db.query.plan.absent_reason")).toBe(false);
      if (major >= 16) {
        const session = await server.connect({ user: app.username, password: app.password, database: "shop" });
        const { rows } = await session.query(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${byCustomer.replace("7", "$1")}`);
        await session.end();
        expect(hashOf(before?.text("postgresql.query_plan") ?? "")).toBe(hashOf(JSON.stringify(rows[0]["QUERY PLAN"])));
      }
      // The session for plans ends with the poll, the one for the statements stays.
      await eventually("one session is left", async () => {
        const rows = await server.query("SELECT FROM pg_stat_activity WHERE application_name = 'dbintel'");
        return rows.length === 1 ? true : undefined;
      });

      await run("DROP INDEX orders_customer", ...often(byCustomer));
      const after = await poll(watch, "customer = $1");
      expect(after?.text("postgresql.query_plan")).toContain('"Node Type":"Seq Scan"');
      await run("CREATE INDEX orders_customer ON orders (customer)", ...often(byCustomer));
      expect((await poll(watch, "customer = $1"))?.text("postgresql.query_plan")).toContain("orders_customer");
    });

    it("are apart for the same statement in two databases, and found in the one schema that has the table", async () => {
      const other = await server.connect({ database: "postgres" });
      await other.query("CREATE SCHEMA archive");
      await other.query("CREATE TABLE archive.orders AS SELECT 1 AS id, 7 AS customer");
      // Nothing but the session itself knows where it looks.
      await other.query("SET search_path = archive");
      const watch = start({ user: monitor, reportsDatabase: () => true });
      await watch.poll();
      await other.query(byCustomer);
      await other.end();
      await run(byCustomer);
      const { batches } = await watch.poll();
      const plans = eventsOf(batches)
        .filter((event) => event.text("db.query.text").includes("customer = $1"))
        .map((event) => [event.text("db.namespace"), event.text("postgresql.query_plan")]);
      expect(plans.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
        ["postgres", expect.stringContaining('"Seq Scan"')],
        ["shop", expect.stringContaining("orders_customer")],
      ]);
    });

    it("of writes are made without a write", async () => {
      const watch = start();
      await watch.poll();
      await run(
        "INSERT INTO orders VALUES (-1, 1, 'new')",
        "UPDATE orders SET state = 'done' WHERE id = -1",
        "DELETE FROM orders WHERE id = -1",
        "WITH gone AS (DELETE FROM orders WHERE id = -2 RETURNING id) SELECT count(*) FROM gone",
      );
      const state = () =>
        server.query("SELECT count(*), max(xmin::text::int8), max(id) FROM sales.orders", [], { database: "shop" });
      const before = await state();
      const { batches } = await watch.poll();
      const writes = eventsOf(batches).filter((event) => /INSERT|UPDATE|DELETE/.test(event.text("db.query.text")));
      expect(writes.map((event) => event.text("postgresql.query_plan"))).toEqual(
        Array.from({ length: 4 }, () => expect.stringContaining("ModifyTable")),
      );
      expect(await state()).toEqual(before);
    });

    it("are asked for in no row of pg_stat_statements, or in few whatever the number of statements", async () => {
      for (const user of [monitor, reader]) {
        const watch = start({ user });
        await watch.poll();
        const many = Array.from(
          { length: 30 },
          (_, n) => `SELECT ${"id, ".repeat(n)} customer FROM orders WHERE id = ${n}`,
        );
        await run(...many);
        const { batches } = await watch.poll();
        const asked = eventsOf(batches).filter((event) => event.text("db.query.text").includes("WHERE id = $1"));
        expect(asked.filter((event) => event.attributes.has("postgresql.query_plan")).length).toBeGreaterThanOrEqual(
          30,
        );
        const rows = await server.query<{ query: string }>(
          `SELECT query FROM pg_stat_statements WHERE userid = '${user.username}'::regrole AND query ~ '^(EXPLAIN|PREPARE)'`,
        );
        expect(rows.length).toBe(user === monitor ? 0 : 1);
      }
    });

    it("hold no constant of a view, an index or a statement, in no byte", async () => {
      const watch = start({ user: monitor });
      await watch.poll();
      await run(
        "SELECT count(*) FROM secrets WHERE id > 10",
        `SELECT id FROM orders WHERE state = '${secret}' AND id < 5 GROUP BY id, state || '${secret}'`,
      );
      const { batches } = await watch.poll();
      const bytes = Buffer.concat(batches.map((batch) => batch.encode()));
      const plans = eventsOf(batches).filter((event) => event.attributes.has("postgresql.query_plan"));
      expect(plans.map((event) => event.text("postgresql.query_plan")).join()).toContain("orders");
      expect(plans.length).toBeGreaterThanOrEqual(2);
      expect(bytes.includes(secret)).toBe(false);
    });

    it("are absent for a reason: grants, a text that is cut off, statements without a plan", async () => {
      const watch = start({ user: poor });
      await watch.poll();
      await run(byCustomer, `SELECT id, id, id /* ${"long ".repeat(20_000)} */ FROM orders LIMIT 1`, "BEGIN", "COMMIT");
      const { batches } = await watch.poll();
      const reasonOf = (part: string) =>
        eventsOf(batches)
          .find((event) => event.text("db.query.text").startsWith(part))
          ?.text("db.query.plan.absent_reason");
      expect(reasonOf("SELECT count(*)")).toBe("no_permission");
      expect(reasonOf("SELECT id, id, id")).toBe("cut_off");
      expect(reasonOf("COMMIT")).toBe("not_explainable");
    });

    it("are left out when a table is locked, and asked for again later", async () => {
      const watch = start({ user: monitor });
      await watch.poll();
      await run(byCustomer);
      const holder = await server.connect({ database: "shop" });
      await holder.query("BEGIN; LOCK TABLE sales.orders IN ACCESS EXCLUSIVE MODE");
      const { batches, problems } = await watch.poll();
      await holder.query("ROLLBACK");
      await holder.end();
      const locked = eventsOf(batches).find((event) => event.text("db.query.text").includes("customer = $1"));
      expect(locked?.text("db.query.plan.absent_reason")).toBe("timeout");
      expect(problems?.map(({ message }) => message)).toEqual([expect.stringContaining("lock timeout")]);
      await run(byCustomer);
      expect((await poll(watch, "customer = $1"))?.text("db.query.plan.absent_reason")).toBe("timeout");
      await watch.host.clock.advance(120_000);
      await run(byCustomer);
      expect((await poll(watch, "customer = $1"))?.text("postgresql.query_plan")).toContain("orders");
    });

    it("are left out while the user has no connection for them, which is no overload", async () => {
      await server.query("DROP ROLE IF EXISTS narrow");
      await server.query("CREATE ROLE narrow LOGIN PASSWORD 'narrow' CONNECTION LIMIT 1 IN ROLE pg_monitor");
      const watch = start({ user: { username: "narrow", password: "narrow" } });
      await watch.poll();
      await run(byCustomer);
      const { batches, problems } = await watch.poll();
      const event = eventsOf(batches).find((each) => each.text("db.query.text").includes("customer = $1"));
      expect(event?.text("db.query.plan.absent_reason")).toBe("held_back");
      expect(problems?.map(({ message }) => message)).toEqual([expect.stringContaining("has no connection left")]);
      // It is not tried at each poll, and no breaker has heard of it.
      await run(byCustomer);
      expect((await watch.poll()).problems).toEqual([]);
      const { whole, intervalFactor } = watch.host
        .shared(breakers)
        .database(`${server.host}:${server.port}`, "postgres");
      expect([whole.state, intervalFactor]).toEqual(["closed", 1]);
    });

    it("are asked for within the budget, the rest at the next polls", async () => {
      const watch = start({ user: monitor, explain: 3 });
      await watch.poll();
      const statements = ["id", "customer", "state", "id, id", "id, customer", "id, state", "customer, state"].map(
        (columns) => `SELECT ${columns} FROM orders WHERE id = 3`,
      );
      const left: number[] = [];
      // A statement that was slow once may be asked about again before it is the turn of all.
      while (left.at(-1) !== 0 && left.length < 60) {
        await run(...statements);
        const events = eventsOf((await watch.poll()).batches);
        left.push(events.filter((event) => event.text("db.query.plan.absent_reason") === "budget").length);
      }
      expect(left[0]).toBe(4);
      expect(left.at(-1)).toBe(0);
    });

    if (major < 16) return;
    it("come from a function of the DBA where the user may not read the tables", async () => {
      const session = await server.connect({ database: "shop" });
      await session.query(await explainFunction());
      await session.end();
      const watch = start({ user: poor });
      await watch.poll();
      await run(byCustomer, "UPDATE orders SET state = 'kept' WHERE customer = -5");
      const { batches } = await watch.poll();
      for (const part of ["customer = $1", "UPDATE"]) {
        const event = eventsOf(batches).find((each) => each.text("db.query.text").includes(part));
        expect(event?.text("postgresql.query_plan")).toContain("orders_customer");
      }
      // It takes one statement that has a plan, and runs none.
      const asPoor = { user: poor.username, password: poor.password, database: "shop" };
      const ask = (sql: string) => server.query("SELECT dbintel.explain_statement($1)", [sql], asPoor);
      await expect(ask("SELECT 1; DELETE FROM sales.orders")).rejects.toThrow(/multi-query|multiple/);
      await expect(ask("ANALYZE SELECT 1")).rejects.toThrow("syntax error");
      await expect(ask("DROP TABLE sales.orders")).rejects.toThrow("syntax error");
    });
  });
}

/** The function of the README, for the user that may read no table. */
async function explainFunction(): Promise<string> {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const sql = [...readme.matchAll(/```sql\n(.*?)```/gs)].find(([, block]) => block?.includes("explain_statement"));
  return (sql?.[1] ?? "").replaceAll("TO otel", `TO ${poor.username}`);
}

function hashOf(text: string): string | undefined {
  const { plan } = readPlan(text);
  return plan === undefined ? undefined : planHashes(plan).full;
}
