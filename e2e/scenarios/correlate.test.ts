import { fileURLToPath } from "node:url";
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../harness/free-port.ts";
import { WatchedCollector } from "../harness/watched-collector.ts";
import { type PostgresServer, startPostgres } from "../servers/index.ts";
import { describePostgres } from "../servers/vitest.ts";

const monitor = { user: "dbintel", password: "monitor-password" };
const database = { database: "postgres" };
/** In statements and comments of the application: none of them may leave. */
const planted = ["jane.planted@example.com", "4711170147"];

const commented = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
const named = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const traceparent = ({ traceId, spanId }: typeof named) => `00-${traceId}-${spanId}-01`;

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const attribute = (key: string, stringValue: string): KeyValue => ({ key, value: { stringValue } });

describePostgres(18, "configs/correlate.yaml", () => {
  let server: PostgresServer;
  let listen: string;
  const sessions: pg.Client[] = [];

  beforeAll(async () => {
    listen = `127.0.0.1:${await freePort()}`;
    server = await startPostgres({ settings: { autovacuum: false } });
    await server.query(`CREATE ROLE ${monitor.user} LOGIN PASSWORD '${monitor.password}' IN ROLE pg_monitor`);
    await server.query(`GRANT SET ON PARAMETER pg_stat_statements.track TO ${monitor.user}`);
    await server.query("CREATE TABLE items (id int)");
    await server.query("CREATE TABLE orders AS SELECT i AS id, 'c' || i AS customer FROM generate_series(1, 4000) i");
    // Who reads a page takes old versions of rows away that were updated on it, and leaves a mark of each deleted row.
    await server.query("DELETE FROM orders WHERE id > 2000");
  });
  afterAll(async () => {
    for (const session of sessions) await session.end();
    await server?.stop();
  });

  async function connect(application: string): Promise<pg.Client> {
    const session = await server.connect({ ...database, application_name: application });
    sessions.push(session);
    return session;
  }

  async function send(signal: "metrics" | "traces", body: unknown): Promise<void> {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`http://${listen}/v1/${signal}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
  }

  /** The server's own statistics, as the OpenTelemetry Collector's receiver tells them. */
  async function sendTables(): Promise<void> {
    const rows = await server.query<{ name: string; live: string; dead: string }>(
      "SELECT schemaname || '.' || relname AS name, n_live_tup AS live, n_dead_tup AS dead FROM pg_stat_user_tables",
    );
    const dataPoints = rows.flatMap(({ name, live, dead }) =>
      Object.entries({ live, dead }).map(([state, asInt]) => ({
        asInt,
        timeUnixNano: `${Date.now()}000000`,
        attributes: [
          attribute("db.namespace", "postgres"),
          attribute("db.collection.name", name),
          attribute("state", state),
        ],
      })),
    );
    const metrics = [{ name: "postgresql.rows", gauge: { dataPoints } }];
    const resource = { attributes: [attribute("service.instance.id", `${server.host}:${server.port}`)] };
    await send("metrics", { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] });
  }

  /** A call of the database as an application's instrumentation tells it. */
  async function sendSpan(): Promise<void> {
    const now = `${Date.now()}000000`;
    const span = {
      ...{ traceId: "1".repeat(32), spanId: "2".repeat(16), kind: 3, name: "SELECT orders" },
      ...{ startTimeUnixNano: now, endTimeUnixNano: now },
      attributes: [
        attribute("db.system.name", "postgresql"),
        attribute("db.namespace", "postgres"),
        attribute("db.query.text", "SELECT count(*) FROM orders WHERE customer = $1"),
        attribute("server.address", "db.internal"),
      ],
    };
    const resource = { attributes: [attribute("service.name", "checkout")] };
    await send("traces", { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
  }

  it("joins statements with tables, sessions, traces and applications", async () => {
    await using collector = await WatchedCollector.start({
      config: fileURLToPath(new URL("../../configs/correlate.yaml", import.meta.url)),
      settings: [
        "receivers.postgresql.collection_interval=200ms",
        "receivers.postgresql.top_query_collection.collection_interval=200ms",
        "receivers.postgresql.query_sample_collection.collection_interval=200ms",
        "receivers.postgresql.initial_delay=0s",
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
    await collector.until("it is ready", () =>
      collector.process.stderr.includes("everything is ready") ? true : undefined,
    );
    const worker = await connect("worker");
    const workUntil = <T>(what: string, probe: () => T | undefined): Promise<T> =>
      collector.until(what, async () => {
        await sendTables();
        await sendSpan();
        await worker.query(`SELECT count(*) FROM orders WHERE customer = '${planted[0]}' /* ${planted[1]} */`);
        await worker.query("VACUUM items");
        return probe();
      });
    const about = (start: string) =>
      records.findLast(
        ({ eventName, attributes }) =>
          eventName === "db.server.top_query" && String(attributes["db.query.text"]).startsWith(start),
      )?.attributes;

    const orders = await workUntil("a statement is joined with its table and its callers", () => {
      const attributes = about("SELECT count(*) FROM orders");
      return attributes?.["db.query.tables.dead_rows"] && attributes["db.query.client.services"]
        ? attributes
        : undefined;
    });
    expect(orders).toMatchObject({
      "db.collection.name": "orders",
      "db.query.is_maintenance": false,
      "db.query.tables.dead_rows": "2000",
      "db.query.tables.vacuum_needed": { values: [{ stringValue: "orders" }] },
      "db.query.client.services": { values: [{ stringValue: "checkout" }] },
    });
    const upkeep = await workUntil("the upkeep is told", () => about("VACUUM"));
    expect(upkeep).toMatchObject({ "db.query.is_maintenance": true, "db.query.maintenance.operation": "vacuum" });

    const holder = await connect(traceparent(named));
    await holder.query(`BEGIN; UPDATE orders SET customer = '${planted[0]}' WHERE id = 1`);
    const waiter = await connect("waiter");
    const blocked = waiter
      .query(`UPDATE orders SET customer = '${planted[0]}' WHERE id = 1 /*traceparent='${traceparent(commented)}'*/`)
      .then(() => true);
    const samples = () => records.filter(({ eventName }) => eventName === "db.server.query_sample");
    const waiting = await workUntil("the waiting session is told its root", () =>
      samples().find(({ attributes }) => attributes["dbintel.blocking.root.session.id"] !== undefined),
    );
    const root = await workUntil("the root is told who waits", () =>
      samples().find(({ attributes }) => attributes["dbintel.blocking.sessions"] !== undefined),
    );
    expect(waiting.attributes).toMatchObject({
      "db.query.summary": "UPDATE orders",
      "db.query.wait.category": "lock_row",
      "dbintel.blocking.depth": "1",
      "dbintel.blocking.root.session.id": root.attributes["dbintel.session.id"],
    });
    expect(root.attributes).toMatchObject({
      "dbintel.blocking.sessions": "1",
      "dbintel.blocking.waiters": { values: [{ stringValue: waiting.attributes["dbintel.session.id"] }] },
      "dbintel.transaction.id": expect.any(String),
    });
    await holder.query("COMMIT");
    expect(await blocked).toBe(true);

    // The first counters may tell of the other session's execution alone.
    await workUntil("the counters of the update know the trace of the comment", () => {
      const traceIds = about("UPDATE orders SET customer = $1 WHERE id")?.["db.query.client.trace_ids"];
      return JSON.stringify(traceIds ?? "").includes(commented.traceId) || undefined;
    });
    const received = JSON.stringify(collector.backend.bodies);
    expect(received).toContain(named.traceId);
    expect(received).toContain('"db.query.load.share"');
    for (const secret of planted) expect(received.includes(secret)).toBe(false);
    const span = await workUntil("a span is told the load of its statement", () =>
      collector.backend.bodies
        .filter((body) => Object.hasOwn(body as object, "resourceSpans"))
        .map((body) => JSON.stringify(body))
        .find((body) => body.includes("db.query.load.share")),
    );
    expect(span).toContain(String(orders["db.query.fingerprint"]));
    await collector.balancedLedgers();
    expect(await collector.process.stop()).toEqual({ code: 0, signal: null });
    for (const secret of planted) expect(collector.process.stderr.includes(secret)).toBe(false);
  });
});
