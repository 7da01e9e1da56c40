import { eventually } from "@dbintel/e2e/condition";
import { freePort, type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { feedback, noSavings } from "@dbintel/feedback";
import { type BreakerSettings, breakers, defaultBreakerSettings } from "@dbintel/guard";
import { createTestHost, eventsOf, pointsOf, settle, type TestHost } from "@dbintel/pipeline/testing";
import { guardedPoll, StatementGuards } from "@dbintel/watching";
import { afterAll, beforeAll, expect, it } from "vitest";
import { KnownServer } from "../src/connection/capabilities.ts";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { watchedDatabase } from "../src/connection/problems.ts";
import { postgresql } from "../src/index.ts";
import { MetricPoll, type MetricPollOptions } from "../src/metrics/metric-poll.ts";
import { instanceResource } from "../src/resource.ts";
import { calm, never, settingsOf, watchStatements } from "./watch.ts";

const { failureThreshold, maxOpenMs } = defaultBreakerSettings;
const minuteMs = 60_000;

describePostgres(18, "what protects a server", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  /** Polls of metrics as the receiver makes them; one call a poll. */
  function watchMetrics(options: { readonly enabled?: MetricPollOptions["enabled"] } = {}) {
    const host = createTestHost();
    const connection = new DatabaseConnection({ ...settingsOf(server), statementTimeoutMs: 5000 }, "postgres");
    const context = { endpoint: `${server.host}:${server.port}`, username: server.superuser, database: "postgres" };
    const watched = watchedDatabase(context);
    const poll = new MetricPoll({
      host,
      server: new KnownServer(connection, context.endpoint),
      context,
      resource: instanceResource({ host: server.host, port: server.port, enabled: () => true }),
      enabled: options.enabled ?? (({ enabled }) => enabled),
      enabledLabel: () => true,
      reportsDatabase: () => true,
    });
    const database = () => host.shared(breakers).database(context.endpoint, context.database);
    const guarded = guardedPoll({ host, watched, collectorClass: "metrics", cheapest: true, source: connection, poll });
    return {
      host,
      connection,
      guards: new StatementGuards({ host, watched, source: connection }),
      configure: (settings: BreakerSettings) => host.shared(breakers).configure(context.endpoint, settings),
      database,
      async poll() {
        const { batches, problems } = await guarded({ signal: never });
        return { problems, names: new Set(pointsOf(batches).map(({ name }) => name)) };
      },
      close: () => connection.close(),
    };
  }

  it("stops asking one view that waits for a lock, and goes on with the others", async () => {
    const watch = watchMetrics();
    expect((await watch.poll()).names).toContain("postgresql.bgwriter.maxwritten");
    const holder = await server.connect();
    await holder.query("BEGIN");
    await holder.query("LOCK TABLE pg_stat_bgwriter IN ACCESS EXCLUSIVE MODE");
    for (let failure = 0; failure < failureThreshold; failure++) {
      const { names, problems } = await watch.poll();
      expect(problems?.map(({ message }) => message)).toEqual([expect.stringContaining("lock timeout")]);
      expect(names).toContain("postgresql.backends");
    }
    expect(watch.database().whole.state).toBe("closed");
    await holder.query("ROLLBACK");
    await holder.end();

    // Nobody holds the lock any more, but the view is left alone, and the problem told, until the breaker asks again.
    const { names, problems } = await watch.poll();
    expect(problems).toHaveLength(1);
    expect(names).toContain("postgresql.backends");
    expect(names).not.toContain("postgresql.bgwriter.maxwritten");
    await watch.host.clock.advance(maxOpenMs);
    let polls = 0;
    for (;;) {
      const again = await watch.poll();
      if (again.names.has("postgresql.bgwriter.maxwritten") && again.problems?.length === 0) break;
      expect(++polls).toBeLessThan(10);
    }
    await watch.close();
  });

  it("is not asked for what costs most while a budget wants only what is essential", async () => {
    const watch = watchMetrics({ enabled: () => true });
    const dear = ["postgresql.db_size", "postgresql.database.locks"];
    const holder = await server.connect();
    await holder.query("BEGIN; LOCK TABLE pg_class IN ACCESS SHARE MODE");
    expect([...(await watch.poll()).names]).toEqual(expect.arrayContaining(dear));
    watch.host.shared(feedback).demand("budget", { ...noSavings, essentialsOnly: true });
    const { names } = await watch.poll();
    expect(names).toContain("postgresql.backends");
    for (const name of dear) expect(names).not.toContain(name);
    await holder.end();
    await watch.close();
  });

  it("gives each class of statements the shorter of the configured and the learnt time", async () => {
    const watch = watchMetrics();
    const undo = watch.configure({ ...defaultBreakerSettings, baseTimeoutMs: 2000, maxTimeoutMs: 60_000 });
    const { guards, connection } = watch;
    const guard = guards.forPoll({ ...calm, timeoutMs: 3000 });
    const shown = async () => {
      const [row] = await connection.query("SELECT current_setting('statement_timeout') AS ms", [], never);
      return row?.ms;
    };
    expect(await shown()).toBe("5s");
    expect(await guard.ask({ collectorClass: "counters", cold: false, work: shown })).toBe("2s");
    // Outside of a class the poll's own time holds.
    expect(await shown()).toBe("3s");
    const nap = () => connection.query("SELECT pg_sleep(600)", [], never);
    await expect(guard.ask({ collectorClass: "naps", cold: false, work: nap })).rejects.toMatchObject({
      code: "DBI_TIMEOUT",
    });
    // Once answers have taken long, it waits as long as the configuration lets it.
    const slow = watch.database().admit("naps", false);
    if (slow.admitted) slow.succeed(20_000);
    expect(await guard.ask({ collectorClass: "naps", cold: false, work: shown })).toBe("5s");
    undo();
    await watch.close();
  });

  it("finds the server anew after a failover, on each of its connections", async () => {
    const watch = watchMetrics();
    const session = async () => {
      const result = await watch.poll();
      expect(result.names).toContain("postgresql.backends");
      const [row] = await watch.connection.query("SELECT pg_backend_pid() AS pid", [], never);
      return row?.pid;
    };
    const before = await session();
    expect(await session()).toBe(before);
    const elsewhere = watch.database().admit("statements", false);
    if (elsewhere.admitted) elsewhere.fail("failover");
    const after = await session();
    expect(after).not.toBe(before);
    expect(await session()).toBe(after);
    await watch.close();
  });

  it("has ended a session before another can take its place, unless it has gone silent", async () => {
    const { connection } = watchMetrics();
    const close = async () => {
      await connection.ping(never);
      const pid = connection.processId ?? 0;
      process.kill(pid, "SIGSTOP");
      let closed = false;
      const closing = connection.close().then(() => {
        closed = true;
      });
      // The goodbye is sent meanwhile.
      for (let turn = 0; turn < 50; turn++) await settle();
      expect([connection.open, closed]).toEqual([false, false]);
      return { goOn: () => process.kill(pid, "SIGCONT"), closing };
    };
    const well = await close();
    well.goOn();
    await well.closing;
    expect(await server.query("SELECT FROM pg_stat_activity WHERE application_name = 'dbintel'")).toEqual([]);
    const silent = await close();
    await silent.closing;
    silent.goOn();
  });

  it("is asked for sizes half as often, and told them once, when a budget demands that", async () => {
    const watch = watchMetrics();
    const demand = watch.host.shared(feedback);
    const tellsSizes = async () => (await watch.poll()).names.has("postgresql.db_size");
    expect([await tellsSizes(), await tellsSizes()]).toEqual([true, true]);
    demand.demand("budget", { ...noSavings, coldIntervalFactor: 2, suppressRepeats: true });
    expect(await tellsSizes()).toBe(false);
    await watch.host.clock.advance(9 * minuteMs);
    expect(await tellsSizes()).toBe(false);
    await watch.host.clock.advance(minuteMs);
    expect([await tellsSizes(), await tellsSizes()]).toEqual([true, false]);
    demand.demand("budget", undefined);
    expect(await tellsSizes()).toBe(true);
    await watch.close();
  });

  it("has the text of a statement sent once while a budget demands that", async () => {
    const watch = watchStatements(server);
    const session = await server.connect();
    const texts = async () => {
      await session.query("SELECT 1, 2, 3, 4, 5 AS told_once");
      const events = eventsOf((await watch.poll()).batches);
      return events.map((event) => event.text("db.query.text")).filter((text) => text.endsWith("told_once"));
    };
    await watch.poll();
    const demand = watch.host.shared(feedback);
    demand.demand("budget", { ...noSavings, suppressRepeats: true });
    expect(await texts()).toHaveLength(1);
    expect(await texts()).toHaveLength(0);
    demand.demand("budget", undefined);
    expect(await texts()).toHaveLength(1);
    await session.end();
    await watch.close();
  });
});

it("opens the breaker when its configuration says so", async () => {
  const endpoint = `127.0.0.1:${await freePort()}`;
  const { definition, config } = postgresql({
    ...{ endpoint, username: "otel", password: "secret", tls: { insecure: true }, timeout: "1h" },
    circuit_breaker: { failure_threshold: 1, open_state_timeout: "20s", max_open_state_timeout: "20s" },
  });
  const host = createTestHost();
  const next = { metrics: { consume: async () => {} } };
  const component = definition.create({ id: "postgresql", config, host, next });
  await component.start({ signal: never });
  const state = () => host.lines.find(({ message }) => message === `circuit breaker of ${endpoint}: open`);
  await eventually("the breaker opens", async () => {
    await host.clock.advance(1000);
    return state();
  });
  expect(state()?.fields).toMatchObject({ open_ms: 20_000 });
  expect(host.shared(breakers).database(endpoint, "postgres").whole.consecutiveFailures).toBe(1);
  await component.stop({ signal: never });
});

it("opens the breaker of a server that is away, says so, and still knows it after a restart", async () => {
  const endpoint = `127.0.0.1:${await freePort()}`;
  const start = async (host: TestHost) => {
    const { definition, config } = postgresql({
      ...{ endpoint, username: "otel", password: "secret", tls: { insecure: true } },
      // Deadlines pass on the test's clock, the system refuses connections in real time.
      timeout: "1h",
    });
    const next = { metrics: { consume: async () => {} } };
    const component = definition.create({ id: "postgresql", config, host, next });
    await component.start({ signal: never });
    return component;
  };
  const whole = (host: TestHost) => host.shared(breakers).database(endpoint, "postgres").whole;
  const host = createTestHost();
  const first = await start(host);
  await eventually(
    "the breaker opens and the status says so",
    async () => {
      await host.clock.advance(1000);
      const status = host.statuses.at(-1);
      const hint = status?.state === "recoverable_error" ? status.hint : undefined;
      return hint?.endsWith("polls are held back, circuit breaker: open") ? true : undefined;
    },
    { deadlineMs: 50_000, everyMs: 20 },
  );
  expect(host.lines).toContainEqual({
    level: "info",
    message: `circuit breaker of ${endpoint}: open`,
    fields: expect.objectContaining({ from: "closed", to: "open", cause: "consecutive_failures" }),
  });
  await first.stop({ signal: never });

  const restarted = createTestHost({ storage: host.storage, clock: host.clock });
  const second = await start(restarted);
  expect(whole(restarted).state).toBe("open");
  await second.stop({ signal: never });
});
