import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { feedback, noSavings } from "@dbintel/feedback";
import { createTestHost, pointsOf, type SeenPoint } from "@dbintel/pipeline/testing";
import { fingerprintSql } from "@dbintel/sql";
import { ActiveSessionPoll } from "@dbintel/watching";
import type { Client } from "pg";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { PostgresqlSessionSampler } from "../src/activity/session-sampler.ts";
import { KnownServer } from "../src/connection/capabilities.ts";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { instanceResource } from "../src/resource.ts";
import { never, settingsOf } from "./watch.ts";

const sleep = "SELECT pg_sleep(86400)";
const compute = "DO 'BEGIN LOOP END LOOP; END'";
const lock = "SELECT pg_advisory_lock(7)";

for (const major of [13, 18]) {
  describePostgres(major, "active sessions", () => {
    let server: PostgresServer;
    const closing: (() => Promise<void>)[] = [];

    beforeAll(async () => {
      server = await startPostgres({
        major,
        // Who waits for a lock looks for a deadlock after this, and is seen to compute or to wait for that meanwhile.
        settings: { max_connections: 130, autovacuum: false, deadlock_timeout: "1h" },
      });
      await server.query("CREATE DATABASE shop");
      await server.query("CREATE ROLE stranger LOGIN PASSWORD 'stranger'");
    });
    afterAll(() => server.stop());
    afterEach(async () => {
      for (const close of closing.splice(0)) await close();
      await server.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
      );
      await eventually("all sessions have ended", async () => {
        const left = await server.query(
          "SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
        );
        return left.length === 0 ? true : undefined;
      });
    });

    function watch(
      options: {
        readonly limit?: number;
        readonly mostShare?: number;
        readonly intervalMs?: number;
        readonly reportMs?: number;
        readonly user?: { readonly username: string; readonly password: string };
      } = {},
    ) {
      const host = createTestHost();
      const endpoint = `${server.host}:${server.port}`;
      const settings = settingsOf(server, options.user);
      const connection = new DatabaseConnection(settings, "postgres");
      const sampler = new PostgresqlSessionSampler({
        host,
        server: new KnownServer(connection, endpoint),
        resource: instanceResource({ host: server.host, port: server.port, enabled: () => true }),
        context: { endpoint, username: settings.username, database: "postgres" },
        reportsDatabase: () => true,
      });
      const poll = new ActiveSessionPoll({
        ...{ host, sampler, intervalMs: options.intervalMs ?? 1000 },
        // By default each sample after the first brings a report of all since the last commit, whatever a sample takes.
        ...{ reportMs: options.reportMs ?? 0, mostShare: options.mostShare ?? 1000, limit: options.limit ?? 100 },
      });
      closing.push(() => connection.close());
      return { host, poll, peek: () => poll.poll({ signal: never }) };
    }

    async function open(count: number, database = "postgres"): Promise<readonly Client[]> {
      const clients = Array.from({ length: count }, () => server.connect({ database }));
      return Promise.all(clients);
    }

    /** Starts a statement in each session, and waits until all are under way. */
    async function start(clients: readonly Client[], sql: string, shown: string): Promise<void> {
      // They are ended by force.
      for (const client of clients) client.query(sql).catch(() => {});
      await eventually(`${clients.length} sessions are at ${sql}`, async () => {
        const rows = await server.query("SELECT FROM pg_stat_activity WHERE state = 'active' AND query = $1", [sql]);
        const there = await server.query(`SELECT FROM pg_stat_activity WHERE query = $1 AND ${shown}`, [sql]);
        return rows.length === clients.length && there.length === clients.length ? true : undefined;
      });
    }

    /** By statement and event, of the metric `name`. */
    function averages(points: readonly SeenPoint[], name = "db.active_sessions"): ReadonlyMap<string, number> {
      const found = points.filter((point) => point.name === name);
      const label = ({ attributes }: SeenPoint) =>
        ["db.namespace", "db.query.id", "db.query.fingerprint", "db.wait.event"]
          .map((attribute) => attributes.get(attribute))
          .filter((value) => value !== undefined)
          .join(" ");
      return new Map(found.map((point) => [label(point), Number(point.value)]));
    }

    async function queryOf(sql: string): Promise<string> {
      const id = major < 14 ? "NULL" : "query_id";
      const [row] = await server.query<{ id: string | null }>(
        `SELECT ${id}::text AS id FROM pg_stat_activity WHERE query = $1`,
        [sql],
      );
      return row?.id ?? fingerprintSql(sql, "postgresql");
    }

    it("are those that the server counts, of a hundred: by statement and wait, not those that are idle", async () => {
      const [holder] = await open(1);
      await holder?.query(lock);
      await open(14, "shop");
      for (const client of await open(10)) await client.query("BEGIN");
      await start(await open(40), sleep, "wait_event = 'PgSleep'");
      await start(await open(30), lock, "wait_event_type = 'Lock'");
      await start(await open(5, "shop"), sleep.replace("SELECT", "SELECT 1,"), "wait_event = 'PgSleep'");
      await start(await open(1), compute, "wait_event IS NULL");
      const { peek } = watch();
      for (let sample = 0; sample < 10; sample++) await peek();
      const { batches } = await peek();
      const points = pointsOf(batches);
      const found = averages(points);
      const expected = [
        ["postgres", sleep, "PgSleep", 40],
        ["postgres", lock, "advisory", 30],
        ["shop", sleep.replace("SELECT", "SELECT 1,"), "PgSleep", 5],
        ["postgres", compute, "CPU", 1],
      ] as const;
      for (const [database, sql, event, sessions] of expected) {
        // The last sample is as long as the others: nothing began or ended in between.
        expect([sql, found.get(`${database} ${await queryOf(sql)} ${event}`)]).toEqual([
          sql,
          expect.closeTo(sessions, 6),
        ]);
      }
      expect(found.size).toBe(4);
      expect(Object.fromEntries(averageByClass(points))).toEqual({
        cpu: expect.closeTo(1 / 76, 6),
        lock: expect.closeTo(30 / 76, 6),
        other: expect.closeTo(45 / 76, 6),
      });
    });

    it("are told one by one up to a limit, the rest in an exact sum", async () => {
      const clients = await open(6);
      for (const [number, client] of clients.entries()) {
        await start([client], `SELECT ${"1, ".repeat(number)} pg_sleep(86400)`, "wait_event = 'PgSleep'");
      }
      const { peek } = watch({ limit: 2 });
      await peek();
      const found = averages(pointsOf((await peek()).batches));
      expect(found.size).toBe(3);
      expect(found.get("other")).toBeCloseTo(4, 6);
    });

    it("have a fingerprint where the server gives no id, and no text leaves", async () => {
      const [client] = await open(1);
      if (major >= 14) await client?.query("SET compute_query_id = off");
      const secret = "SELECT 'jane@example.com', pg_sleep(86400)";
      await start(
        [client].filter((each) => each !== undefined),
        secret,
        "wait_event = 'PgSleep'",
      );
      const { peek } = watch();
      await peek();
      const { batches } = await peek();
      const [fingerprint] = [...averages(pointsOf(batches)).keys()];
      expect(fingerprint).toBe(`postgres ${fingerprintSql(secret, "postgresql")} PgSleep`);
      expect(Buffer.concat(batches.map((batch) => batch.encode())).includes("jane")).toBe(false);
    });

    it("are sent once an interval, and again when they were not taken", async () => {
      const { poll, peek } = watch({ reportMs: 1500 });
      const reports: number[] = [];
      await eventually("there was a report", async () => {
        const { batches } = await peek();
        reports.push(batches.length);
        return batches.length === 0 ? undefined : true;
      });
      expect(reports.filter((count) => count > 0)).toEqual([1]);
      const result = await peek();
      // Nobody is active, and that is said.
      expect([...averages(pointsOf(result.batches)).values()]).toEqual([0]);
      result.commit?.();
      // The next one stands for an interval again, however long a sample takes.
      const [next] = (await peek()).batches;
      expect(next === undefined || secondsOf(pointsOf([next])) >= 1).toBe(true);
      expect(poll.intervalFactor).toBe(1);
    });

    it("are looked at more rarely while a sample takes too much, and not at all within a tight budget", async () => {
      const { host, poll, peek } = watch({ mostShare: 1e-9 });
      for (let sample = 0; sample < 6; sample++) await peek();
      expect(poll.intervalFactor).toBe(16);
      host.shared(feedback).demand("budget", { ...noSavings, essentialsOnly: true });
      expect(await peek()).toEqual({ batches: [] });
    });

    it("are looked at half as often when there are more than a hundred", async () => {
      const { poll, peek } = watch();
      await peek();
      expect(poll.intervalFactor).toBe(1);
      await start(await open(101), sleep, "wait_event = 'PgSleep'");
      await peek();
      expect(poll.intervalFactor).toBe(2);
    });

    it("say when the user may not see them", async () => {
      const { peek } = watch({ user: { username: "stranger", password: "stranger" } });
      expect((await peek()).problems?.map(({ code }) => code)).toEqual(["DBI_DATABASE_PERMISSION"]);
    });

    if (major < 14) return;
    it("add up to the time that the server says sessions were active", async () => {
      const clients = await open(8, "shop");
      const activeSeconds = async () => {
        const [row] = await server.query<{ ms: number }>(
          "SELECT active_time AS ms FROM pg_stat_database WHERE datname = 'shop'",
        );
        return (row?.ms ?? 0) / 1000;
      };
      const before = await activeSeconds();
      const asleep = new Set<Client>();
      /** Has a session sleep, or ends its sleep. */
      const turn = async (client: Client) => {
        const sql = sleep.replace("SELECT", `SELECT ${clients.indexOf(client)},`);
        if (!asleep.delete(client)) {
          await start([client], sql, "wait_event = 'PgSleep'");
          asleep.add(client);
          return;
        }
        await server.query(
          "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND query = $1",
          [sql],
        );
        await client.query("SELECT 1");
      };
      // A sample stands for no more than some intervals: none here is so late.
      const { peek } = watch({ intervalMs: 60_000 });
      await peek();
      let sampled = 0;
      let seconds = 0;
      /** A session that began or ended between two samples is taken for active for all of that time, or for none. */
      let unsure = 0;
      const sample = async (turned: boolean) => {
        const points = pointsOf((await peek()).batches);
        const secondsBefore = seconds;
        seconds = secondsOf(points);
        const average = points
          .filter(({ name }) => name === "db.active_sessions")
          .reduce((sum, { value }) => sum + Number(value), 0);
        sampled = average * seconds;
        if (turned) unsure += seconds - secondsBefore;
      };
      const turns = [0, 1, 2, 3, 0, 4, 5, 1, 6, 0, 7, 2, 5, 3, 1, 4, 2];
      for (const index of turns) {
        const client = clients[index];
        if (client !== undefined) await turn(client);
        await sample(true);
        for (let times = 0; times < 30; times++) await sample(false);
      }
      for (const client of [...asleep]) {
        await turn(client);
        await sample(true);
      }
      await Promise.all(clients.map((client) => client.end()));
      // A process that has ended has reported all that it did.
      const truth = (await activeSeconds()) - before;
      expect(truth).toBeGreaterThan(0);
      expect(sampled).toBeGreaterThan(truth - unsure - 0.001);
      expect(sampled).toBeLessThan(truth + unsure + 0.001);
    });
  });
}

/** What a report stands for. */
function secondsOf([point]: readonly SeenPoint[]): number {
  return Number((point?.timeUnixNano ?? 0n) - (point?.startTimeUnixNano ?? 0n)) / 1e9;
}

function averageByClass(points: readonly SeenPoint[]): ReadonlyMap<string, number> {
  const shares = points.filter(({ name }) => name === "db.active_sessions.share");
  return new Map(shares.map(({ attributes, value }) => [String(attributes.get("db.wait.class")), Number(value)]));
}
