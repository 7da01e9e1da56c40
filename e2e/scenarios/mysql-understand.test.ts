import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { freePort } from "../harness/free-port.ts";
import { WatchedCollector } from "../harness/watched-collector.ts";
import { startMariadb, startMysql } from "../servers/index.ts";
import { describeMariadb, describeOwnMysql } from "../servers/vitest.ts";

const monitor = { user: "dbintel", password: "monitor-password" };
const planted = "jane.planted@example.com";

/** Polls that tell what is usual: two for each of the twelve windows that the detector wants, and some more. */
const pollsToLearn = 32;

const servers = [
  { suite: describeOwnMysql, start: () => startMysql({ own: true }) },
  { suite: describeMariadb, start: () => startMariadb() },
] as const;

for (const { suite, start } of servers) {
  suite("configs/mysql-understand.yaml", () => {
    it("tells of a dropped index once and of its return once, and who is in the way of whom", async () => {
      await using server = await start();
      for (const sql of [
        "UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' WHERE NAME LIKE 'events_statements_%'",
        "CREATE DATABASE shop",
        "CREATE TABLE shop.orders (id int PRIMARY KEY, email varchar(100), state int) ENGINE=InnoDB",
        `INSERT INTO shop.orders
           WITH RECURSIVE d AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM d WHERE i < 199)
           SELECT a.i * 200 + b.i, CONCAT(a.i * 200 + b.i, '@example.com'), 1 FROM d a, d b`,
        "CREATE INDEX orders_email ON shop.orders (email)",
        "ANALYZE TABLE shop.orders",
        `CREATE USER '${monitor.user}'@'%' IDENTIFIED BY '${monitor.password}' WITH MAX_USER_CONNECTIONS 4`,
        `GRANT SELECT ON performance_schema.* TO '${monitor.user}'@'%'`,
        `GRANT PROCESS ON *.* TO '${monitor.user}'@'%'`,
        `GRANT SELECT ON shop.* TO '${monitor.user}'@'%'`,
      ]) {
        await server.query(sql);
      }
      await using collector = await WatchedCollector.start({
        config: fileURLToPath(new URL("../../configs/mysql-understand.yaml", import.meta.url)),
        settings: [
          "receivers.mysql.collection_interval=1s",
          "receivers.mysql.query_sample_collection.collection_interval=300ms",
          "receivers.mysql.top_query_collection.collection_interval=200ms",
          "receivers.mysql.top_query_collection.top_query_count=2",
          // Each poll asks for plans, whatever that costs: the next verdict is not to come before the plan that is behind it.
          "receivers.mysql.top_query_collection.query_plan_cache_ttl=100ms",
          "receivers.mysql.budget.max_database_share=100%",
          "receivers.mysql.initial_delay=0s",
          // Minutes become tenths of a second, in which one pause of a busy machine is much: only what the index does is
          // twenty times slower.
          "processors.plan_attribute_extractor.regression.window=200ms",
          "processors.plan_attribute_extractor.regression.ratio=20",
          "processors.plan_attribute_extractor.regression.recovery_ratio=10",
          // Deadlines are no subject here: a busy machine must not look like a slow database.
          "receivers.mysql.timeout=30s",
        ],
        env: {
          MYSQL_ENDPOINT: `${server.host}:${server.port}`,
          MYSQL_USER: monitor.user,
          MYSQL_PASSWORD: monitor.password,
          MYSQL_TLS_INSECURE: "true",
          OTLP_LISTEN: `127.0.0.1:${await freePort()}`,
        },
      });
      const { records } = collector.backend;
      const events = (name: string) => records.filter(({ eventName }) => eventName === name);
      const session = await server.connect({ database: "shop" });
      const workUntil = <T>(what: string, probe: () => T | undefined): Promise<T> =>
        collector.until(what, async () => {
          for (let count = 0; count < 30; count++) {
            await session.query(`SELECT id FROM orders WHERE email = '${planted}' AND state = 7`);
          }
          return probe();
        });

      await workUntil("it is known what is usual", () => {
        const polls = events("db.server.top_query").filter(
          ({ attributes }) =>
            attributes["db.query.plan.indexes"] === "orders_email" &&
            String(attributes["db.query.text"]).includes("FROM `orders` WHERE"),
        );
        return polls.length >= pollsToLearn ? true : undefined;
      });
      expect(events("db.plan.regression")).toEqual([]);
      await server.query("DROP INDEX orders_email ON shop.orders");
      const regression = await workUntil("the regression is told", () => events("db.plan.regression")[0]);
      expect(regression.attributes).toMatchObject({
        "db.namespace": "shop",
        "db.plan.cause": "plan_change",
        "db.query.plan.difference": expect.stringContaining("orders_email"),
        "db.collection.name": "orders",
      });
      const scanned = await workUntil("what is missing is told", () =>
        events("db.server.top_query").find(({ attributes }) =>
          JSON.stringify(attributes["db.query.findings"] ?? "").includes("missing_index"),
        ),
      );
      expect(scanned.attributes["db.query.fingerprint"]).toBe(regression.attributes["db.query.fingerprint"]);
      await server.query("CREATE INDEX orders_email ON shop.orders (email)");
      const recovery = await workUntil("the recovery is told", () => events("db.plan.recovery")[0]);
      expect(recovery.attributes["db.query.fingerprint"]).toBe(regression.attributes["db.query.fingerprint"]);
      expect([events("db.plan.regression").length, events("db.plan.recovery").length]).toEqual([1, 1]);

      // What sessions wait for reaches the wait engine of the correlation.
      const waiting = await server.connect({ database: "shop" });
      await session.beginTransaction();
      await session.query("UPDATE orders SET state = 2 WHERE id = 7");
      const blocked = waiting.query(`UPDATE orders SET email = '${planted}' WHERE id = 7`);
      const samples = events("db.server.query_sample");
      const root = await collector.until("it is told who is in the way", () =>
        events("db.server.query_sample").find(({ attributes }) => attributes["dbintel.blocking.waiters"] !== undefined),
      );
      expect(root.attributes["mysql.session.id"]).toBe(String(session.threadId));
      // The first look may have come before it waited.
      const waiter = events("db.server.query_sample")
        .slice(samples.length)
        .findLast(({ attributes }) => String(attributes["mysql.session.id"]) === String(waiting.threadId));
      expect(waiter?.attributes).toMatchObject({
        "db.query.wait.category": "lock_row",
        "mysql.blocking.lock.relation": "shop.orders",
        "dbintel.blocking.root.fingerprint": expect.stringMatching(/^v1:/),
      });
      await session.rollback();
      await blocked;
      session.destroy();
      waiting.destroy();
      expect(JSON.stringify(collector.backend.bodies).includes("planted")).toBe(false);
      expect(await collector.process.stop()).toEqual({ code: 0, signal: null });
      expect(collector.process.stderr).not.toContain(planted);
    });
  });
}
