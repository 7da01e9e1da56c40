import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { type LogRecord, type Logs, logsBuilder } from "@dbintel/pdata";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { planAttributeExtractor } from "../src/index.ts";

const query = "SELECT * FROM customers WHERE email = 'ada@example.com'";

describePostgres(18, "plans of a real server", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it("gives the plan another hash when its index goes, and the same for other constants", async () => {
    await server.query("CREATE TABLE customers AS SELECT i AS id, 'c' || i AS email FROM generate_series(1, 10000) i");
    await server.query("CREATE INDEX customers_email ON customers (email)");
    await server.query("ANALYZE customers");
    const indexed = await extracted(await explain(server, query));
    const other = await extracted(await explain(server, query.replace("ada", "bob")));
    await server.query("DROP INDEX customers_email");
    const scanned = await extracted(await explain(server, query));

    expect(other.get("db.query.plan.hash")).toBe(indexed.get("db.query.plan.hash"));
    expect(scanned.get("db.query.plan.hash")).not.toBe(indexed.get("db.query.plan.hash"));
    expect([indexed, scanned].map((plan) => plan.get("db.query.plan.has_seq_scan"))).toEqual([false, true]);
    expect(indexed.get("db.query.plan.indexes")).toBe("customers_email");
    for (const plan of [indexed, other, scanned]) {
      expect(String(plan.get("plan_json"))).toContain("email");
      expect(String(plan.get("plan_json"))).not.toMatch(/ada|bob/);
    }
  });
});

async function explain(server: PostgresServer, sql: string): Promise<string> {
  const [row] = await server.query<{ "QUERY PLAN": unknown }>(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`);
  return JSON.stringify(row?.["QUERY PLAN"]);
}

async function extracted(plan: string) {
  const sink = new Sink<"logs">();
  const { definition, config } = planAttributeExtractor();
  const processor = definition.create({ id: "test", config, host: createTestHost(), signal: "logs", next: sink });
  const logs: Logs = logsBuilder()
    .resource({ attributes: { "db.system.name": "postgresql" } })
    .record({ attributes: { plan_json: plan } })
    .build();
  await processor.consume(logs, { signal: new AbortController().signal });
  const record = (sink.batches[0] as Logs).records();
  record.advance();
  return new Map((record as LogRecord).attributes.entries());
}
