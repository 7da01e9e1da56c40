import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { createTestHost, pointsOf, type SeenPoint } from "@dbintel/pipeline/testing";
import { StatementGuards } from "@dbintel/watching";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdviceErrand } from "../src/advice/advice-errand.ts";
import { KnownServer } from "../src/connection/capabilities.ts";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { watchedDatabase } from "../src/connection/problems.ts";
import { MetricPoll } from "../src/metrics/metric-poll.ts";
import { KnownScans } from "../src/plans/known-scans.ts";
import { instanceResource } from "../src/resource.ts";
import { SchemaErrand } from "../src/schema/schema-errand.ts";
import { startStandby } from "./standby.ts";
import { objects, visitDatabases } from "./visiting.ts";
import { calm, never, settingsOf } from "./watch.ts";

describe("metrics of what a server writes, keeps and holds back", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({
      settings: {
        wal_level: "logical",
        max_prepared_transactions: 5,
        archive_mode: true,
        archive_command: "false",
        autovacuum: false,
      },
    });
    await server.query("CREATE TABLE t (a int)");
  });

  afterAll(() => server.stop());

  async function look(of: PostgresServer = server): Promise<readonly SeenPoint[]> {
    const host = createTestHost();
    const context = { endpoint: "test:5432", username: of.superuser, database: "postgres" };
    const connection = new DatabaseConnection(settingsOf(of), "postgres");
    const guards = new StatementGuards({ host, watched: watchedDatabase(context), source: connection });
    const poll = new MetricPoll({
      ...{ host, context, server: new KnownServer(connection, context.endpoint) },
      resource: instanceResource({ host: of.host, port: of.port, enabled: () => true }),
      ...{ enabled: () => true, enabledLabel: () => true, reportsDatabase: () => true },
    });
    const { batches, problems } = await poll.poll({ signal: never, guard: guards.forPoll(calm) });
    await connection.close();
    expect(problems).toEqual([]);
    return pointsOf(batches);
  }

  function value(points: readonly SeenPoint[], name: string, attributes: Record<string, string> = {}) {
    const found = points.filter(
      (point) =>
        point.name === `dbintel.postgresql.${name}` &&
        Object.entries(attributes).every(([key, text]) => point.attributes.get(key) === text),
    );
    expect(found.length).toBeLessThan(2);
    return found[0]?.value;
  }

  it("tell how much WAL a slot keeps that nobody reads", async () => {
    await server.query("SELECT pg_create_physical_replication_slot('forgotten', true)");
    await server.query("SELECT pg_create_logical_replication_slot('decoded', 'test_decoding')");
    const before = await look();
    await server.query("INSERT INTO t SELECT generate_series(1, 20000)");
    const after = await look();
    const kept = (points: readonly SeenPoint[]) =>
      value(points, "replication_slot.retained", { slot: "forgotten" }) as bigint;
    expect(kept(after) - kept(before)).toBeGreaterThan(1_000_000n);
    expect(value(after, "replication_slot.active", { slot: "forgotten" })).toBe(0n);
    expect(value(after, "replication_slot.invalid", { slot: "forgotten" })).toBe(0n);
    expect(value(after, "replication_slot.inactive.time", { slot: "forgotten" })).toBeGreaterThan(0);
    expect(value(after, "replication_slot.unconfirmed", { slot: "decoded", "db.namespace": "postgres" })).toBeDefined();
    expect(value(after, "xmin_horizon.age", { holder: "replication_slot", "holder.name": "decoded" })).toBeDefined();
    const written = (points: readonly SeenPoint[]) => value(points, "wal.written") as bigint;
    await eventually("the WAL is counted", async () =>
      written(await look()) - written(before) > 1_000_000n ? true : undefined,
    );
    for (const slot of ["forgotten", "decoded"]) await server.query("SELECT pg_drop_replication_slot($1)", [slot]);
  });

  it("tell who holds back the removal of dead rows", async () => {
    await server.query("BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'left behind'");
    for (let round = 0; round < 5; round++) await server.query("INSERT INTO t VALUES (2)");
    const points = await look();
    const holder = { holder: "prepared_transaction", "holder.name": "left behind" };
    expect(value(points, "xmin_horizon.age", holder)).toBe(6n);
    expect(value(points, "prepared_transactions", { "db.namespace": "postgres" })).toBe(1n);
    expect(value(points, "prepared_transactions.age", { "db.namespace": "postgres" })).toBeGreaterThan(0);
    await server.query("ROLLBACK PREPARED 'left behind'");
    const [truth] = await server.query<{ age: string }>(
      "SELECT age(datfrozenxid) FROM pg_database WHERE datname = 'postgres'",
    );
    const later = await look();
    const age = value(later, "database.xid.age", { "db.namespace": "postgres" }) as bigint;
    expect(age).toBe(BigInt(truth?.age ?? -1));
    // 2^31 less the 3 million at which PostgreSQL 14 and later refuse to write.
    expect(value(later, "database.xid.remaining", { "db.namespace": "postgres" })).toBe(2_144_483_647n - age);
    expect(value(later, "database.freeze.need", { "db.namespace": "postgres" })).toBeCloseTo(Number(age) / 2e8, 9);
  });

  it("tell that archiving fails, and since when", async () => {
    await server.query("SELECT pg_switch_wal()");
    const points = await eventually("archiving has failed", async () => {
      const now = await look();
      return (value(now, "archiver.files", { outcome: "failed" }) as bigint) > 0n ? now : undefined;
    });
    expect(value(points, "archiver.failing.time")).toBeGreaterThan(0);
    expect(value(points, "archiver.files", { outcome: "archived" })).toBe(0n);
    expect(Number(value(points, "wal.files"))).toBeGreaterThan(0);
    expect(value(points, "wal.size")).toBeGreaterThan(0n);
  });

  it("count what is read and written, and leave out what never happened", async () => {
    const points = await look();
    const client = { backend_type: "client backend", object: "relation", context: "normal" };
    expect(value(points, "io.operations", { ...client, operation: "hit" })).toBeGreaterThan(0n);
    expect(value(points, "io.size", { ...client, operation: "extend" })).toBeGreaterThan(8000n);
    const io = points.filter(({ name }) => name.startsWith("dbintel.postgresql.io."));
    expect(io.every((point) => Number(point.value) > 0)).toBe(true);
    expect(value(points, "slru.blocks", { slru: "transaction", operation: "hit" })).toBeGreaterThan(0n);
    expect(value(points, "standby")).toBe(0n);
  });

  it("are told by a standby and of it, and what is inside its databases", async () => {
    await using standby = await startStandby(server, { max_prepared_transactions: 5 });
    await server.query("INSERT INTO t SELECT generate_series(1, 1000)");
    const behind = (points: readonly SeenPoint[], stage: string) =>
      value(points, "replication.lag", { stage, state: "streaming" });
    await eventually("the standby has caught up", async () =>
      behind(await look(), "replay") === 0n ? true : undefined,
    );
    await standby.query("SELECT pg_wal_replay_pause()");
    await server.query("INSERT INTO t SELECT generate_series(1, 1000)");
    await eventually("the standby has received what it does not replay", async () => {
      const points = await look();
      return behind(points, "flush") === 0n && (behind(points, "replay") as bigint) > 50_000n ? true : undefined;
    });
    const points = await look(standby);
    expect(value(points, "standby")).toBe(1n);
    expect(value(points, "standby.receiving")).toBe(1n);
    expect(value(points, "standby.replay.paused")).toBe(1n);
    expect(value(points, "standby.replay.waiting")).toBeGreaterThan(50_000n);
    expect(value(points, "standby.replay.lag")).toBeGreaterThan(0);
    const host = createTestHost();
    const errands = [
      objects(),
      new SchemaErrand({ host, intervalMs: 60_000, limit: 10 }),
      new AdviceErrand({ host, intervalMs: 60_000, endpoint: "test:5432", scans: new KnownScans(host.clock) }),
    ];
    const databases = visitDatabases(standby, { host, errands });
    const { problems } = await databases.round();
    await databases.close();
    expect(problems).toEqual([]);
  }, 200_000);
});
