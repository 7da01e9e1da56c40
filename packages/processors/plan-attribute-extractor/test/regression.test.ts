import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { type AnyValue, type Logs, logsBuilder } from "@dbintel/pdata";
import { createTestHost, FakeClock, Sink } from "@dbintel/pipeline/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { planAttributeExtractor } from "../src/index.ts";

const signal = new AbortController().signal;
const text = "SELECT * FROM customers WHERE email = $1";
const query = text.replace("$1", "'ada@example.com'");
const windowMs = 5 * 60_000;

/** A processor on a clock of its own, fed with what receivers send in a window. */
function follower(storage = createTestHost().storage) {
  const clock = new FakeClock();
  const sink = new Sink<"logs">();
  const { definition, config } = planAttributeExtractor();
  const host = createTestHost({ clock, storage });
  const id = "plan_attribute_extractor";
  const processor = definition.create({ id, config, host, signal: "logs", next: sink });
  return {
    storage,
    processor,
    /** Counters of one window, the plan that was sampled in it, and the end of the window. */
    window: async (meanMs: number, plan: string): Promise<void> => {
      const calls = 500;
      const counters = {
        "postgresql.calls": BigInt(calls),
        "postgresql.total_exec_time": (calls * meanMs) / 1000,
        "postgresql.rows": BigInt(calls),
      };
      const batch = logsBuilder()
        .resource({ attributes: { "service.instance.id": "db:5432", "db.system.name": "postgresql" } })
        .record({ attributes: { "db.namespace": "shop", "db.query.text": query, plan_json: plan } })
        .record({ attributes: { "db.namespace": "shop", "db.query.text": text, ...counters } })
        .build();
      await processor.consume(batch, { signal });
      await clock.advance(windowMs);
    },
    events: (): readonly Readonly<Record<string, AnyValue>>[] =>
      sink.batches.flatMap((batch) =>
        Array.from((batch as Logs).records(), ({ eventName, body, attributes }) => ({
          eventName,
          body,
          ...Object.fromEntries(attributes.entries()),
        })).filter(({ eventName }) => eventName.startsWith("db.plan.")),
      ),
  };
}

describePostgres(18, "a dropped index and its return", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
    await server.query("CREATE TABLE customers AS SELECT i AS id, 'c' || i AS email FROM generate_series(1, 10000) i");
  });
  afterAll(() => server.stop());

  async function explain(): Promise<string> {
    const [row] = await server.query<{ "QUERY PLAN": unknown }>(`EXPLAIN (FORMAT JSON) ${query}`);
    return JSON.stringify(row?.["QUERY PLAN"]);
  }

  it("gives one regression that names the index, and one recovery", async () => {
    await server.query("CREATE INDEX customers_email ON customers (email)");
    await server.query("ANALYZE customers");
    const indexed = await explain();
    await server.query("DROP INDEX customers_email");
    const scanned = await explain();

    const { processor, window, events } = follower();
    await processor.start({ signal });
    for (let count = 0; count < 20; count++) await window(2 + (count % 3) / 10, indexed);
    expect(events()).toEqual([]);
    for (let count = 0; count < 4; count++) await window(30, scanned);
    for (let count = 0; count < 4; count++) await window(2, indexed);
    await processor.stop({ signal });

    const found = events();
    expect(found.map(({ eventName }) => eventName)).toEqual([
      "db.plan.change",
      "db.plan.regression",
      "db.plan.change",
      "db.plan.recovery",
    ]);
    const [, regression] = found;
    expect(regression).toMatchObject({
      "db.namespace": "shop",
      "db.query.text": text,
      "db.plan.cause": "plan_change",
      "db.query.plan.difference": expect.stringContaining("no longer uses customers_email"),
      "db.plan.recommendation": expect.stringContaining("the index customers_email of customers still exists"),
    });
    expect(regression?.body).toMatch(/^1\d times slower \(plan_change\): 30 ms a call, usually 2\.\d+ ms\nSELECT /);
    expect(JSON.stringify(found.map(({ body }) => body))).not.toContain("ada@");
  });

  it("knows after a restart what was usual before", async () => {
    const plan = await explain();
    const before = follower();
    await before.processor.start({ signal });
    for (let count = 0; count < 20; count++) await before.window(2 + (count % 3) / 10, plan);
    await before.processor.stop({ signal });

    const after = follower(before.storage);
    await after.processor.start({ signal });
    for (let count = 0; count < 4; count++) await after.window(30, plan);
    await after.processor.stop({ signal });
    expect(after.events().map(({ eventName }) => eventName)).toEqual(["db.plan.regression"]);
  });
});
