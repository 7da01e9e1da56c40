import { Secret } from "@dbintel/config";
import { eventually } from "@dbintel/e2e/condition";
import { type Pgbouncer, type PostgresServer, startPgbouncer, startPostgres } from "@dbintel/e2e/servers";
import { describePgbouncer } from "@dbintel/e2e/servers/vitest";
import { LoginSource } from "@dbintel/instances";
import { createTestHost, pointsOf, type SeenPoint, Sink } from "@dbintel/pipeline/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { postgresql } from "../src/index.ts";
import { PgbouncerConsole } from "../src/pools/pgbouncer-console.ts";
import { poolQueries } from "../src/pools/pool-metrics.ts";
import { PoolPoll } from "../src/pools/pool-poll.ts";
import { instanceResource } from "../src/resource.ts";
import { never } from "./watch.ts";

describePgbouncer("pools", () => {
  let server: PostgresServer;
  let pgbouncer: Pgbouncer;

  beforeAll(async () => {
    server = await startPostgres();
    await server.query("CREATE DATABASE app");
    pgbouncer = await startPgbouncer(server, { databases: ["app"] });
  });

  afterAll(async () => {
    await pgbouncer.stop();
    await server.stop();
  });

  function watch(options: { readonly username?: string; readonly password?: string; readonly port?: number } = {}) {
    const { username = pgbouncer.username, password = pgbouncer.password, port = pgbouncer.port } = options;
    const host = createTestHost();
    const console = new PgbouncerConsole({
      ...{ host: pgbouncer.host, port, username, timeoutMs: 5000 },
      login: new LoginSource({
        clock: host.clock,
        password: { password: new Secret(password), password_ttl: 0 },
        tls: { insecure: true, insecure_skip_verify: false },
      }),
    });
    const context = { endpoint: `${pgbouncer.host}:${port}`, username, database: "pgbouncer" };
    const resource = instanceResource({ host: server.host, port: server.port, enabled: () => true });
    const poll = new PoolPoll({ host, console, resource, context, enabled: () => true });
    return { console, look: () => poll.poll({ signal: never }) };
  }

  function value(points: readonly SeenPoint[], name: string, attributes: Record<string, string>) {
    return points.find(
      (point) =>
        point.name === `dbintel.pgbouncer.${name}` &&
        Object.entries(attributes).every(([key, text]) => point.attributes.get(key) === text),
    )?.value;
  }

  it("tell who has and who waits for a connection, and what was done over them", async () => {
    const app = { "db.namespace": "app" };
    const client = await pgbouncer.connect("app");
    await client.query("SELECT 1");
    await client.query("BEGIN");
    const { console, look } = watch();
    const points = await eventually("the transaction is seen", async () => {
      const { batches, problems = [] } = await look();
      expect(problems).toEqual([]);
      const seen = pointsOf(batches);
      return value(seen, "servers", { ...app, state: "active" }) === 1n ? seen : undefined;
    });
    expect(value(points, "clients", { ...app, state: "active", pool_mode: "transaction" })).toBe(1n);
    expect(value(points, "clients", { ...app, state: "waiting" })).toBe(0n);
    expect(value(points, "wait.max", app)).toBe(0);
    expect(value(points, "connections", app)).toBe(1n);
    expect(value(points, "paused", app)).toBe(0n);
    expect(value(points, "items", { list: "pools" })).toBeGreaterThan(0n);
    expect(points.some((point) => point.attributes.get("db.namespace") === "pgbouncer")).toBe(false);
    await client.query("COMMIT");
    await client.end();
    const after = pointsOf((await look()).batches);
    expect(value(after, "transactions", app)).toBe(2n);
    expect(value(after, "queries", app)).toBe(3n);
    expect(value(after, "io", { ...app, direction: "receive" })).toBeGreaterThan(0n);
    expect(value(after, "time", { ...app, kind: "transaction" })).toBeGreaterThan(0);
    const definitions = poolQueries.flatMap(({ metrics }) => metrics);
    expect(new Set(after.map(({ name }) => name))).toEqual(new Set(definitions.map(({ name }) => name)));
    await console.close();
  });

  it("are a problem with a way out where the user may not look at them, and when nobody is there", async () => {
    const guest = watch({ username: "guest", password: "guest" });
    const refused = await guest.look();
    await guest.console.close();
    expect(refused.problems).toMatchObject([
      { code: "DBI_DATABASE_PERMISSION", hint: expect.stringContaining("stats_users = guest") },
    ]);
    const nobody = watch({ port: 1 });
    expect((await nobody.look()).problems).toMatchObject([{ code: "DBI_DATABASE_UNREACHABLE", retryable: true }]);
  });

  it("are reported by the receiver, which goes on when PgBouncer is gone", async () => {
    const host = createTestHost();
    const metrics = new Sink<"metrics">();
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
      object_collection: { enabled: false },
      pgbouncer: { endpoint: `${pgbouncer.host}:${pgbouncer.port}` },
    });
    const component = definition.create({ id: "postgresql", config, host, next: { metrics } });
    await component.start({ signal: never });
    const until = (what: string, done: () => boolean) => {
      const probe = async () => {
        await host.clock.advance(1000);
        return done() ? true : undefined;
      };
      return eventually(what, probe, { deadlineMs: 50_000 });
    };
    const counted = (name: string) => pointsOf(metrics.batches).filter((point) => point.name === name).length;
    await until("pools are reported", () => counted("dbintel.pgbouncer.items") > 0);
    await pgbouncer.stop();
    await until("its absence is told", () => host.statuses.at(-1)?.state === "recoverable_error");
    const before = counted("postgresql.connection.max");
    await until("the server is still polled", () => counted("postgresql.connection.max") > before + 1);
    await component.stop({ signal: never });
  });
});
