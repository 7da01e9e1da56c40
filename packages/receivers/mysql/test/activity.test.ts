import { eventually } from "@dbintel/e2e/condition";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { pointsOf, type SeenPoint } from "@dbintel/pipeline/testing";
import type { Connection } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isLeft, sleeps, waitsForRow, waitsForTable } from "./session-states.ts";
import { type Event, eventsOf, watch } from "./watch.ts";

/**
 * InnoDB lists its transactions anew when nobody has looked for a tenth of a second: who looks more often sees the same
 * list again and again.
 */
const rarely = { everyMs: 250 };
const planted = "jane.planted@example.com";
const blockers = "mysql.blocking.session.ids";
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

const servers = [
  { product: "mysql", suite: describeOwnMysql, start: () => startMysql({ own: true }) },
  { product: "mariadb", suite: describeMariadb, start: () => startMariadb() },
] as const;

for (const { product, suite, start } of servers) {
  suite("sessions", () => {
    let server: MysqlServer;
    let watched: ReturnType<typeof watch>;
    const opened: Connection[] = [];

    beforeAll(async () => {
      server = await start();
      await server.query("CREATE DATABASE app");
      // InnoDB locks the definition of a table whose statistics it makes anew: of this one it makes none.
      await server.query(
        "CREATE TABLE app.t (id int PRIMARY KEY, v varchar(100), KEY by_v (v)) ENGINE=InnoDB STATS_AUTO_RECALC=0",
      );
      await server.query(`INSERT INTO app.t VALUES (1, '${planted}'), (2, 'two'), (3, 'three')`);
      await server.query("CREATE USER 'watcher'@'%' IDENTIFIED BY 'otel-password'");
      await server.query("GRANT SELECT ON performance_schema.* TO 'watcher'@'%'");
      await server.query("GRANT PROCESS ON *.* TO 'watcher'@'%'");
    });
    afterEach(async () => {
      for (const session of opened.splice(0)) session.destroy();
      await watched?.close();
      // Whoever is about to leave would be seen by the next test, and may have locks.
      await isLeft(server);
    });
    afterAll(() => server?.stop());

    async function session(): Promise<Connection> {
      const connection = await server.connect({ database: "app" });
      opened.push(connection);
      return connection;
    }

    function look(options?: { readonly sessionEvents: boolean }): ReturnType<typeof watch> {
      watched = watch(server, { user: { username: "watcher", password: "otel-password" }, ...options });
      return watched;
    }

    async function consumers(...names: readonly string[]): Promise<void> {
      await server.query("UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' WHERE NAME IN (?)", [names]);
    }

    /** Polls until a sample is there, and fails when a poll met a problem. */
    function sample(what: string, find: (event: Event) => boolean, options = {}): Promise<Event> {
      const look = async () => {
        const { batches, problems } = await watched.pollActivity();
        expect(problems).toEqual([]);
        return eventsOf(batches).find(find);
      };
      return eventually(what, look, options);
    }

    it("tells what a session executes, without what was typed", async () => {
      const busy = await session();
      look();
      const running = busy.query(`SELECT SLEEP(60) FROM t WHERE v = '${planted}'`).catch(() => {});
      await sleeps(server, busy);
      const event = await sample("the statement is seen", (each) => each.text("db.query.text").includes("SLEEP"));
      expect(Object.fromEntries(event.attributes)).toMatchObject({
        "db.system.name": product,
        "db.namespace": "app",
        "db.query.text": "SELECT SLEEP(?) FROM t WHERE v = ?",
        "user.name": "root",
        "mysql.threads.processlist_command": "Query",
        "mysql.session.id": BigInt(busy.threadId),
        "mysql.session.status": "running",
        "dbintel.sample.reason": "first",
      });
      expect(event.text("dbintel.session.id")).toMatch(new RegExp(`^[0-9a-f]+\\.${busy.threadId.toString(16)}$`));
      expect([...event.attributes.values()].map(String).join()).not.toContain(planted);
      await server.query(`KILL ${busy.threadId}`);
      await running;
    });

    it("tells of the collector's own sessions nothing", async () => {
      const other = watch(server, { user: { username: "watcher", password: "otel-password" } });
      look();
      for (let count = 0; count < 3; count++) {
        await other.pollActivity();
        const events = eventsOf((await watched.pollActivity()).batches);
        expect(events.filter((event) => event.text("user.name") === "watcher")).toEqual([]);
      }
      await other.close();
    });

    describe("with the consumers that MySQL has on by default", () => {
      beforeAll(() => consumers("events_statements_current", "events_statements_history"));

      it("measures a statement, links its trace, and says that its text was cut off", async () => {
        const busy = await session();
        await busy.query(`SET @traceparent = '${traceparent}'`);
        look();
        const long = `SELECT SLEEP(60), '${planted}', '${"x".repeat(2000)}'`;
        const running = busy.query(long).catch(() => {});
        await sleeps(server, busy);
        const event = await sample("the statement is seen", (each) => each.text("db.query.text").includes("SLEEP"));
        expect(event.traceId).toBe(traceId);
        expect(event.attributes.get("dbintel.query.text.truncated")).toBe(true);
        // MariaDB has made it only when the statement has ended.
        const digest = product === "mysql" ? /^[0-9a-f]{64}$/ : /^$/;
        expect(event.text("mysql.events_statements_current.digest")).toMatch(digest);
        expect(event.attributes.get("mysql.events_statements_current.timer_wait")).toBeGreaterThan(0);
        expect(event.text("mysql.statement.start_time")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
        expect([...event.attributes.values()].map(String).join()).not.toContain(planted);
        await server.query(`KILL ${busy.threadId}`);
        await running;
      });

      it("tells of each statement that has ended once, of a schema and of none", async () => {
        const [busy, bare] = [await session(), await server.connect()];
        opened.push(bare);
        look();
        await watched.pollActivity();
        await busy.query(`SELECT id FROM t WHERE v = '${planted}' /* traceparent='${traceparent}' */`);
        await bare.query("SELECT id FROM app.t WHERE id = 4711");
        await busy.query("SELECT nothing FROM t WHERE v = 'secret'").catch(() => {});
        const finished: Event[] = [];
        const lookAgain = async () => {
          const events = eventsOf((await watched.pollActivity()).batches);
          const own = events.filter((event) => [busy.threadId, bare.threadId].some((id) => isOf(event, id)));
          finished.push(...own.filter((event) => event.text("dbintel.sample.reason") === "finished"));
        };
        await eventually("all have been told", async () => {
          await lookAgain();
          return finished.length >= 3 ? true : undefined;
        });
        for (let count = 0; count < 3; count++) await lookAgain();
        expect(finished.map((event) => event.text("db.query.text")).toSorted()).toEqual([
          "SELECT id FROM app.t WHERE id = ?",
          "SELECT id FROM t WHERE v = ?",
          "SELECT nothing FROM t WHERE v = ?",
        ]);
        const about = (text: string) => finished.find((event) => event.text("db.query.text").includes(text));
        expect(about("SELECT id FROM t WHERE")?.traceId).toBe(traceId);
        expect(about("app.t")?.attributes.has("db.namespace")).toBe(false);
        expect(about("nothing")?.attributes.get("mysql.events_statements_current.mysql_errno")).toBe(1054n);
      });

      it("goes on where the ring of a thread has been overwritten many times", async () => {
        const busy = await session();
        look();
        await watched.pollActivity();
        const told = new Set<string>();
        for (let round = 0; round < 3; round++) {
          for (let count = 0; count < 40; count++) await busy.query(`SELECT ${count} AS c${round}_${count} FROM t`);
          for (const event of eventsOf((await watched.pollActivity()).batches)) {
            // The last one may still be seen under way: the server has answered before it is at its end.
            if (!isOf(event, busy.threadId) || event.text("dbintel.sample.reason") !== "finished") continue;
            const id = String(event.attributes.get("mysql.event_id"));
            expect(told.has(id)).toBe(false);
            told.add(id);
          }
        }
        expect(told.size).toBeGreaterThanOrEqual(10);
      });
    });

    it("are told for locks on a table's definition by what MySQL has on, and MariaDB in a plugin", async () => {
      if (product === "mariadb") await server.query("INSTALL SONAME 'metadata_lock_info'");
      const [holder, altering, reading] = [await session(), await session(), await session()];
      await holder.beginTransaction();
      await holder.query("SELECT id FROM t");
      const alter = altering.query("ALTER TABLE t ADD COLUMN extra int").catch(() => {});
      look();
      const changing = await sample(
        "the change waits",
        (event) => event.text("mysql.blocking.lock.type") === "METADATA",
      );
      expect(Object.fromEntries(changing.attributes)).toMatchObject({
        [blockers]: [BigInt(holder.threadId)],
        "mysql.blocking.lock.mode": "EXCLUSIVE",
        "mysql.blocking.lock.relation": "app.t",
      });
      const read = reading.query("SELECT v FROM app.t").catch(() => {});
      const queued = await sample(
        "the reader waits",
        (event) => isOf(event, reading.threadId) && event.text("mysql.blocking.lock.type") !== "",
      );
      expect(Object.fromEntries(queued.attributes)).toMatchObject({
        [blockers]: [BigInt(altering.threadId)],
        "mysql.blocking.lock.mode": "SHARED_READ",
        "mysql.blocking.lock.relation": "app.t",
        "dbintel.blocking.depth": 2n,
      });
      await server.query(`KILL QUERY ${altering.threadId}`);
      // Not after the rollback: it would have its lock then, and add the column.
      await alter;
      await holder.rollback();
      await read;
    });

    describe("sessions that block each other", () => {
      beforeAll(() =>
        server.query(
          "UPDATE performance_schema.setup_instruments SET ENABLED = 'YES', TIMED = 'YES' WHERE NAME = 'wait/lock/metadata/sql/mdl'",
        ),
      );

      it("are a tree: who is in the way, of whom, for how long, on what, and no value of a row", async () => {
        const [holder, next, last] = [await session(), await session(), await session()];
        await holder.beginTransaction();
        await holder.query("UPDATE t SET v = 'held' WHERE id = 1");
        look();
        const waiting = [next.query(`UPDATE t SET v = '${planted}' WHERE id = 1`).catch(() => {})];
        const waits = (event: Event) => isOf(event, next.threadId) && event.attributes.has(blockers);
        await sample("the first waits", waits, rarely);
        waiting.push(last.query("DELETE FROM t WHERE id = 1").catch(() => {}));
        const told = new Map<number, Event>();
        let lost: readonly SeenPoint[] = [];
        const bothWait = async () => {
          const { batches, problems } = await watched.pollActivity();
          expect(problems).toEqual([]);
          lost = pointsOf(batches).filter(({ name }) => name.startsWith("db.blocking."));
          const events = eventsOf(batches);
          const of = (connection: Connection) => events.find((event) => isOf(event, connection.threadId));
          for (const connection of [holder, next, last]) {
            const event = of(connection);
            if (event !== undefined) told.set(connection.threadId, event);
          }
          const [root, first, second] = [holder, next, last].map(({ threadId }) => told.get(threadId));
          const isTold =
            Number(root?.attributes.get("dbintel.blocking.sessions") ?? 0) === 2 &&
            root?.attributes.has("mysql.transaction.rows_modified");
          return isTold && root && first && second ? { root, first, second } : undefined;
        };
        const seen = await eventually("both wait", bothWait, rarely);
        expect(Object.fromEntries(seen.root.attributes)).toMatchObject({
          "mysql.threads.processlist_command": "Sleep",
          "dbintel.blocking.in_cycle": false,
          "mysql.transaction.rows_modified": 1n,
        });
        expect(Object.fromEntries(seen.first.attributes)).toMatchObject({
          "mysql.session.status": "waiting",
          [blockers]: [BigInt(holder.threadId)],
          "mysql.blocking.lock.type": "RECORD",
          "mysql.blocking.lock.mode": expect.stringMatching(/^X/),
          "mysql.blocking.lock.relation": "app.t",
          "mysql.blocking.lock.index": "PRIMARY",
          "dbintel.blocking.depth": 1n,
          "dbintel.blocking.root.session.id": seen.root.text("dbintel.session.id"),
        });
        expect(seen.second.text("dbintel.blocking.root.session.id")).toBe(seen.root.text("dbintel.session.id"));
        expect(seen.first.attributes.get("mysql.blocking.wait_duration")).toBeGreaterThanOrEqual(0);
        const said = Object.values(seen).flatMap(({ attributes }) => [...attributes.values()].map(String));
        expect(said.join()).not.toContain(planted);

        const [now, time] = [lost.find(({ unit }) => unit === "{sessions}"), lost.find(({ unit }) => unit === "s")];
        expect(now).toMatchObject({ name: "db.blocking.sessions", value: 2n });
        expect(now?.attributes.get("db.namespace")).toBe("app");
        expect(now?.attributes.get("db.query.id") ?? now?.attributes.get("db.query.fingerprint")).toBeTypeOf("string");
        expect(time).toMatchObject({ name: "db.blocking.time", monotonic: true });
        expect(time?.value).toBeGreaterThan(0);
        await holder.rollback();
        await Promise.all(waiting);
        const free = pointsOf((await watched.pollActivity()).batches).filter(({ name }) =>
          name.startsWith("db.blocking."),
        );
        expect(free.map(({ name, value }) => [name, value])).toEqual([
          ["db.blocking.sessions", 0n],
          ["db.blocking.time", time?.value],
        ]);
      });

      it("are told for locks on a table's definition, with those that queue behind", async () => {
        const [holder, altering, reading] = [await session(), await session(), await session()];
        await holder.beginTransaction();
        await holder.query("SELECT id FROM t");
        const alter = altering.query("ALTER TABLE t ADD COLUMN extra int").catch(() => {});
        look();
        await sample("the change waits", (event) => event.text("mysql.blocking.lock.type") === "METADATA");
        const read = reading.query("SELECT v FROM t").catch(() => {});
        const queued = await sample(
          "the reader waits",
          (event) => isOf(event, reading.threadId) && event.text("mysql.blocking.lock.type") !== "",
        );
        expect(Object.fromEntries(queued.attributes)).toMatchObject({
          [blockers]: [BigInt(altering.threadId)],
          "mysql.blocking.lock.mode": "SHARED_READ",
          "mysql.blocking.lock.relation": "app.t",
          "dbintel.blocking.depth": 2n,
          "dbintel.blocking.root.session.id": expect.stringMatching(new RegExp(`\\.${holder.threadId.toString(16)}$`)),
        });
        await server.query(`KILL QUERY ${altering.threadId}`);
        await alter;
        await holder.rollback();
        await read;
      });
    });

    it("are counted while they wait where no event tells of them, on rows and on definitions", async () => {
      const [holder, row, altering, asleep] = [await session(), await session(), await session(), await session()];
      await holder.beginTransaction();
      await holder.query("UPDATE t SET v = 'held' WHERE id = 3");
      look({ sessionEvents: false });
      const waiting = [row.query("UPDATE t SET v = 'other' WHERE id = 3").catch(() => {})];
      // After the ALTER it would wait for the definition as well.
      await waitsForRow(server, row);
      waiting.push(altering.query("ALTER TABLE t ADD COLUMN another int").catch(() => {}));
      waiting.push(asleep.query("SELECT SLEEP(60)").catch(() => {}));
      await Promise.all([waitsForTable(server, altering), sleeps(server, asleep)]);
      const bothWait = async () => {
        const { batches, problems } = await watched.pollActivity();
        expect(problems).toEqual([]);
        expect(eventsOf(batches)).toEqual([]);
        const counts = pointsOf(batches).filter(({ name }) => name === "db.blocking.sessions");
        return counts.reduce((sum, { value }) => sum + Number(value), 0) === 2 ? true : undefined;
      };
      await eventually("both wait", bothWait, rarely);
      await holder.rollback();
      await server.query(`KILL ${asleep.threadId}`);
      await Promise.all(waiting);
    });

    it("are averaged by statement and wait: what computes, what waits for a row, and nobody who sleeps", async () => {
      const [holder, waiter, sleeper] = [await session(), await session(), await session()];
      await holder.beginTransaction();
      await holder.query("UPDATE t SET v = 'held' WHERE id = 2");
      look();
      const waiting = [
        waiter.query("UPDATE t SET v = 'other' WHERE id = 2").catch(() => {}),
        sleeper.query("SELECT SLEEP(60)").catch(() => {}),
      ];
      // Before they wait both of them compute.
      await Promise.all([waitsForRow(server, waiter), sleeps(server, sleeper)]);
      await watched.pollActiveSessions();
      const points = await eventually("both are seen", async () => {
        const { batches, problems } = await watched.pollActiveSessions();
        expect(problems).toEqual([]);
        const found = pointsOf(batches).filter(({ name }) => name === "db.active_sessions");
        const total = found.reduce((sum, { value }) => sum + Number(value), 0);
        return Math.abs(total - 2) < 1e-9 ? found : undefined;
      });
      const of = (category: string) =>
        points.filter(({ attributes }) => attributes.get("db.wait.category") === category);
      expect(of("sleep").map(({ value }) => value)).toEqual([1]);
      const [update] = of(product === "mysql" ? "lock_row" : "cpu");
      expect(update?.value).toBe(1);
      expect(update?.attributes.get("db.namespace")).toBe("app");
      const identity = product === "mysql" ? "db.query.id" : "db.query.fingerprint";
      expect(String(update?.attributes.get(identity))).toMatch(/^(?:v1:)?[0-9a-f]{16,64}$/);
      await holder.rollback();
      await server.query(`KILL ${sleeper.threadId}`);
      await Promise.all(waiting);
    });

    it("that last too long are told once: the statement, the transaction, the pause", async () => {
      const [idle, busy] = [await session(), await session()];
      await idle.beginTransaction();
      await idle.query(`SELECT id FROM t WHERE v = '${planted}'`);
      const running = busy.query(`SELECT SLEEP(60), '${planted}'`).catch(() => {});
      watched = watch(server, {
        user: { username: "watcher", password: "otel-password" },
        ageLimits: { statement: 1000, transaction: 1000, idleTransaction: 1000 },
      });
      const told: Event[] = [];
      const allTold = async () => {
        const events = eventsOf((await watched.pollActivity()).batches);
        told.push(...events.filter((event) => event.attributes.has("dbintel.age")));
        return told.length >= 3 ? true : undefined;
      };
      await eventually("all have been told", allTold, rarely);
      const again = eventsOf((await watched.pollActivity()).batches);
      expect(again.filter((event) => event.attributes.has("dbintel.age"))).toEqual([]);
      expect(new Set(told.map(({ name }) => name))).toEqual(
        new Set(["db.statement.long_running", "db.transaction.idle", "db.transaction.long_running"]),
      );
      for (const { attributes } of told) {
        expect(attributes.get("dbintel.age")).toBeGreaterThanOrEqual(1);
        expect([...attributes.values()].map(String).join()).not.toContain(planted);
      }
      await idle.rollback();
      await server.query(`KILL ${busy.threadId}`);
      await running;
    });

    it("that deadlock are told once for each deadlock, both sides, without values", async () => {
      const [one, other] = [await session(), await session()];
      look();
      expect((await watched.pollDeadlocks()).batches).toEqual([]);
      const deadlock = async (value: string) => {
        for (const [connection, id] of [
          [one, 2],
          [other, 3],
        ] as const) {
          await connection.beginTransaction();
          await connection.query(`UPDATE t SET v = '${value}' WHERE id = ${id}`);
        }
        const outcomes = await Promise.allSettled([
          one.query(`UPDATE t SET v = '${planted}' WHERE id = 3`),
          other.query(`DELETE FROM t /* ${planted} */ WHERE id = 2`),
        ]);
        expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
        await Promise.all([one.rollback(), other.rollback()]);
      };
      await deadlock("first");
      const events = await eventually("the deadlock is told", async () => {
        const found = eventsOf((await watched.pollDeadlocks()).batches);
        return found.length > 0 ? found : undefined;
      });
      expect(events.map((event) => event.text("db.query.text")).toSorted()).toEqual([
        "DELETE FROM t WHERE id = ?",
        "UPDATE t SET v = ? WHERE id = ?",
      ]);
      expect(events.filter(({ attributes }) => attributes.get("dbintel.deadlock.victim") === true)).toHaveLength(1);
      for (const { attributes } of events) {
        expect(Object.fromEntries(attributes)).toMatchObject({
          "db.system.name": product,
          "dbintel.deadlock.id": events[0]?.text("dbintel.deadlock.id"),
          "dbintel.deadlock.sessions": 2n,
          "dbintel.deadlock.count": 1n,
          "mysql.blocking.lock.relation": "app.t",
          "mysql.blocking.lock.index": "PRIMARY",
          "mysql.blocking.lock.type": "RECORD",
          "mysql.blocking.lock.mode": expect.stringMatching(/^X/),
        });
        expect([...attributes.values()].map(String).join()).not.toMatch(/planted|first|hex/);
      }
      const sessions = events.map(({ attributes }) => Number(attributes.get("mysql.session.id")));
      expect(new Set(sessions)).toEqual(new Set([one.threadId, other.threadId]));
      expect((await watched.pollDeadlocks()).batches).toEqual([]);
    });

    it("wait for no longer than the time that has passed, where waits are noted", async () => {
      await consumers("events_waits_current", "events_waits_history", "events_statements_current");
      await server.query(
        "UPDATE performance_schema.setup_instruments SET ENABLED = 'YES', TIMED = 'YES' WHERE NAME LIKE 'wait/%'",
      );
      const busy = await session();
      const running = busy.query("SELECT SLEEP(60)").catch(() => {});
      await sleeps(server, busy);
      look();
      const names = new Set<string>();
      let lastNano: bigint | undefined;
      await eventually("waits have been summed", async () => {
        for (const event of eventsOf((await watched.pollActivity()).batches)) {
          if (!isOf(event, busy.threadId)) continue;
          names.add(event.text("mysql.wait_type"));
          const { timeUnixNano, attributes } = event;
          const seconds = attributes.get("mysql.waits.seconds");
          if (Array.isArray(seconds) && lastNano !== undefined) {
            const sum = seconds.reduce<number>((total, each) => total + Number(each), 0);
            expect(sum).toBeLessThanOrEqual((Number(timeUnixNano - lastNano) / 1e9) * (1 + 1e-9));
            names.add("summed");
          }
          lastNano = timeUnixNano;
        }
        // A sleep has its pauses, in which it waits for nothing.
        return names.has("summed") && names.has("wait/synch/cond/sql/Item_func_sleep::cond") ? true : undefined;
      });
      await server.query(`KILL ${busy.threadId}`);
      await running;
    });
  });
}

function isOf({ attributes }: Event, threadId: number): boolean {
  return Number(attributes.get("mysql.session.id")) === threadId;
}
