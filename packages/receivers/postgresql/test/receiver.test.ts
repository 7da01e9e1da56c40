import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { RefusedError } from "@dbintel/errors";
import { createTestHost, eventsOf, pointsOf, Sink, type TestHost } from "@dbintel/pipeline/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { postgresql } from "../src/index.ts";
import { never } from "./watch.ts";

/** Visits have sessions that come and go. */
const withoutVisits = {
  object_collection: { enabled: false },
  events: {
    "db.server.settings_change": { enabled: false },
    "db.schema": { enabled: false },
    "db.advice": { enabled: false },
  },
};

describe("the receiver on a real server", () => {
  let server: PostgresServer;
  let host: TestHost;
  let logs: Sink<"logs">;
  let metrics: Sink<"metrics">;
  let stop: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    server = await startPostgres();
    await server.query("CREATE TABLE counted AS SELECT 1 AS a");
  });

  afterAll(() => server.stop());

  beforeEach(() => {
    host = createTestHost();
    logs = new Sink();
    metrics = new Sink();
  });

  afterEach(() => stop?.());

  async function start(
    settings: Record<string, unknown> = {},
    next: { readonly logs?: Sink<"logs">; readonly metrics?: Sink<"metrics"> } = { logs, metrics },
  ) {
    const { definition, config } = postgresql({
      endpoint: `${server.host}:${server.port}`,
      username: server.superuser,
      password: server.password,
      tls: { insecure: true },
      // Deadlines pass on the test's clock, answers come in real time.
      timeout: "1h",
      // For the same reason a statement seems to take as long as the clock was moved meanwhile.
      budget: { max_database_share: "1000000%" },
      circuit_breaker: { slow_call_duration: "10h" },
      top_query_collection: { collection_interval: "10s" },
      ...withoutVisits,
      ...settings,
    });
    const component = definition.create({ id: "postgresql", config, host, next });
    stop = () => component.stop({ signal: never });
    await component.start({ signal: never });
    return component;
  }

  /** Moves the clock until `done`; the server answers in real time in between. */
  async function pollUntil<T>(what: string, done: () => T | undefined): Promise<T> {
    const probe = async () => {
      await host.clock.advance(1000);
      return done();
    };
    return eventually(what, probe, { deadlineMs: 50_000 });
  }

  /** Readings of the statements that arrived. */
  function readings(): number {
    const points = pointsOf(metrics.batches);
    return points.filter((point) => point.name === "dbintel.postgresql.statements.max").length;
  }

  async function nextReading(): Promise<void> {
    const before = readings();
    await pollUntil("the statements are read", () => (readings() > before ? true : undefined));
  }

  /** Statements have one session, metrics another: each is opened by its first poll. */
  async function bothSessions(): Promise<void> {
    await nextReading();
    await pollUntil("metrics arrive", () =>
      pointsOf(metrics.batches).find(({ name }) => name === "postgresql.backends"),
    );
  }

  function countedCalls(): number {
    return eventsOf(logs.batches)
      .filter((event) => event.text("db.query.text").endsWith("FROM counted"))
      .reduce((sum, event) => sum + event.number("postgresql.calls"), 0);
  }

  it("loses nothing when its events are refused for a while", async () => {
    await start();
    await nextReading();
    const session = await server.connect();
    logs.failNext(...Array.from({ length: 5 }, () => new RefusedError("the queue is full")));
    for (let round = 0; round < 20; round++) {
      await session.query("SELECT a FROM counted");
      await host.clock.advance(3000);
    }
    await nextReading();
    await nextReading();
    await session.end();
    expect(countedCalls()).toBe(20);
  });

  it("keeps to two connections, each known by its name and limited by the server itself", async () => {
    // Plans have one of their own, for as long as they are asked for.
    await start({ top_query_collection: { collection_interval: "10s", max_explain_each_interval: 0 } });
    await bothSessions();
    const seen = await server.query<{ sessions: number; limited: number }>(
      `SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE application_name = 'dbintel'`,
    );
    expect(seen[0]?.sessions).toBe(2);
    for (let round = 0; round < 5; round++) {
      await nextReading();
      const [now] = await server.query<{ sessions: number }>(
        `SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE application_name = 'dbintel'`,
      );
      expect(now?.sessions).toBe(2);
    }
    await stop?.();
    await eventually("both are closed", async () => {
      const rows = await server.query("SELECT FROM pg_stat_activity WHERE application_name = 'dbintel'");
      return rows.length === 0 ? true : undefined;
    });
  });

  it("samples sessions over the same connection as the metrics, and when nothing else is wanted", async () => {
    const samples = () => eventsOf(logs.batches).filter((event) => event.attributes.has("postgresql.state"));
    const session = await server.connect();
    await session.query("BEGIN");
    await start();
    await pollUntil("a sample arrives", () => samples()[0]);
    await stop?.();
    logs = new Sink();
    await start({ events: { ...withoutVisits.events, "db.server.top_query": { enabled: false } } }, { logs });
    const sample = await pollUntil("a sample arrives", () => samples()[0]);
    expect(sample.text("postgresql.state")).toBe("idle in transaction");
    const [own] = await server.query<{ sessions: number }>(
      `SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE application_name = 'dbintel'`,
    );
    expect(own?.sessions).toBe(1);
    await session.end();
  });

  it("is not held up by a locked catalog, and says so", async () => {
    await start();
    await nextReading();
    const holder = await server.connect();
    await holder.query("BEGIN");
    await holder.query("LOCK TABLE pg_catalog.pg_stat_database IN ACCESS EXCLUSIVE MODE");
    const state = () => host.statuses.at(-1);
    await pollUntil("the lock is reported", () => (state()?.state === "recoverable_error" ? true : undefined));
    expect(state()).toMatchObject({ message: expect.stringContaining("lock timeout") });
    const waiting = await holder.query(
      "SELECT FROM pg_stat_activity WHERE application_name = 'dbintel' AND wait_event_type = 'Lock' AND state_change < clock_timestamp() - interval '5 s'",
    );
    expect(waiting.rowCount).toBe(0);
    await holder.query("ROLLBACK");
    await holder.end();
    await pollUntil("it is over", () => (state()?.state === "ok" ? true : undefined));
  });

  it("does not pile up behind a table that is locked for a minute, and tells all of it afterwards", async () => {
    const events = { ...withoutVisits.events, "db.schema": { enabled: true } };
    await start({ events, object_collection: { collection_interval: "10s" } });
    await nextReading();
    const [busy, holder] = [await server.connect(), await server.connect()];
    const [begunMs, begun] = [host.clock.monotonicMs(), readings()];
    await holder.query("BEGIN; LOCK TABLE counted IN ACCESS EXCLUSIVE MODE");
    let most = 0;
    let waited = 0;
    while (host.clock.monotonicMs() - begunMs < 60_000 || readings() < begun + 3) {
      await host.clock.advance(1000);
      const [own] = await busy
        .query(
          `SELECT count(*)::int AS sessions, coalesce(max(extract(epoch FROM clock_timestamp() - query_start))
                    FILTER (WHERE wait_event_type = 'Lock'), 0)::float8 AS waited
             FROM pg_stat_activity WHERE application_name = 'dbintel'`,
        )
        .then(({ rows }) => rows as { sessions: number; waited: number }[]);
      most = Math.max(most, own?.sessions ?? 0);
      waited = Math.max(waited, own?.waited ?? 0);
    }
    // Two that last, and a short one.
    expect(most).toBeLessThanOrEqual(3);
    expect(waited).toBeLessThan(5);
    await holder.query("ROLLBACK");
    for (let times = 0; times < 7; times++) await busy.query("SELECT a, a FROM counted");
    await Promise.all([busy.end(), holder.end()]);
    const calls = () =>
      eventsOf(logs.batches)
        .filter((event) => event.text("db.query.text").endsWith("a, a FROM counted"))
        .reduce((sum, event) => sum + event.number("postgresql.calls"), 0);
    await pollUntil("what is run afterwards is told", () => (calls() >= 7 ? true : undefined));
    expect(calls()).toBe(7);
  });

  it("gives up a session that has gone silent, and opens another", async () => {
    await start({ timeout: "30s" });
    await bothSessions();
    const silent = await server.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'dbintel'",
    );
    expect(silent).toHaveLength(2);
    for (const { pid } of silent) process.kill(pid, "SIGSTOP");
    try {
      await pollUntil("the silence is reported", () =>
        host.lines.find((line) => line.message.endsWith(": the poll took longer than 30 s")),
      );
      await nextReading();
    } finally {
      for (const { pid } of silent) process.kill(pid, "SIGCONT");
    }
    await pollUntil("all is well", () => (host.statuses.at(-1)?.state === "ok" ? true : undefined));
  }, 200_000);

  it("asks only for what is wired", async () => {
    await start({}, { metrics });
    await pollUntil("metrics arrive", () => metrics.batches[0]);
    await host.clock.advance(60_000);
    await pollUntil("more arrive", () => (metrics.batches.length > 3 ? true : undefined));
    expect(readings()).toBe(0);
  });

  it("says what of its configuration has no effect", async () => {
    await start({ connection_pool: { max_open: 5 }, metrics: { "postgresql.vector.search.calls": { enabled: true } } });
    expect(host.lines.map((line) => line.message)).toEqual([
      "connection_pool is accepted for compatibility and has no effect",
      "metrics.postgresql.vector.search.calls is accepted for compatibility and has no effect",
    ]);
  });

  it("says which file of its TLS settings cannot be read, and goes on when it is there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "dbintel-receiver-"));
    const ca_file = join(folder, "ca.pem");
    await start({ tls: { ca_file } }, { metrics });
    await pollUntil("it is reported", () => host.statuses.find(({ state }) => state !== "ok"));
    expect(host.statuses.at(-1)).toMatchObject({ message: expect.stringContaining(`cannot read ${ca_file}`) });
    await writeFile(ca_file, "");
    await pollUntil("it goes on", () => host.lines.find(({ message }) => message.includes("does not offer TLS")));
    await rm(folder, { recursive: true });
  });

  it("stops in the middle of a poll, and starting twice is starting once", async () => {
    const component = await start();
    await component.start({ signal: never });
    await host.clock.advance(2000);
    await component.stop({ signal: AbortSignal.abort() });
    await component.stop({ signal: never });
    expect(host.clock.pendingTimers).toBe(0);
    expect(component.held?.("logs")).toBe(0);
  });
});
