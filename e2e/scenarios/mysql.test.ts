import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { freePort } from "../harness/free-port.ts";
import { attributesOf, resourcesOf } from "../harness/otlp-json.ts";
import { WatchedCollector } from "../harness/watched-collector.ts";
import { startMariadb, startMysql } from "../servers/index.ts";
import { describeMariadb, describeOwnMysql } from "../servers/vitest.ts";

const monitor = { user: "dbintel", password: "monitor-password" };
const planted = "jane.planted@example.com";
const digestAttribute = "mysql.events_statements_summary_by_digest.digest";
const callsAttribute = "mysql.events_statements_summary_by_digest.count_star";

const servers = [
  { product: "mysql", suite: describeOwnMysql, start: () => startMysql({ own: true }) },
  { product: "mariadb", suite: describeMariadb, start: () => startMariadb() },
] as const;

for (const { product, suite, start } of servers) {
  suite("configs/mysql-otlp.yaml", () => {
    it("tells exactly how often a statement ran, and of the server, with the grants that it names", async () => {
      await using server = await start();
      await server.query("CREATE DATABASE shop");
      await server.query("CREATE TABLE shop.orders (id int PRIMARY KEY, email varchar(100))");
      await server.query("INSERT INTO shop.orders VALUES (1, 'a@example.com'), (2, 'b@example.com')");
      await server.query(
        `CREATE USER '${monitor.user}'@'%' IDENTIFIED BY '${monitor.password}' WITH MAX_USER_CONNECTIONS 3`,
      );
      await server.query(`GRANT SELECT ON performance_schema.* TO '${monitor.user}'@'%'`);
      await using collector = await WatchedCollector.start({
        config: fileURLToPath(new URL("../../configs/mysql-otlp.yaml", import.meta.url)),
        settings: [
          "receivers.mysql.collection_interval=1s",
          "receivers.mysql.top_query_collection.collection_interval=500ms",
          "receivers.mysql.initial_delay=0s",
          // Deadlines are no subject here.
          "receivers.mysql.timeout=30s",
          `extensions.health_check.endpoint=127.0.0.1:${await freePort()}`,
        ],
        env: {
          MYSQL_ENDPOINT: `${server.host}:${server.port}`,
          MYSQL_USER: monitor.user,
          MYSQL_PASSWORD: monitor.password,
          MYSQL_TLS_INSECURE: "true",
        },
      });
      const { records } = collector.backend;
      const about = (part: string) =>
        records.filter(({ attributes }) => String(attributes["db.query.text"]).includes(part));

      const session = await server.connect({ database: "shop" });
      // Only from its second poll on the receiver knows what is new.
      await collector.until("it reports statements", async () => {
        await session.query("SELECT count(*) FROM orders");
        return about("FROM `orders`").length > 0 ? true : undefined;
      });
      let executed = 0;
      const execute = async () => {
        await session.query(`SELECT id FROM orders WHERE email = '${planted}' AND id > ${executed}`);
        executed++;
      };
      // Texts are read apart, and not while the server rests from the last reading of some: events may come without.
      const digest = await collector.until("its text is told", async () => {
        await execute();
        return about("`email` = ?")[0]?.attributes[digestAttribute];
      });
      for (let count = 0; count < 100; count++) await execute();
      await session.end();
      const calls = () =>
        records
          .filter(({ attributes }) => attributes[digestAttribute] === digest)
          .reduce((sum, { attributes }) => sum + Number(attributes[callsAttribute]), 0);
      await collector.until("all executions are reported", () => (calls() >= executed ? true : undefined));
      expect(calls()).toBe(executed);
      expect(about("`email` = ?")[0]).toMatchObject({
        eventName: "db.server.top_query",
        attributes: { "db.system.name": product, "db.namespace": "shop" },
      });
      expect(records.some(({ attributes }) => String(attributes["db.query.text"]).includes("dbintel_own"))).toBe(false);
      await collector.until("metrics came", () =>
        collector.backend.metrics.has("mysql.table.io.wait.count") ? true : undefined,
      );
      const metrics = collector.backend.bodies.filter((body) => JSON.stringify(body).includes("resourceMetrics"));
      expect(attributesOf(resourcesOf(metrics)[0] ?? {})).toMatchObject({
        "mysql.instance.endpoint": `${server.host}:${server.port}`,
        "db.system.name": product,
      });
      await collector.balancedLedgers();
      expect(JSON.stringify(collector.backend.bodies) + collector.process.stderr).not.toContain(planted);
      expect(collector.process.stderr).not.toContain(monitor.password);
    });
  });
}
