import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectNoHoursLost } from "@dbintel/e2e/blocked-time";
import { eventually } from "@dbintel/e2e/condition";
import { RunningClock } from "@dbintel/e2e/running-clock";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { describeClock, ShiftedClock } from "@dbintel/e2e/shifted-clock";
import { createTestHost, pointsOf, type SeenPoint } from "@dbintel/pipeline/testing";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Collector } from "./collectors.ts";
import { type Event, eventsOf, watch } from "./watch.ts";

const hourMs = 3_600_000;
/** No interval is longer: one follows the other, on a machine that may be busy. */
const longestNano = 1_800_000_000_000n;
/** A server whose clock can be set is several times slower. */
const slowMs = 300_000;

const servers = [
  { suite: describeOwnMysql, start: () => startMysql({ own: true }) },
  { suite: describeMariadb, start: () => startMariadb() },
] as const;

for (const { suite, start } of servers) {
  suite("a server's clock that is set by hours", () => {
    // Within: what is skipped names the nearest that is not on the machine.
    describeClock("while it is watched", () => {
      let folder: string;
      let clock: ShiftedClock;
      let server: MysqlServer;
      let session: Connection;
      let executed = 0;

      beforeAll(async () => {
        folder = await mkdtemp(join(tmpdir(), "dbintel-server-clock-"));
        await chmod(folder, 0o755); // the server is another user's
        clock = new ShiftedClock(join(folder, "time"));
        await clock.set("+0h");
        server = await start();
        await server.restart({}, clock.lazyEnv);
        await server.query("CREATE DATABASE app");
        await server.query("CREATE TABLE app.counted (id int PRIMARY KEY)");
        await server.query(
          "UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' WHERE NAME LIKE 'events_statements_%'",
        );
        session = await server.connect({ database: "app" });
      }, slowMs);
      afterAll(async () => {
        session?.destroy();
        await server?.stop();
        await rm(folder, { recursive: true, force: true });
      });

      /** Sets it, and waits until the server has seen that. */
      async function set(offset: string): Promise<void> {
        await clock.set(offset);
        await eventually(`the server's clock shows ${offset}`, async () => {
          const [row] = await server.query<RowDataPacket & { now: string }>("SELECT UNIX_TIMESTAMP(NOW()) AS now");
          const shown = Number(row?.now) * 1000 - Date.now();
          return Math.abs(shown - Number.parseInt(offset, 10) * hourMs) < hourMs / 2 ? true : undefined;
        });
      }

      async function execute(times: number): Promise<void> {
        for (let time = 0; time < times; time++) await session.query("SELECT id FROM counted");
        // The server counts a statement after it has answered, and before it takes the next.
        await session.query("DO 0");
        executed += times;
      }

      const countedBy = (events: readonly Event[]) =>
        events
          .filter((event) => event.text("db.query.text").includes("FROM `counted`"))
          .reduce((sum, event) => sum + event.counter("count_star"), 0);

      /** What is told while it is set forward, back, and to before the server's start. */
      async function history() {
        const statements = new Collector(server, {
          clock: new RunningClock(),
          reportsSchema: (schema) => schema === "app",
        });
        const look = watch(server);
        // The server remembers ten statements of a session: all that this one executes.
        const named = await server.connect();
        const counted: (readonly [reported: number, executed: number])[] = [];
        const ended: string[] = [];
        const points: SeenPoint[] = [];
        await statements.poll();
        await look.pollActivity();
        for (const [round, offset] of ["+2h", "+0h", "-2h"].entries()) {
          await execute(7);
          await named.query(`SELECT 1 AS before_${round}`);
          await set(offset);
          await execute(5);
          await statements.poll();
          await execute(3);
          await statements.poll();
          counted.push([countedBy(statements.events), executed]);
          for (const moment of ["before", "after"]) {
            if (moment === "after") {
              await named.query(`SELECT 1 AS after_${round}`);
              // It has ended for the server as well when that takes what comes next.
              await named.ping();
            }
            const events = eventsOf((await look.pollActivity()).batches);
            const finished = events.filter((event) => event.text("dbintel.sample.reason") === "finished");
            ended.push(...finished.flatMap((event) => /\b(?:before|after)_\d/.exec(event.text("db.query.text")) ?? []));
          }
          for (const { batches } of [await look.pollMetrics(), await look.pollObjects()])
            points.push(...pointsOf(batches));
        }
        named.destroy();
        await statements.close();
        await look.close();
        return { counted, events: statements.events, ended, points };
      }
      let told: Awaited<ReturnType<typeof history>>;
      beforeAll(async () => {
        told = await history();
      }, slowMs);

      it("each execution is told once, of an interval as long as the time that passed", () => {
        for (const [reported, truth] of told.counted) expect(reported).toBe(truth);
        const lengths = told.events.map((event) => {
          const startNano = event.attributes.get("dbintel.interval.start_time_unix_nano");
          return typeof startNano === "bigint" ? event.timeUnixNano - startNano : -1n;
        });
        expect(lengths.length).toBeGreaterThan(told.counted.length);
        // However far it was set, forward or back.
        expect(lengths.filter((each) => each < 0n || each > longestNano)).toEqual([]);
      });

      it("what has ended is told once", () => {
        expect(told.ended).toEqual([...new Set(told.ended)]);
        // What ended shortly before it was set back is told by nobody.
        expect(told.ended).toEqual(expect.arrayContaining(["before_0", "after_1"]));
      });

      it("counters go on from the same start, and no uptime is below zero", () => {
        const counters = told.points.filter(({ monotonic }) => monotonic);
        expect(counters.length).toBeGreaterThan(150);
        expect(new Set(counters.map(({ startTimeUnixNano }) => startTimeUnixNano)).size).toBe(1);
        const uptimes = counters.filter(({ name }) => name === "mysql.uptime").map(({ value }) => Number(value));
        expect(uptimes.length).toBeGreaterThanOrEqual(2);
        expect(Math.max(...uptimes)).toBeLessThan(3 * 3600);
      });

      it("a session that waits has lost no hours, and never less than before", async () => {
        await set("+0h");
        const look = watch(server, { host: createTestHost({ clock: new RunningClock() }) });
        const [holder, waiter] = [await server.connect({ database: "app" }), await server.connect({ database: "app" })];
        await holder.query("INSERT IGNORE INTO counted VALUES (1)");
        await holder.beginTransaction();
        await holder.query("SELECT id FROM counted WHERE id = 1 FOR UPDATE");
        // A timeout of the server passes with its clock.
        await waiter.query("SET SESSION innodb_lock_wait_timeout = 1000000");
        const waiting = waiter.query("DELETE FROM counted WHERE id = 1").catch(() => {});
        const longestSeconds = Number(longestNano) / 1e9;
        await expectNoHoursLost({ set, poll: () => look.pollActivity(), longestSeconds });
        holder.destroy();
        waiter.destroy();
        await waiting;
        await look.close();
      });

      it("no lifetime is told when the collector is restarted, or has lost its session, meanwhile", async () => {
        const collector = new Collector(server, { reportsSchema: (schema) => schema === "app" });
        await collector.poll();
        const before = executed;
        for (const [offset, disturb] of [
          ["-4h", () => collector.restart()],
          ["-6h", () => server.query(`KILL CONNECTION ${collector.session}`)],
        ] as const) {
          await execute(2);
          await set(offset);
          await disturb();
          await execute(1);
          await collector.poll();
          expect(countedBy(collector.events), offset).toBe(executed - before);
        }
        await collector.close();
      });
    });
  });
}
