import { type MysqlServer, startMysql } from "@dbintel/e2e/servers";
import { describeMysql } from "@dbintel/e2e/servers/vitest";
import { type Logs, logsBuilder } from "@dbintel/pdata";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { planAttributeExtractor } from "../src/index.ts";

const signal = new AbortController().signal;
/** MySQL names the second column after the constant. */
const query = "SELECT id, 'ada@example.com' FROM plans.customers WHERE email = 'ada@example.com'";

describeMysql("plans of a real server", () => {
  let server: MysqlServer;
  beforeAll(async () => {
    server = await startMysql();
    for (const sql of [
      "DROP DATABASE IF EXISTS plans",
      "CREATE DATABASE plans",
      "CREATE TABLE plans.customers (id int PRIMARY KEY, email varchar(50), KEY customers_email (email))",
      "INSERT INTO plans.customers WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i, concat('c', i) FROM n",
    ]) {
      await server.query(sql);
    }
  });
  afterAll(() => server?.stop());

  it.each(["JSON", "TREE"])("go without a constant, by their shape: FORMAT=%s", async (format) => {
    const explain = async (sql: string): Promise<string> => {
      const [row] = await server.query(`EXPLAIN FORMAT=${format} ${sql}`);
      return String(Object.values(row ?? {})[0]);
    };
    const indexed = await extracted(await explain(query));
    const other = await extracted(await explain(query.replaceAll("ada", "bob")));
    await server.query("DROP INDEX customers_email ON plans.customers");
    const scanned = await extracted(await explain(query));
    await server.query("CREATE INDEX customers_email ON plans.customers (email)");

    expect(other.get("db.query.plan.hash")).toBe(indexed.get("db.query.plan.hash"));
    expect(scanned.get("db.query.plan.hash")).not.toBe(indexed.get("db.query.plan.hash"));
    expect([indexed, scanned].map((plan) => plan.get("db.query.plan.has_seq_scan"))).toEqual([false, true]);
    expect(indexed.get("db.query.plan.indexes")).toBe("customers_email");
    for (const plan of [indexed, other, scanned]) {
      expect(String(plan.get("plan_json"))).toContain("customers");
      for (const value of plan.values()) expect(String(value)).not.toMatch(/example/);
    }
  });
});

/** What goes out for a record with the plan. */
async function extracted(plan: string) {
  const sink = new Sink<"logs">();
  const { definition, config } = planAttributeExtractor();
  const processor = definition.create({ id: "test", config, host: createTestHost(), signal: "logs", next: sink });
  const logs: Logs = logsBuilder()
    .resource({ attributes: { "db.system.name": "mysql" } })
    .record({ attributes: { plan_json: plan } })
    .build();
  await processor.consume(logs, { signal });
  const record = (sink.batches[0] as Logs).records();
  expect(record.advance()).toBe(true);
  return new Map(record.attributes.entries());
}
