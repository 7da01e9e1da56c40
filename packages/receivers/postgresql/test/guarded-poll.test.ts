import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { breakers, defaultBreakerSettings } from "@dbintel/guard";
import type { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { watchStatements } from "./watch.ts";

const monitor = { username: "monitor", password: "monitor" };
const application = { user: "application", password: "application" };
const [connections, reserved] = [8, 3];
const { failureThreshold, maxOpenMs } = defaultBreakerSettings;

describePostgres(18, "a database without a free connection", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({
      settings: { max_connections: connections, superuser_reserved_connections: reserved },
    });
    await server.query(`CREATE ROLE ${monitor.username} LOGIN PASSWORD '${monitor.password}' IN ROLE pg_monitor`);
    await server.query(`CREATE ROLE ${application.user} LOGIN PASSWORD '${application.password}'`);
  });
  afterAll(() => server.stop());

  it("has no problem while it comes back and nothing has failed", async () => {
    const watch = watchStatements(server, { user: monitor });
    watch.host.shared(breakers).database(`${server.host}:${server.port}`, "postgres").trip();
    expect((await watch.pollGuarded()).problems).toHaveLength(1);
    await watch.host.clock.advance(maxOpenMs);
    expect(await watch.pollGuarded()).toEqual({ batches: [], heldBack: true });
    await watch.close();
  });

  /** How often the server turned somebody away. */
  async function refusals(): Promise<number> {
    return (await server.log()).split("connection slots").length - 1;
  }

  /** All that are not kept for superusers; one may still be that of a session that has just ended. */
  async function takeAllConnections(): Promise<Client[]> {
    const taken: Client[] = [];
    await eventually("all connections are taken", async () => {
      try {
        for (;;) taken.push(await server.connect({ ...application, database: "postgres" }));
      } catch {
        return taken.length === connections - reserved ? true : undefined;
      }
    });
    return taken;
  }

  it("is left alone while the breaker is open, then asked with SELECT 1 before anything else", async () => {
    const watch = watchStatements(server, { user: monitor });
    const guarded = watch.host.shared(breakers).database(`${server.host}:${server.port}`, "postgres");
    const taken = await takeAllConnections();
    try {
      const before = await refusals();
      for (let failure = 0; failure < failureThreshold; failure++) {
        await expect(watch.pollGuarded()).rejects.toThrow(/connection/i);
      }
      expect(guarded.whole.state).toBe("open");
      expect(guarded.intervalFactor).toBeGreaterThan(1);
      const turnedAway = await refusals();
      expect(turnedAway).toBeGreaterThanOrEqual(before + failureThreshold);

      // However often it is polled, the database hears nothing more, and nothing is lost or made up.
      for (let times = 0; times < 100; times++) {
        const held = await watch.pollGuarded();
        expect(held.batches).toEqual([]);
        expect(held.problems).toHaveLength(1);
      }
      expect(await refusals()).toBe(turnedAway);
    } finally {
      for (const client of taken) await client.end();
    }

    await watch.host.clock.advance(maxOpenMs);
    const probe = await watch.pollGuarded();
    expect(probe.batches).toEqual([]);
    const seen = await server.query<{ query: string }>(
      `SELECT query FROM pg_stat_activity WHERE usename = '${monitor.username}'`,
    );
    expect(seen.map(({ query }) => query)).toEqual([expect.stringMatching(/^SELECT \/\* dbintel \*\/ 1$/)]);

    // The slow start of the database as a whole, then of the class: a bounded number of polls, and all is as before.
    let polls = 0;
    while (guarded.whole.state !== "closed") {
      await watch.pollGuarded();
      expect(++polls).toBeLessThan(20);
    }
    while ((await watch.pollGuarded()).batches.length === 0) expect(++polls).toBeLessThan(20);
    await watch.close();
  });
});
