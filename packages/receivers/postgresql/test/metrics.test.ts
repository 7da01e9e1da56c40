import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { createTestHost, eventsOf, pointsOf, type SeenPoint } from "@dbintel/pipeline/testing";
import { type StatementGuard, StatementGuards } from "@dbintel/watching";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { AdviceErrand } from "../src/advice/advice-errand.ts";
import { MissingIndexErrand } from "../src/advice/missing-index-errand.ts";
import { KnownServer } from "../src/connection/capabilities.ts";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { watchedDatabase } from "../src/connection/problems.ts";
import { metricDefinitions } from "../src/metrics/metric-catalogue.ts";
import { MetricPoll, type MetricPollOptions } from "../src/metrics/metric-poll.ts";
import { bloatErrand } from "../src/objects/bloat.ts";
import { KnownScans } from "../src/plans/known-scans.ts";
import { instanceResource } from "../src/resource.ts";
import { SchemaErrand } from "../src/schema/schema-errand.ts";
import { objects, visitDatabases } from "./visiting.ts";
import { calm, never, settingsOf } from "./watch.ts";

for (const major of [13, 14, 15, 16, 17, 18]) {
  describePostgres(major, "metrics", () => {
    let server: PostgresServer;
    let connection: DatabaseConnection;

    beforeAll(async () => {
      // Its workers would be counted among the transactions, blocks and sessions that are compared here.
      server = await startPostgres({ major, settings: { autovacuum: false } });
      await server.query("CREATE DATABASE app");
      await server.query("CREATE ROLE otel LOGIN PASSWORD 'otel-password' IN ROLE pg_monitor");
    });

    afterAll(() => server.stop());

    beforeEach(() => {
      connection = new DatabaseConnection(
        settingsOf(server, { username: "otel", password: "otel-password" }),
        "postgres",
      );
    });

    afterEach(() => connection.close());

    function watch(options: Partial<MetricPollOptions> = {}) {
      const host = createTestHost();
      const context = { endpoint: "test:5432", username: "otel", database: "postgres" };
      const guards = new StatementGuards({ host, watched: watchedDatabase(context), source: connection });
      const metrics = new MetricPoll({
        host,
        server: new KnownServer(connection, context.endpoint),
        resource: instanceResource({ host: server.host, port: server.port, enabled: () => true }),
        context,
        enabled: () => true,
        enabledLabel: () => true,
        reportsDatabase: () => true,
        ...options,
      });
      const pollWith = (guard: StatementGuard) => metrics.poll({ signal: never, guard });
      const poll = () => pollWith(guards.forPoll(calm));
      const points = async () => pointsOf((await poll()).batches);
      return { host, poll, pollWith, points };
    }

    function one(
      points: readonly SeenPoint[],
      name: string,
      attributes: Record<string, string> = {},
    ): SeenPoint | undefined {
      return points.find(
        (point) =>
          point.name === name &&
          Object.entries(attributes).every(([attribute, value]) => point.attributes.get(attribute) === value),
      );
    }

    it("equal what the server says when it is asked by another way", async () => {
      const session = await server.connect({ database: "app" });
      await session.query("CREATE TABLE IF NOT EXISTS t (a int)");
      await session.query("INSERT INTO t SELECT generate_series(1, 1000)");
      for (let index = 0; index < 3; index++) {
        await session.query("BEGIN");
        await session.query("ROLLBACK");
      }
      await session.end();
      // The statistics of a session are added when it ends: wait until the server shows them, then until they rest.
      const truth = await eventually("the statistics are there", async () => {
        const [row] = await server.query<Record<string, string>>(
          `SELECT xact_commit, xact_rollback, tup_inserted, blks_hit,
                  (extract(epoch FROM coalesce(stats_reset, pg_postmaster_start_time())) * 1000000)::int8 AS start
             FROM pg_stat_database WHERE datname = 'app'`,
        );
        return Number(row?.tup_inserted) >= 1000 && Number(row?.xact_rollback) >= 3 ? row : undefined;
      });
      const points = await watch().points();
      const app = { "db.namespace": "app", "postgresql.database.name": "app" };
      expect(one(points, "postgresql.commits", app)).toMatchObject({
        value: BigInt(truth.xact_commit ?? 0),
        unit: "1",
        type: "sum",
        monotonic: true,
        temporality: "cumulative",
        startTimeUnixNano: BigInt(truth.start ?? 0) * 1000n,
      });
      expect(one(points, "postgresql.rollbacks", app)?.value).toBe(BigInt(truth.xact_rollback ?? 0));
      expect(one(points, "postgresql.tup_inserted", app)?.value).toBe(BigInt(truth.tup_inserted ?? 0));
      expect(one(points, "postgresql.blks_hit", app)?.value).toBe(BigInt(truth.blks_hit ?? 0));
      const [size] = await server.query<{ size: string }>("SELECT pg_database_size('app') AS size");
      expect(one(points, "postgresql.db_size", app)).toMatchObject({
        value: BigInt(size?.size ?? 0),
        unit: "By",
        monotonic: false,
      });
      expect(one(points, "postgresql.connection.max")).toMatchObject({ value: 50n, type: "gauge" });
      expect(one(points, "postgresql.database.count")?.value).toBe(2n);
      expect(points.some((point) => String(point.attributes.get("db.namespace")).startsWith("template"))).toBe(false);
    });

    it("tell who writes buffers and why checkpoints come", async () => {
      const before = await watch().points();
      await server.query("CHECKPOINT");
      const checkpoints = (points: readonly SeenPoint[]) =>
        one(points, "postgresql.bgwriter.checkpoint.count", { type: "requested" })?.value as bigint;
      const after = await eventually("the checkpoint is counted", async () => {
        const points = await watch().points();
        return checkpoints(points) > checkpoints(before) ? points : undefined;
      });
      expect(checkpoints(after)).toBe(checkpoints(before) + 1n);
      const sources = after
        .filter((point) => point.name === "postgresql.bgwriter.buffers.writes")
        .map((point) => point.attributes.get("source"));
      expect(sources).toEqual(
        major < 17 ? ["checkpoints", "bgwriter", "backend", "backend_fsync"] : ["checkpoints", "bgwriter"],
      );
      expect(one(after, "postgresql.bgwriter.duration", { type: "write" })).toMatchObject({ unit: "ms" });
    });

    it("show a session that waits for a lock, and the locks", async () => {
      await server.query("CREATE TABLE IF NOT EXISTS fought_over ()");
      const holder = await server.connect();
      await holder.query("BEGIN");
      await holder.query("LOCK TABLE fought_over IN ACCESS EXCLUSIVE MODE");
      const waiter = await server.connect();
      const waiting = waiter.query("SELECT FROM fought_over");
      const points = await eventually("somebody waits", async () => {
        const seen = await watch().points();
        return one(seen, "dbintel.postgresql.sessions", { wait_event_type: "Lock" }) ? seen : undefined;
      });
      expect(one(points, "dbintel.postgresql.sessions", { wait_event_type: "Lock" })).toMatchObject({ value: 1n });
      expect(one(points, "dbintel.postgresql.sessions", { state: "idle in transaction" })?.value).toBe(1n);
      expect(
        one(points, "postgresql.database.locks", { mode: "AccessExclusiveLock", lock_type: "relation" })?.value,
      ).toBeGreaterThanOrEqual(1n);
      await holder.query("COMMIT");
      await waiting;
      await holder.end();
      await waiter.end();
    });

    it("are asked for only where one of them is sent", async () => {
      const only = watch({ enabled: ({ name }) => name === "postgresql.commits" });
      const names = new Set((await only.points()).map((point) => point.name));
      expect([...names]).toEqual(["postgresql.commits"]);
    });

    it("leave out databases and attributes that are not wanted", async () => {
      const points = await watch({
        reportsDatabase: (name) => name === "app",
        enabledLabel: (name) => name !== "postgresql.database.name",
      }).points();
      const databases = points.filter((point) => point.name === "postgresql.commits");
      expect(databases.map((point) => [...point.attributes])).toEqual([[["db.namespace", "app"]]]);
      expect(one(points, "postgresql.connection.max")?.value).toBe(50n);
    });

    it("have the names, units and types that the catalogue says", async () => {
      for (const point of await watch().points()) {
        const definition = metricDefinitions.find(({ name }) => name === point.name);
        expect(definition).toMatchObject({ unit: point.unit });
        expect(point.type).toBe(definition?.type === "gauge" ? "gauge" : "sum");
        expect(point.monotonic).toBe(definition?.type === "counter");
        expect(typeof point.value).toBe(definition?.number === "int" ? "bigint" : "number");
        expect(point.timeUnixNano).toBeGreaterThan(point.startTimeUnixNano);
      }
    });

    it("and events of what is inside the databases are found, too", async () => {
      await server.query(
        "CREATE TABLE IF NOT EXISTS inside (id int PRIMARY KEY, n text DEFAULT 'x' CHECK (n <> ''))",
        [],
        {
          database: "app",
        },
      );
      const host = createTestHost();
      const scans = new KnownScans(host.clock);
      scans.learn({ ...scanning, database: "app" });
      const limits = { intervalMs: 60_000, maxTables: 10, maxIndexes: 10 };
      const bloat = bloatErrand({ ...limits, enabled: () => true, enabledLabel: () => true });
      const databases = visitDatabases(server, {
        host,
        user: { username: "otel", password: "otel-password" },
        errands: [
          objects(),
          ...(bloat === undefined ? [] : [bloat]),
          new SchemaErrand({ host, intervalMs: 60_000, limit: 100 }),
          new AdviceErrand({ host, intervalMs: 60_000, endpoint: "test:5432", scans, unusedAfterDays: 0 }),
          new MissingIndexErrand({ host, intervalMs: 60_000, endpoint: "test:5432", scans }),
        ],
      });
      const { batches, problems } = await databases.round();
      await databases.close();
      expect(problems).toEqual([]);
      const points = pointsOf(batches);
      const inside = { "db.namespace": "app", "postgresql.table.name": "public.inside" };
      expect(one(points, "postgresql.operations", { ...inside, operation: "ins" })).toMatchObject({ value: 0n });
      expect(one(points, "postgresql.index.scans", inside)).toMatchObject({ value: 0n });
      for (const point of points.filter(({ name }) => !name.startsWith("dbintel.postgresql.visit."))) {
        const definition = metricDefinitions.find(({ name }) => name === point.name);
        expect(point).toMatchObject({ unit: definition?.unit, monotonic: definition?.type === "counter" });
      }
      const schemas = eventsOf(batches).filter((event) => event.attributes.has("dbintel.schema.change"));
      expect(schemas.map((event) => event.text("db.namespace"))).toContain("app");
    });

    it("are not asked for one by one where a server has nothing to tell", async () => {
      const asked: string[] = [];
      const guard: StatementGuard = {
        strained: false,
        ask({ collectorClass, work }) {
          asked.push(collectorClass);
          return work();
        },
      };
      const { problems } = await watch().pollWith(guard);
      expect(problems).toEqual([]);
      expect(asked[0]).toBe("overview");
      expect(asked).toContain("pg_stat_database");
      for (const rare of ["replicas", "pg_replication_slots", "pg_stat_subscription", "pg_stat_archiver"]) {
        expect(asked).not.toContain(rare);
      }
    });

    it("go on when one query fails, which is told with a way out", async () => {
      const holder = await server.connect();
      await holder.query("BEGIN");
      await holder.query("LOCK TABLE pg_catalog.pg_stat_archiver IN ACCESS EXCLUSIVE MODE");
      const result = await watch().poll();
      await holder.query("ROLLBACK");
      await holder.end();
      expect(result.problems?.map(({ code, retryable }) => [code, retryable])).toEqual([["DBI_TIMEOUT", true]]);
      // Not by the limit of all statements, which is much longer.
      expect(result.problems?.[0]?.message).toContain("lock timeout");
      expect(one(pointsOf(result.batches), "postgresql.commits", { "db.namespace": "app" })).toBeDefined();
    });
  });
}

/** A statement that reads a table from end to end. */
const scanning = {
  ...{ queryId: "1", userId: 10, role: undefined, query: undefined, meanMs: 1 },
  plan: `[{"Plan": {"Node Type": "Seq Scan", "Relation Name": "inside", "Plan Rows": 1, "Filter": "(id = 1)"}}]`,
};
