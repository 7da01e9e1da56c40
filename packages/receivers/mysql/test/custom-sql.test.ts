import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeMysql } from "@dbintel/e2e/servers/vitest";
import { classifyError } from "@dbintel/guard";
import { createTestHost, pointsOf } from "@dbintel/pipeline/testing";
import type { WatchedPoll } from "@dbintel/watching";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import type { mysqlConfig } from "../src/config.ts";
import { customSqlPart } from "../src/custom-sql/part.ts";
import { mysql } from "../src/index.ts";
import { watchedServer } from "../src/server.ts";
import { never } from "./watch.ts";

type Queries = NonNullable<z.input<typeof mysqlConfig>["custom_queries"]>;
const gauge = [{ name: "shop.value", column: "value" }];
const schema = "dbintel_custom_sql";

function suite(start: () => Promise<MysqlServer>, product: "mysql" | "mariadb") {
  let server: MysqlServer;
  const sessions: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    server = await start();
    await server.query(`DROP DATABASE IF EXISTS ${schema}`);
    await server.query(`CREATE DATABASE ${schema}`);
    await server.query(`CREATE TABLE ${schema}.orders (id int PRIMARY KEY, state varchar(20), amount decimal(10, 2))`);
    const rows = Array.from({ length: 2000 }, (_, id) => `(${id}, 'state ${id % 3}', ${id * 1.5})`);
    await server.query(`INSERT INTO ${schema}.orders VALUES ${rows.join(", ")}`);
    await server.query(`ANALYZE TABLE ${schema}.orders`);
  });
  afterAll(async () => {
    await Promise.all(sessions.map((session) => session.close()));
    await server?.query(`DROP DATABASE IF EXISTS ${schema}`);
    await server?.stop();
  });

  async function ask(query: Queries[number]) {
    const { config } = mysql({
      ...{ endpoint: `${server.host}:${server.port}`, username: server.superuser, password: server.password },
      ...{ tls: { insecure: true }, custom_queries: [query] },
    });
    const polls: WatchedPoll[] = [];
    const watch = {
      add: (poll: WatchedPoll) => void polls.push(poll),
      closes: (session: { close(): Promise<void> }) => void sessions.push(session),
    };
    const next = { metrics: { consume: async () => {} } };
    customSqlPart(watchedServer({ config, host: createTestHost(), next, watch }));
    const guard = { ask: async () => undefined, strained: false };
    const { batches, problems } = (await polls[0]?.poll.poll({ signal: never, guard })) ?? { batches: [] };
    const points = pointsOf(batches).map(({ name, value, attributes }) => [
      name,
      Object.fromEntries(attributes),
      value,
    ]);
    return { points, problems: problems?.map(({ message }) => message) ?? [] };
  }

  it("become metrics: each row a data point, with labels", async () => {
    const { points, problems } = await ask({
      name: "orders",
      sql: `WITH early AS (SELECT * FROM ${schema}.orders WHERE id < 3)
            SELECT state, COUNT(*) AS orders, SUM(amount) AS amount FROM early GROUP BY state ORDER BY state;`,
      metrics: [
        { name: "shop.orders", column: "orders", number: "int" },
        { name: "shop.amount", column: "amount" },
      ],
      labels: { "shop.state": "state" },
    });
    expect(problems).toEqual([]);
    const labels = (state: number) => ({ "shop.state": `state ${state}` });
    expect(points).toEqual([
      ...[0, 1, 2].map((state) => ["shop.orders", labels(state), 1n]),
      ...[0, 1, 2].map((state) => ["shop.amount", labels(state), state * 1.5]),
    ]);
  });

  it("read what SHOW tells", async () => {
    const { points } = await ask({
      ...{ name: "status", sql: "SHOW GLOBAL STATUS WHERE Variable_name = 'Uptime'" },
      metrics: [{ name: "shop.uptime", column: "Value", number: "int" }],
      labels: { name: "Variable_name" },
    });
    expect(points).toEqual([["shop.uptime", { name: "Uptime" }, expect.any(BigInt)]]);
  });

  it("are chosen by product and version, and run where their names are looked for", async () => {
    const versions = {
      [`${product === "mysql" ? "mariadb" : "mysql"} >=1`]: "SELECT 0 AS value",
      [`${product} >=5.7`]: "SELECT COUNT(*) AS value FROM orders",
    };
    const { points } = await ask({ name: "v", versions, metrics: gauge, databases: [schema] });
    expect(points).toEqual([["shop.value", { "db.namespace": schema }, 2000]]);
  });

  it("are not run when the server thinks them too costly", async () => {
    const sql = `SELECT COUNT(*) AS value FROM ${schema}.orders a, ${schema}.orders b, ${schema}.orders c WHERE a.amount + b.amount > c.amount`;
    await expect(ask({ name: "dear", sql, metrics: gauge })).rejects.toMatchObject({
      message: expect.stringMatching(/^custom query dear would cost \d.*, max_cost is 100000$/),
    });
  });

  it("fail alone, and a slow one is no overload of the server", async () => {
    const slow = `SELECT COUNT(*) AS value FROM ${schema}.orders a, ${schema}.orders b, ${schema}.orders c WHERE a.amount + b.amount > c.amount`;
    const failures = await Promise.allSettled([
      ask({ name: "slow", sql: slow, metrics: gauge, max_cost: 0, timeout: "50ms" }),
      ask({ name: "broken", sql: "SELECT nothing AS value", metrics: gauge }),
    ]);
    const reasons = failures.map((outcome) => (outcome.status === "rejected" ? outcome.reason : undefined));
    expect(reasons.map((reason) => reason?.message)).toEqual([
      expect.stringMatching(/^custom query slow failed: a query .* was given up/),
      expect.stringMatching(/^custom query broken failed: .*nothing/),
    ]);
    expect(reasons.map(classifyError)).toEqual(["other", "ours"]);
  });
}

describeMysql("custom queries", () => suite(startMysql, "mysql"));
describeMariadb("custom queries", () => suite(startMariadb, "mariadb"));

describe("the setting custom_queries", () => {
  it.each([
    ["SHOW GLOBAL STATUS", "a SHOW needs a WHERE"],
    ["SELECT 1 INTO OUTFILE '/tmp/x'", "has the word INTO"],
    ["SET GLOBAL x = 1", "must begin with SELECT"],
  ])("refuses %j", (sql, message) => {
    const settings = { username: "otel", password: "s3cr3t", custom_queries: [{ name: "a", sql, metrics: gauge }] };
    expect(() => mysql(settings)).toThrow(message);
  });
});
