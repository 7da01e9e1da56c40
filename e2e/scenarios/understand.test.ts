import { fileURLToPath } from "node:url";
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../harness/free-port.ts";
import type { ReceivedRecord } from "../harness/otlp-json.ts";
import { WatchedCollector } from "../harness/watched-collector.ts";
import { type PostgresServer, startPostgres } from "../servers/index.ts";
import { describePostgres } from "../servers/vitest.ts";

const monitor = { user: "dbintel", password: "monitor-password" };
const application = { user: "application", password: "application-password", database: "shop" };
/** In statements, in a view and in a comment of the application: none of them may leave. */
const planted = ["jane.planted@example.com", "planted-state", "4711170147"];

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

/** Polls that tell what is usual: two for each of the twelve windows that the detector wants, and some more. */
const pollsToLearn = 32;

const shown = ["work_mem", "search_path", "timezone", "datestyle", "jit", "lock_timeout", "port", "geqo", "wal_level"];

describePostgres(18, "configs/understand.yaml", () => {
  let server: PostgresServer;
  let session: pg.Client;

  beforeAll(async () => {
    server = await startPostgres({ settings: { autovacuum: false, max_parallel_workers_per_gather: 0, jit: false } });
    for (const { user, password } of [monitor, application]) {
      await server.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`);
    }
    await server.query(`GRANT pg_monitor, pg_read_all_data TO ${monitor.user}`);
    await server.query(`GRANT SET ON PARAMETER pg_stat_statements.track TO ${monitor.user}`);
    await server.query(`CREATE DATABASE shop OWNER ${application.user}`);
    session = await server.connect(application);
    for (const sql of [
      "CREATE SCHEMA sales",
      "ALTER ROLE application IN DATABASE shop SET search_path = sales",
      "SET search_path = sales",
      "CREATE TABLE orders AS SELECT i AS id, i || '@example.com' AS email FROM generate_series(1, 200000) i",
      "CREATE INDEX orders_email ON orders (email)",
      "CREATE TABLE vacuum_log AS SELECT i AS id FROM generate_series(1, 100) i",
      `CREATE VIEW recent AS SELECT id FROM vacuum_log WHERE id < 90 AND 'planted-state' <> ''`,
      "ANALYZE",
    ]) {
      await session.query(sql);
    }
  });
  afterAll(async () => {
    await session?.end();
    await server?.stop();
  });

  /** Some executions of the statement whose index comes and goes, and what else an application does. */
  async function work(): Promise<void> {
    for (let count = 0; count < 40; count++) {
      await session.query(`SELECT id FROM orders WHERE email = '${planted[0]}' /* for ${planted[2]} */`);
    }
    await session.query("SELECT count(*) FROM recent WHERE id < 4711170147");
    await session.query("ANALYZE vacuum_log");
    // Too many to be told one by one, and without plans.
    for (const setting of shown) await session.query(`SHOW ${setting}`);
  }

  /** As an application's instrumentation sends it: the execution of the statement in one of its traces. */
  async function sendSpan(listen: string): Promise<void> {
    const nowNano = `${Date.now()}000000`;
    const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
    const span = {
      ...{ traceId, spanId: "00f067aa0ba902b7", kind: 3, name: "SELECT orders" },
      startTimeUnixNano: nowNano,
      endTimeUnixNano: nowNano,
      attributes: [
        attribute("db.system.name", "postgresql"),
        attribute("db.namespace", "shop"),
        attribute("db.query.text", "SELECT id FROM orders WHERE email = $1"),
        attribute("server.address", server.host),
        { key: "server.port", value: { intValue: String(server.port) } },
      ],
    };
    const resource = { attributes: [attribute("service.name", "checkout")] };
    const response = await fetch(`http://${listen}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }),
    });
    expect(response.status).toBe(200);
  }

  it("tells of a dropped index once and of its return once, and what each statement is", async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    await using collector = await WatchedCollector.start({
      config: fileURLToPath(new URL("../../configs/understand.yaml", import.meta.url)),
      settings: [
        "receivers.postgresql.collection_interval=1s",
        "receivers.postgresql.top_query_collection.collection_interval=200ms",
        "receivers.postgresql.top_query_collection.top_n_query=2",
        // Each poll asks for plans, whatever that costs: the next verdict is not to come before the plan that is behind it.
        "receivers.postgresql.top_query_collection.query_plan_cache_ttl=100ms",
        "receivers.postgresql.budget.max_database_share=100%",
        "receivers.postgresql.initial_delay=0s",
        // Minutes become tenths of a second, in which one pause of a busy machine is much: only what the index does is
        // twenty times slower.
        "processors.plan_attribute_extractor.regression.window=200ms",
        "processors.plan_attribute_extractor.regression.ratio=20",
        "processors.plan_attribute_extractor.regression.recovery_ratio=10",
        // Deadlines are no subject here: a busy machine must not look like a slow database.
        "receivers.postgresql.timeout=30s",
      ],
      env: {
        POSTGRES_ENDPOINT: `${server.host}:${server.port}`,
        POSTGRES_USER: monitor.user,
        POSTGRES_PASSWORD: monitor.password,
        POSTGRES_TLS_INSECURE: "true",
        OTLP_LISTEN: listen,
      },
    });
    const { records } = collector.backend;
    const events = (name: string) => records.filter(({ eventName }) => eventName === name);
    const about = (text: string) =>
      events("db.server.top_query").filter(({ attributes }) => String(attributes["db.query.text"]).startsWith(text));
    const workUntil = <T>(what: string, probe: () => T | undefined): Promise<T> =>
      collector.until(what, async () => {
        await work();
        return probe();
      });

    await workUntil("it is known what is usual", () => {
      const polls = about("SELECT id FROM orders").filter(({ attributes }) => attributes["db.query.plan.hash"]);
      return polls.length >= pollsToLearn ? true : undefined;
    });
    expect(events("db.plan.regression")).toEqual([]);
    await sendSpan(listen);
    const called = await workUntil("it is known who executes it", () =>
      about("SELECT id FROM orders").find(({ attributes }) => attributes["db.query.client.services"]),
    );
    expect(called.attributes).toMatchObject({
      "db.query.client.services": { values: [{ stringValue: "checkout" }] },
      "db.query.client.trace_ids": { values: [{ stringValue: traceId }] },
    });
    await session.query("DROP INDEX orders_email");
    const regression = await workUntil("the regression is told", () => events("db.plan.regression")[0]);
    expect(regression.attributes).toMatchObject({
      "db.namespace": "shop",
      "db.query.text": "SELECT id FROM orders WHERE email = $1",
      "db.plan.cause": "plan_change",
      "db.query.plan.difference": expect.stringContaining("no longer uses orders_email"),
      "db.collection.name": "orders",
    });
    await session.query("CREATE INDEX orders_email ON orders (email)");
    const recovery = await workUntil("the recovery is told", () => events("db.plan.recovery")[0]);
    expect(recovery.attributes["db.query.fingerprint"]).toBe(regression.attributes["db.query.fingerprint"]);
    expect([events("db.plan.regression").length, events("db.plan.recovery").length]).toEqual([1, 1]);

    const mended = await workUntil("it goes by its index again", () =>
      about("SELECT id FROM orders").find(({ attributes, timeUnixNano }) => {
        return attributes["db.query.plan.indexes"] === "orders_email" && isLater(timeUnixNano, regression);
      }),
    );
    expect(mended.attributes).toMatchObject({
      "db.collection.name": "orders",
      "db.query.is_maintenance": false,
      "db.query.plan.has_seq_scan": false,
    });
    const upkeep = await workUntil("upkeep is told", () => about("ANALYZE")[0]?.attributes);
    expect(upkeep).toMatchObject({
      "db.query.is_maintenance": true,
      "db.query.plan.absent_reason": "not_explainable",
    });
    await workUntil("the sum of others is told", () =>
      records.find(({ attributes }) => attributes["dbintel.delta.kind"] === "other"),
    );
    const sums = [...sharesByPoll(records).values()];
    expect(sums.length).toBeGreaterThan(pollsToLearn);
    for (const sum of sums) expect(sum).toBeCloseTo(1, 9);

    const received = JSON.stringify(collector.backend.bodies);
    for (const secret of planted) expect(received.includes(secret)).toBe(false);
    expect(await collector.process.stop()).toEqual({ code: 0, signal: null });
    for (const secret of planted) expect(collector.process.stderr.includes(secret)).toBe(false);
  });
});

function isLater(timeUnixNano: string | undefined, than: ReceivedRecord): boolean {
  return BigInt(timeUnixNano ?? 0) > BigInt(than.timeUnixNano ?? 0);
}

/** Sums of shares for each poll and database. */
function sharesByPoll(records: readonly ReceivedRecord[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { attributes, timeUnixNano } of records) {
    const share = attributes["db.query.load.share"];
    if (share === undefined) continue;
    const poll = `${timeUnixNano} ${String(attributes["db.namespace"])}`;
    sums.set(poll, (sums.get(poll) ?? 0) + Number(share));
  }
  return sums;
}
