import { readFile } from "node:fs/promises";
import { eventually } from "@dbintel/e2e/condition";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { runScript } from "@dbintel/e2e/sql-script";
import { pointsOf } from "@dbintel/pipeline/testing";
import { nodesOf, readPlan } from "@dbintel/plans";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type Event, eventsOf, watch } from "./watch.ts";

const planted = "jane.planted@example.com";

const servers = [
  { product: "mysql", suite: describeOwnMysql, start: () => startMysql({ own: true }) },
  { product: "mariadb", suite: describeMariadb, start: () => startMariadb() },
] as const;

for (const { product, suite, start } of servers) {
  suite("plans", () => {
    let server: MysqlServer;
    let application: Connection;
    const opened: { close(): Promise<void> }[] = [];

    beforeAll(async () => {
      server = await start();
      await server.query(
        "UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' WHERE NAME LIKE 'events_statements_%'",
      );
      for (const sql of [
        "CREATE DATABASE shop",
        "CREATE TABLE shop.orders (id int PRIMARY KEY, email varchar(100), state int, KEY by_email (email)) ENGINE=InnoDB",
        "INSERT INTO shop.orders VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 1), (4, 'd', 2), (5, 'e', 3)",
        "CREATE TABLE shop.log (message int)",
        `CREATE FUNCTION shop.noted(x int) RETURNS int DETERMINISTIC MODIFIES SQL DATA
           BEGIN INSERT INTO shop.log VALUES (x); RETURN x; END`,
        "CREATE USER 'reader'@'%' IDENTIFIED BY 'dbintel-password'",
        "GRANT SELECT ON performance_schema.* TO 'reader'@'%'",
        "GRANT SELECT ON shop.* TO 'reader'@'%'",
        "CREATE USER 'dbintel'@'%' IDENTIFIED BY 'dbintel-password'",
        "ANALYZE TABLE shop.orders",
      ]) {
        await server.query(sql);
      }
      for (const script of [`${product}/grants.sql`, "mysql/explain-procedure.sql"]) await run(script);
      application = await server.connect({ database: "shop" });
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((each) => each.close()));
    });
    afterAll(async () => {
      application?.destroy();
      await server?.stop();
    });

    /** As an administrator would. */
    async function run(script: string): Promise<void> {
      const sql = await readFile(new URL(`../../../../deploy/${script}`, import.meta.url), "utf8");
      const session = await server.connect();
      await runScript(sql, { run: async (statement) => (await session.query<RowDataPacket[]>(statement))[0] });
      await session.end();
    }

    async function look(explain: NonNullable<Parameters<typeof watch>[1]>["explain"] = {}, user?: string) {
      const as = user === undefined ? {} : { user: { username: user, password: "dbintel-password" } };
      const watched = watch(server, { explain, ...as });
      opened.push(watched);
      await watched.poll();
      return watched;
    }

    /** Executes a statement until it is reported, and answers with its event. */
    function eventOf(watched: ReturnType<typeof watch>, sql: string, part: string): Promise<Event> {
      return eventually("the statement is reported", async () => {
        await application.query(sql).catch(() => {});
        // The server counts a statement after it has answered, and before it takes what comes next.
        await application.ping();
        const events = eventsOf((await watched.poll()).batches);
        const texts = events.map((event) => event.text("db.query.text"));
        expect(texts.join()).not.toMatch(/EXPLAIN|USE |dbintel/i);
        return events.find((event) => normal(event.text("db.query.text")).includes(normal(part)));
      });
    }

    async function planOf(watched: ReturnType<typeof watch>, sql: string, part: string) {
      const event = await eventOf(watched, sql, part);
      expect(event.text("db.query.plan.absent_reason")).toBe("");
      const text = event.text("mysql.query_plan");
      expect(text).not.toContain(planted);
      const { plan } = readPlan(text, { syntax: product });
      if (plan === undefined) throw new Error(`no plan: ${text}`);
      return { event, plan, nodes: [...nodesOf(plan.root)] };
    }

    it("are those of real statements, without their values, with a hash that an index changes", async () => {
      const watched = await look({}, "reader");
      const sql = `SELECT id FROM orders WHERE email = '${planted}' AND state < 4711`;
      const indexed = await planOf(watched, sql, "`email` = ? AND `state` < ?");
      expect(indexed.nodes.map(({ index }) => index)).toContain("by_email");
      expect(indexed.event.text("mysql.query_plan.hash")).toMatch(/^v1:[0-9a-f]{64}$/);
      await server.query("ALTER TABLE shop.orders DROP INDEX by_email");
      const scanned = await planOf(await look({}, "reader"), sql, "`email` = ? AND `state` < ?");
      expect(scanned.nodes.map(({ kind }) => kind)).toContain("sequential_scan");
      expect(scanned.event.text("mysql.query_plan.hash")).not.toBe(indexed.event.text("mysql.query_plan.hash"));
      await server.query("ALTER TABLE shop.orders ADD INDEX by_email (email)");
    });

    it.each(["json_v1", "json", "tree"] as const)("are read in the format %s", async (format) => {
      const watched = await look({ format });
      const sql = `SELECT o.id, COUNT(*) FROM orders o JOIN orders p ON p.email = o.email
        WHERE o.state IN (1, 2) AND o.email <> 'it''s ${planted}' OR o.id IN (SELECT message FROM log)
        GROUP BY o.id HAVING COUNT(*) > 7 ORDER BY 2 LIMIT 3`;
      const { plan, nodes } = await planOf(watched, sql, "GROUP BY");
      const newest = Number.parseFloat(server.version) >= 8.3 ? "mysql_json_v2" : "mysql_json_v1";
      const formats = { json_v1: "mysql_json_v1", json: newest, tree: "mysql_tree" };
      expect(plan.format).toBe(product === "mysql" ? formats[format] : "mariadb_json");
      expect(nodes.length).toBeGreaterThan(3);
    });

    it("are never asked for of a text that was cut off, nor of what has none", async () => {
      const watched = await look();
      const long = await eventOf(watched, `SELECT id FROM orders WHERE email = '${"x".repeat(2000)}'`, "`email` = ?");
      expect(long.text("db.query.plan.absent_reason")).toBe("cut_off");
      const shown = await eventOf(watched, "SHOW TABLES", "SHOW TABLES");
      expect(shown.text("db.query.plan.absent_reason")).toBe("not_explainable");
    });

    it("of what changes rows change none, and no function of theirs is called", async () => {
      const watched = await look();
      const { nodes } = await planOf(
        watched,
        "UPDATE orders SET state = 1 WHERE email = 'nobody'",
        "UPDATE `orders` SET",
      );
      expect(nodes.map(({ index }) => index)).toContain("by_email");
      const called = "DELETE FROM orders WHERE id = noted(99)";
      expect((await eventOf(watched, called, "`noted`")).text("db.query.plan.absent_reason")).toBe("not_explainable");
      const count = async () => {
        const [row] = await server.query<RowDataPacket & { count: number }>("SELECT COUNT(*) AS count FROM shop.log");
        return row?.count;
      };
      await application.query("SELECT id FROM orders WHERE id = noted(98)");
      await application.ping();
      const before = await count();
      const { batches } = await watched.poll();
      const read = eventsOf(batches).find((event) => /^SELECT.*noted/i.test(event.text("db.query.text")));
      expect(["not_explainable", ""]).toContain(read?.text("db.query.plan.absent_reason"));
      expect(await count()).toBe(before);
    });

    it("that the user may not see are missing for that reason", async () => {
      const watched = await look({}, "reader");
      const update = await eventOf(watched, "UPDATE orders SET state = 3 WHERE id = 77", "`id` = ?");
      expect(update.text("db.query.plan.absent_reason")).toBe("no_permission");
      expect(update.attributes.has("mysql.query_plan")).toBe(false);
    });

    it("come from a procedure of the schema, where that is wanted, for a user without a right on its tables", async () => {
      const as = { user: "dbintel", password: "dbintel-password", database: "shop" };
      await expect(server.query("SELECT state FROM orders", [], as)).rejects.toThrow(/denied/);
      await expect(server.query("EXPLAIN SELECT state FROM orders", [], as)).rejects.toThrow(/denied/);
      // Again: the script changes nothing then.
      await run("mysql/explain-procedure.sql");
      const watched = await look({ mode: "procedure" }, "dbintel");
      const read = await planOf(watched, "SELECT state FROM orders WHERE email = 'z'", "SELECT `state` FROM `orders`");
      expect(read.nodes.map(({ index }) => index)).toContain("by_email");
      const update = await eventOf(watched, "UPDATE orders SET state = 4 WHERE id = 78", "`id` = ?");
      expect(update.text("db.query.plan.absent_reason")).toBe("no_permission");
      const none = await look({ mode: "procedure", procedure: "not_there" }, "dbintel");
      const event = await eventOf(none, "SELECT state, id FROM orders WHERE email = 'z'", "SELECT `state`, `id`");
      expect(["missing_object", "no_permission"]).toContain(event.text("db.query.plan.absent_reason"));
    });

    it.each(["inline", "procedure"] as const)(
      "leave nothing of the collector in what it reports (%s)",
      async (mode) => {
        const watched = await look({ mode });
        await planOf(watched, `SELECT email FROM orders WHERE state = 3 AND id > 9 /* ${mode} */`, "`id` > ?");
        await watched.poll();
        const { batches, problems } = await watched.poll();
        expect(problems).toEqual([]);
        expect(eventsOf(batches).map(({ attributes }) => Object.fromEntries(attributes))).toEqual([]);
        const about = (name: string) =>
          pointsOf(batches).filter((point) => point.name === `dbintel.mysql.statements.${name}`);
        expect(about("own_share").map(({ value }) => value)).toEqual([1]);
        const [own, others] = about("rows").map(({ value }) => Number(value));
        const [row] = await server.query<RowDataPacket & { count: number }>(
          "SELECT COUNT(*) AS count FROM performance_schema.events_statements_summary_by_digest WHERE DIGEST IS NOT NULL",
        );
        expect(own).toBeGreaterThan(10);
        expect(Number(own) + Number(others)).toBeLessThanOrEqual(Number(row?.count));
      },
    );

    it("of a session without a schema are found by the names that it writes out", async () => {
      const watched = await look();
      await application.query("SELECT 1");
      const bare = await server.connect();
      try {
        const event = await eventually("the statement is reported", async () => {
          await bare.query(`SELECT id FROM shop.orders WHERE email = '${planted}'`);
          const events = eventsOf((await watched.poll()).batches);
          return events.find((each) => each.text("db.query.text").includes("FROM `shop`"));
        });
        expect(event.text("mysql.query_plan")).toContain("by_email");
      } finally {
        bare.destroy();
      }
    });
  });
}

/** MariaDB takes some names for words of SQL, and writes those without quotes. */
function normal(text: string): string {
  return text.replaceAll("`", "").toLowerCase();
}
