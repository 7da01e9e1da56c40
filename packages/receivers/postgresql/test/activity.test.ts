import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { feedback, noSavings } from "@dbintel/feedback";
import { eventsOf, pointsOf, type SeenEvent } from "@dbintel/pipeline/testing";
import type { PollResult } from "@dbintel/polling";
import { fingerprintSql } from "@dbintel/sql";
import type { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { watchActivity } from "./watch.ts";

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const longest = "SELECT pg_sleep(86400)";

type Watch = ReturnType<typeof watchActivity>;

for (const major of [13, 14, 18]) {
  describePostgres(major, "what sessions do", () => {
    let server: PostgresServer;
    let watch: Watch;
    let sessions: Client[];

    beforeAll(async () => {
      server = await startPostgres({
        major,
        settings: {
          // A circle of sessions stays one.
          deadlock_timeout: "1h",
          max_prepared_transactions: 5,
          track_activity_query_size: "100kB",
        },
      });
      await server.query("CREATE TABLE orders AS SELECT generate_series(1, 10) AS id");
      await server.query("CREATE ROLE watcher LOGIN PASSWORD 'watcher'");
    });
    afterAll(() => server.stop());
    beforeEach(() => {
      watch = watchActivity(server);
      sessions = [];
    });
    afterEach(async () => {
      await watch.close();
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

    async function open(database = "postgres"): Promise<{ readonly client: Client; readonly pid: number }> {
      const client = await server.connect({ user: server.superuser, password: server.password, database });
      // They are ended by force.
      client.on("error", () => {});
      sessions.push(client);
      const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      return { client, pid: rows[0]?.pid ?? 0 };
    }

    /** Starts a statement that is not going to end, and waits until the server shows it as `shown` says. */
    async function begin(session: { readonly client: Client; readonly pid: number }, sql: string, shown: string) {
      session.client.query(sql).catch(() => {});
      await shows(session, `state = 'active' AND ${shown}`);
    }

    /** Waits until this is so of a session. */
    async function shows({ pid }: { readonly pid: number }, shown: string): Promise<void> {
      await eventually(`the server shows that ${shown}`, async () => {
        const rows = await server.query(`SELECT FROM pg_stat_activity WHERE pid = ${pid} AND ${shown}`);
        return rows.length === 1 ? true : undefined;
      });
    }

    const blocked = "wait_event_type = 'Lock'";
    const sleeps = "wait_event = 'PgSleep'";

    function byPid(result: PollResult): ReadonlyMap<number, SeenEvent> {
      return new Map(eventsOf(result.batches).map((event) => [event.number("postgresql.pid"), event]));
    }

    it("shows who blocks whom, and the root of them all", async () => {
      const [root, second, third] = [await open(), await open(), await open()];
      await root.client.query("BEGIN");
      await root.client.query("UPDATE orders SET id = 1 WHERE id = 1");
      await second.client.query("BEGIN");
      await begin(second, "UPDATE orders SET id = 1 WHERE id = 1", blocked);
      await begin(third, "UPDATE orders SET id = 1 WHERE id = 1", blocked);
      await shows(root, "wait_event_type = 'Client'");
      const events = byPid(await watch.poll());
      expect(new Set(events.keys())).toEqual(new Set([root.pid, second.pid, third.pid]));

      const rootEvent = events.get(root.pid);
      const rootSession = rootEvent?.text("dbintel.session.id");
      expect(Object.fromEntries(rootEvent?.attributes ?? [])).toMatchObject({
        "db.system.name": "postgresql",
        "db.namespace": "postgres",
        "db.query.text": "UPDATE orders SET id = ? WHERE id = ?",
        "user.name": server.superuser,
        "postgresql.state": "idle in transaction",
        "postgresql.wait_event_type": "Client",
        "postgresql.blocking.pids": "{}",
        "postgresql.xact_start": expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
        "postgresql.backend_xid": expect.stringMatching(/^\d+$/),
        "dbintel.transaction.id": expect.stringMatching(`^${rootSession}/\\d+$`),
        "dbintel.blocking.sessions": 2n,
        "dbintel.blocking.in_cycle": false,
        "dbintel.sample.reason": "first",
      });
      expect(rootEvent?.number("dbintel.blocking.seconds")).toBeGreaterThanOrEqual(0);
      const [identity] = await server.query<{ id: string }>(
        `SELECT to_hex(trunc(extract(epoch FROM backend_start))::integer) || '.' || to_hex(pid) AS id
           FROM pg_stat_activity WHERE pid = ${root.pid}`,
      );
      expect(rootSession).toBe(identity?.id);

      for (const [session, blocker, depth] of [
        [second, root, 1n],
        [third, second, 2n],
      ] as const) {
        const event = events.get(session.pid);
        expect(Object.fromEntries(event?.attributes ?? [])).toMatchObject({
          "postgresql.state": "active",
          "postgresql.wait_event_type": "Lock",
          "postgresql.blocking.pids": `{${blocker.pid}}`,
          "postgresql.blocking.lock.mode": depth === 1n ? "ShareLock" : "ExclusiveLock",
          "postgresql.blocking.lock.type": depth === 1n ? "transactionid" : "tuple",
          "postgresql.blocking.lock.relation": "public.orders",
          "dbintel.blocking.root.pid": BigInt(root.pid),
          "dbintel.blocking.root.session.id": rootSession,
          "dbintel.blocking.depth": depth,
        });
        expect(event?.attributes.get("postgresql.blocking.wait_duration")).toBeTypeOf("bigint");
      }
    });

    it("is not led astray by sessions that wait for each other", async () => {
      const [one, other] = [await open(), await open()];
      for (const [session, id] of [
        [one, 1],
        [other, 2],
      ] as const) {
        await session.client.query("BEGIN");
        await session.client.query(`SELECT FROM orders WHERE id = ${id} FOR UPDATE`);
      }
      await begin(one, "SELECT FROM orders WHERE id = 2 FOR UPDATE", blocked);
      await begin(other, "SELECT FROM orders WHERE id = 1 FOR UPDATE", blocked);
      const events = byPid(await watch.poll());
      expect(events.get(one.pid)?.text("postgresql.blocking.pids")).toBe(`{${other.pid}}`);
      expect(events.get(other.pid)?.text("postgresql.blocking.pids")).toBe(`{${one.pid}}`);
      const roots = [...events.values()].filter((event) => event.attributes.has("dbintel.blocking.in_cycle"));
      expect(roots.map((event) => event.attributes.get("dbintel.blocking.in_cycle"))).toEqual([true]);
    });

    it("names blockers that do nothing, and those that are no session", async () => {
      const [idle, waiting, last] = [await open(), await open(), await open()];
      await idle.client.query("SELECT pg_advisory_lock(7)");
      await begin(waiting, "SELECT pg_advisory_lock(7)", blocked);
      const events = byPid(await watch.poll());
      expect(events.get(waiting.pid)?.number("dbintel.blocking.root.pid")).toBe(idle.pid);
      expect(events.get(idle.pid)?.text("postgresql.state")).toBe("idle");
      expect(events.get(idle.pid)?.number("dbintel.blocking.sessions")).toBe(1);
      expect(
        byPid(await watch.poll())
          .get(idle.pid)
          ?.text("dbintel.sample.reason"),
      ).toBe("lasting");

      await server.query("BEGIN; LOCK TABLE orders; PREPARE TRANSACTION 'forgotten'");
      await begin(last, "SELECT FROM orders", blocked);
      const event = byPid(await watch.poll()).get(last.pid);
      expect(event?.text("postgresql.blocking.pids")).toBe("{0}");
      expect(event?.attributes.get("dbintel.blocking.root.pid")).toBe(0n);
      expect(event?.attributes.has("dbintel.blocking.root.session.id")).toBe(false);
      await server.query("ROLLBACK PREPARED 'forgotten'");
    });

    it("names tables of other databases than its own, where it is let in", async () => {
      await server.query("CREATE DATABASE shop");
      await server.query('CREATE TABLE "Order Lines" (id int)', [], { database: "shop" });
      const [holder, waiting] = [await open("shop"), await open("shop")];
      await holder.client.query('BEGIN; LOCK TABLE "Order Lines"');
      await begin(waiting, 'SELECT FROM "Order Lines"', blocked);
      const relation = async () => {
        const event = byPid(await watch.peek()).get(waiting.pid);
        return event?.text("postgresql.blocking.lock.relation");
      };
      expect(await relation()).toBe('public."Order Lines"');
      await server.query("ALTER DATABASE shop ALLOW_CONNECTIONS false");
      expect(await relation()).toMatch(/^\d+$/);
      await server.query("DROP DATABASE shop WITH (FORCE)");
    });

    it("reports a session once for each change, and ever more rarely while nothing changes", async () => {
      const session = await open();
      const polls: number[] = [];
      const reasons: string[] = [];
      await begin(session, longest, sleeps);
      for (let poll = 0; poll < 20; poll++) {
        const event = byPid(await watch.poll()).get(session.pid);
        if (event !== undefined) polls.push(poll);
        if (event !== undefined) reasons.push(event.text("dbintel.sample.reason"));
      }
      // A minute is six polls.
      expect(polls).toEqual([0, 1, 3, 7, 13, 19]);
      expect(reasons).toEqual(["first", "lasting", "lasting", "lasting", "lasting", "lasting"]);
      await server.query(`SELECT pg_cancel_backend(${session.pid})`);
      await session.client.query("BEGIN").catch(() => {});
      await session.client.query("SELECT 1");
      const event = byPid(await watch.poll()).get(session.pid);
      expect(event?.text("dbintel.sample.reason")).toBe("changed");
      expect(event?.text("postgresql.state")).toBe("idle in transaction");
      expect(event?.number("postgresql.total_exec_time")).toBeLessThan(60_000);
    });

    it("tells the last statement of a session that is idle, once, and none from before it watched", async () => {
      const [before, after] = [await open(), await open()];
      const busy = await open();
      await begin(busy, longest, sleeps);
      await before.client.query("SELECT 1");
      expect([...byPid(await watch.poll()).keys()]).toEqual([busy.pid]);
      await after.client.query("SELECT 2, 'b'");
      const event = byPid(await watch.poll()).get(after.pid);
      expect(event?.text("db.query.text")).toBe("SELECT ?, ?");
      expect(event?.text("postgresql.state")).toBe("idle");
      for (let poll = 0; poll < 3; poll++) expect(byPid(await watch.poll()).has(after.pid)).toBe(false);
    });

    it("repeats what was not taken", async () => {
      const session = await open();
      await begin(session, longest, sleeps);
      for (let times = 0; times < 3; times++) {
        const event = byPid(await watch.peek()).get(session.pid);
        expect(event?.text("dbintel.sample.reason")).toBe("first");
      }
    });

    it("lets no constant of a statement and nothing of itself out", async () => {
      const session = await open();
      await begin(
        session,
        "SELECT 'jane@example.com', $$secret$$, 4111111111111111, pg_sleep(86400) /* jane@example.com */",
        sleeps,
      );
      const utility = await open();
      await utility.client.query("BEGIN");
      await utility.client.query("CREATE ROLE someone PASSWORD 'secret'");
      const { batches } = await watch.poll();
      const bytes = Buffer.concat(batches.map((batch) => batch.encode()));
      for (const secret of ["jane", "secret", "4111111111111111"]) expect(bytes.includes(secret)).toBe(false);
      const texts = eventsOf(batches).map((event) => event.text("db.query.text"));
      expect(texts.sort()).toEqual(["CREATE ROLE", "SELECT ?, ?, ?, pg_sleep(?)"]);
      expect(bytes.includes("pg_stat_activity")).toBe(false);
    });

    it("links a session to the trace that its name or its statement tells", async () => {
      const [named, commented] = [await open(), await open()];
      const other = traceparent.replace("4bf92f", "aaaaaa").replace(/01$/, "00");
      for (const { client } of [named, commented]) await client.query(`SET application_name = '${traceparent}'`);
      await begin(named, longest, sleeps);
      await begin(commented, `${longest} /*traceparent='${other}'*/`, sleeps);
      const { batches } = await watch.poll();
      const links = new Map<number, readonly [string | undefined, string | undefined]>();
      for (const batch of batches) {
        if (batch.signal !== "logs") continue;
        for (const record of batch.records()) {
          links.set(Number(record.attributes.get("postgresql.pid")), [record.traceId, record.spanId]);
        }
      }
      expect(links.get(named.pid)).toEqual(["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"]);
      expect(links.get(commented.pid)).toEqual(["aaaaaa3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"]);
    });

    it("bounds and defuses what names and texts are made of", async () => {
      const evil = "a\u001b[31m\u202eb";
      // What sessions of this database say is not UTF-8, and the server passes it on as it is.
      await server.query(`CREATE DATABASE "${evil}" TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`);
      const [session, large] = [await open(evil), await open()];
      await begin(session, 'SELECT 1 AS "é\u001b[31m", pg_sleep(86400)', sleeps);
      await begin(large, `SELECT pg_sleep(86400), id${" + id".repeat(3000)} FROM orders`, sleeps);
      const events = byPid(await watch.poll());
      expect(events.get(session.pid)?.text("db.namespace")).toBe("a\ufffd[31m\ufffdb");
      expect(events.get(session.pid)?.text("db.query.text")).toBe('SELECT ? AS "\ufffd\ufffd[31m", pg_sleep(?)');
      const bytes = Buffer.byteLength(events.get(large.pid)?.text("db.query.text") ?? "");
      expect(bytes).toBeGreaterThan(9000);
      expect(bytes).toBeLessThanOrEqual(10_000);
    });

    it("looks at no more sessions than told, those first that wait, and leaves databases out", async () => {
      const [root, ...others] = [await open(), await open(), await open()];
      for (const session of others) await begin(session, longest, sleeps);
      const waiting = await open();
      await root.client.query("BEGIN; LOCK TABLE orders");
      await begin(waiting, "SELECT FROM orders", blocked);
      const few = watchActivity(server, { limit: 1 });
      expect([...byPid(await few.poll()).keys()]).toEqual([waiting.pid, root.pid]);
      await few.close();
      const elsewhere = watchActivity(server, { reportsDatabase: (name) => name !== "postgres" });
      expect(byPid(await elsewhere.poll()).size).toBe(0);
      await elsewhere.close();
    });

    it("says so when it may not see the sessions of others, and shows its user's own", async () => {
      const stranger = watchActivity(server, { user: { username: "watcher", password: "watcher" } });
      const session = await open();
      await begin(session, longest, sleeps);
      const { batches, problems } = await stranger.poll();
      expect(problems?.map(({ code, hint }) => [code, hint])).toEqual([
        ["DBI_DATABASE_PERMISSION", expect.stringContaining("GRANT pg_monitor TO watcher")],
      ]);
      expect(eventsOf(batches)).toEqual([]);
      await stranger.close();
    });

    it("tells once of each statement, transaction and pause that lasts, and again when it was not taken", async () => {
      const ageLimits = { statement: 1, transaction: 1, idleTransaction: 1 };
      const lasting = watchActivity(server, { samples: false, ageLimits });
      const [runs, idles] = [await open(), await open()];
      await begin(runs, "SELECT 'jane@example.com', pg_sleep(86400)", sleeps);
      await idles.client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
      await idles.client.query("SELECT 'jane@example.com' FROM orders");
      for (const session of [runs, idles]) await shows(session, "state_change < clock_timestamp() - interval '1 ms'");
      const told = (result: PollResult) =>
        eventsOf(result.batches)
          .map((event) => `${event.name} ${event.number("postgresql.pid") === runs.pid ? "runs" : "idles"}`)
          .toSorted();
      const all = [
        "db.statement.long_running runs",
        "db.transaction.idle idles",
        "db.transaction.long_running idles",
        "db.transaction.long_running runs",
      ];
      expect(told(await lasting.peek())).toEqual(all);
      const first = await lasting.poll();
      expect(told(first)).toEqual(all);
      expect(told(await lasting.poll())).toEqual([]);
      const events = eventsOf(first.batches);
      const pause = events.find(({ name }) => name === "db.transaction.idle");
      expect(Object.fromEntries(pause?.attributes ?? [])).toMatchObject({
        "db.namespace": "postgres",
        "db.query.text": "SELECT ? FROM orders",
        "db.query.fingerprint": fingerprintSql("SELECT 'other' FROM orders", "postgresql"),
        "postgresql.state": "idle in transaction",
        "postgresql.backend_xmin": expect.stringMatching(/^\d+$/),
        "postgresql.backend_xmin.age": expect.any(BigInt),
        "dbintel.age.limit": 0.001,
      });
      expect(pause?.number("dbintel.age")).toBeGreaterThan(0.001);
      expect(Buffer.concat(first.batches.map((batch) => batch.encode())).includes("jane")).toBe(false);

      await server.query(`SELECT pg_cancel_backend(${runs.pid})`);
      await runs.client.query("SELECT 1").catch(() => {});
      await begin(runs, longest, `${sleeps} AND query_start < clock_timestamp() - interval '1 ms'`);
      expect(told(await lasting.poll())).toEqual([
        "db.statement.long_running runs",
        "db.transaction.long_running runs",
      ]);
      await lasting.close();
    });

    it("tells of prepared transactions that nobody ends, and not what applications call them", async () => {
      const lasting = watchActivity(server, { ageLimits: { preparedTransaction: 1 } });
      await server.query("BEGIN; DELETE FROM orders WHERE id = 9; PREPARE TRANSACTION 'jane@example.com'");
      const [row] = await server.query<{ xid: string }>("SELECT transaction::text AS xid FROM pg_prepared_xacts");
      const { batches } = await lasting.poll();
      const [event] = eventsOf(batches).filter(({ name }) => name === "db.transaction.prepared");
      expect(Object.fromEntries(event?.attributes ?? [])).toMatchObject({
        "db.namespace": "postgres",
        "user.name": server.superuser,
        "postgresql.backend_xid": row?.xid,
        "postgresql.backend_xmin.age": expect.any(BigInt),
      });
      expect(Buffer.concat(batches.map((batch) => batch.encode())).includes("jane")).toBe(false);
      await server.query("ROLLBACK PREPARED 'jane@example.com'");
      await lasting.close();
    });

    it("counts the time that sessions lose to the statement of who holds them up", async () => {
      const hold = "UPDATE orders SET id = 2 WHERE id = 2";
      const [root, ...others] = [await open(), await open(), await open()];
      await root.client.query("BEGIN");
      await root.client.query(hold);
      for (const session of others) await begin(session, hold, blocked);
      const points = (result: PollResult, name: string) =>
        pointsOf(result.batches).filter((point) => point.name === name);
      const first = await watch.poll();
      const second = await watch.poll();
      const [time] = points(second, "db.blocking.time");
      // They have waited for all of the time between the two looks.
      const elapsed = Number((time?.timeUnixNano ?? 0n) - (points(first, "db.blocking.time")[0]?.timeUnixNano ?? 0n));
      expect(time?.value).toBeCloseTo((2 * elapsed) / 1e9, 6);
      expect(time).toMatchObject({ unit: "s", type: "sum", monotonic: true, temporality: "cumulative" });
      expect(points(second, "db.blocking.sessions").map(({ value }) => value)).toEqual([2n]);
      const [shown] = await server.query<{ id: string | null }>(
        `SELECT ${major < 14 ? "NULL" : "query_id"}::text AS id FROM pg_stat_activity WHERE pid = ${root.pid}`,
      );
      expect(time?.attributes.get("db.namespace")).toBe("postgres");
      expect(time?.attributes.get("db.query.id") ?? time?.attributes.get("db.query.fingerprint")).toBe(
        shown?.id ?? fingerprintSql(hold, "postgresql"),
      );
      await root.client.query("ROLLBACK");
      // Who waits second waits for the first then.
      for (const session of others) await shows(session, "state = 'idle'");
      const last = await watch.poll();
      expect(points(last, "db.blocking.sessions").map(({ value }) => value)).toEqual([0n]);
      expect(points(last, "db.blocking.time").map(({ value }) => value)).toEqual([time?.value]);
    });

    it("asks nothing while a budget wants only what is essential", async () => {
      const session = await open();
      await begin(session, longest, sleeps);
      watch.host.shared(feedback).demand("budget", { ...noSavings, essentialsOnly: true });
      expect(await watch.poll()).toEqual({ batches: [] });
      expect(watch.connection.open).toBe(false);
    });
  });
}
