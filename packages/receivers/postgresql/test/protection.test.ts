import { eventually } from "@dbintel/e2e/condition";
import { freePort, type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { feedback, noSavings } from "@dbintel/feedback";
import { breakers, defaultBreakerSettings } from "@dbintel/guard";
import { createTestHost, type TestHost } from "@dbintel/pipeline/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { postgresql } from "../src/index.ts";
import { MetricPoll } from "../src/metrics/metric-poll.ts";
import { guardedPoll } from "../src/protection/guarded-poll.ts";
import { instanceResource } from "../src/resource.ts";
import { eventsOf, never, pointsOf, settingsOf, watchStatements } from "./watch.ts";

const { failureThreshold, maxOpenMs } = defaultBreakerSettings;
const minuteMs = 60_000;

describePostgres(18, "what protects a server", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  /** Polls of metrics as the receiver makes them; one call a poll. */
  function watchMetrics() {
    const host = createTestHost();
    const connection = new DatabaseConnection(settingsOf(server), "postgres");
    const context = { endpoint: `${server.host}:${server.port}`, username: server.superuser, database: "postgres" };
    const poll = new MetricPoll({
      host,
      connection,
      context,
      resource: instanceResource({ host: server.host, port: server.port, enabled: () => true }),
      enabled: ({ enabled }) => enabled,
      enabledLabel: () => true,
      reportsDatabase: () => true,
    });
    const guarded = guardedPoll({ host, context, collectorClass: "metrics", cheapest: true, source: connection, poll });
    return {
      host,
      guarded: () => host.shared(breakers).database(context.endpoint, context.database),
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
    expect(watch.guarded().whole.state).toBe("closed");
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
