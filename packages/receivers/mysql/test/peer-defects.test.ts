/*
 * What other collectors get wrong at MySQL and MariaDB, each as a test that a receiver with the same defect fails. The
 * titles say the defect; the numbers are those of COMPARISON.md, up to 20 the same as for PostgreSQL.
 */
import { eventually } from "@dbintel/e2e/condition";
import { RunningClock } from "@dbintel/e2e/running-clock";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { createTestHost } from "@dbintel/pipeline/testing";
import { planAttributes, readPlan } from "@dbintel/plans";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { finishedStatementsSql } from "../src/activity/finished-statements.ts";
import { summaryView } from "./far-counters.ts";
import { mixesAndWithOr } from "./sql-lint.ts";
import { type Event, eventsOf, watch } from "./watch.ts";

const digests = "performance_schema.events_statements_summary_by_digest";
const reportsSchema = (schema: string | null) => schema === null || schema === "shop" || schema === "quiet";

/** Few enough that a test can fill them. */
const room = { "performance-schema-digests-size": 500 };

const servers = [
  { product: "mysql", suite: describeOwnMysql, start: () => startMysql({ own: true, settings: room }) },
  { product: "mariadb", suite: describeMariadb, start: () => startMariadb(room) },
] as const;

for (const { product, suite, start } of servers) {
  suite("defects of other collectors", () => {
    let server: MysqlServer;
    let session: Connection;
    const watches: { close(): Promise<void> }[] = [];

    beforeAll(async () => {
      server = await start();
      for (const sql of [
        "UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' WHERE NAME LIKE 'events_statements_%'",
        "CREATE DATABASE shop",
        "CREATE DATABASE quiet",
        ...["shop.once_slow", "shop.orders", "shop.stock", "quiet.orders"].flatMap((table) => [
          `CREATE TABLE ${table} (id int PRIMARY KEY, v varchar(100)) ENGINE=InnoDB`,
          `INSERT INTO ${table} VALUES ${Array.from({ length: 100 }, (_, id) => `(${id}, 'v${id}')`).join(", ")}`,
        ]),
      ]) {
        await server.query(sql);
      }
    });
    afterAll(() => server?.stop());

    beforeEach(async () => {
      session = await server.connect({ database: "shop" });
    });
    afterEach(async () => {
      session.destroy();
      for (const each of watches.splice(0)) await each.close();
    });

    function begin(options: Parameters<typeof watch>[1] = {}, of: Parameters<typeof watch>[0] = server) {
      const watched = watch(of, { reportsSchema, ...options });
      watches.push(watched);
      return {
        ...watched,
        /** The events of one poll. */
        events: async (): Promise<readonly Event[]> => eventsOf((await watched.poll()).batches),
      };
    }

    async function run(sql: string, times: number, client = session): Promise<void> {
      for (let index = 0; index < times; index++) await client.query(sql);
      // The server counts a statement after it has answered, and before it takes the next.
      await client.query("DO 0");
    }

    const about = (events: readonly Event[], part: string) =>
      events.find((event) => event.text("db.query.text").includes(part));

    it("1 — averages over the life of an entry: a statement that was slow once outranks the one that is slow now", async () => {
      const { events } = begin({ limit: 1 });
      await events();
      await run("SELECT sleep(0.3) FROM once_slow LIMIT 1", 1);
      expect((await events())[0]?.text("db.query.text")).toContain("once_slow");
      await run("SELECT sleep(0) FROM once_slow LIMIT 1", 1);
      await run("SELECT sleep(0.5) FROM orders LIMIT 1", 1);
      expect((await events())[0]?.text("db.query.text")).toContain("orders");
    });

    it("2 — rows that were looked at and changed, called reads and writes of the disk", async () => {
      const { events } = begin();
      await events();
      await run("SELECT count(*) FROM stock AS looked_at WHERE v LIKE '%7'", 2);
      const event = about(await events(), "looked_at");
      const [truth] = await server.query<RowDataPacket & { examined: string; sent: string }>(
        `SELECT SUM_ROWS_EXAMINED AS examined, SUM_ROWS_SENT AS sent FROM ${digests} WHERE DIGEST_TEXT LIKE '%looked_at%'`,
      );
      expect(event?.counter("examined_rows")).toBe(Number(truth?.examined));
      expect(event?.counter("returned_rows")).toBe(2);
      for (const name of event?.attributes.keys() ?? []) expect(name).not.toMatch(/disk_(read|write)|avg_/);
    });

    it("3 — waits of a thread given to each of its statements: more of them than time has passed", async () => {
      await server.query(
        "UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' WHERE NAME LIKE 'events_waits_%' AND NAME NOT LIKE '%long'",
      );
      const before = await server.query<RowDataPacket & { name: string }>(
        "SELECT NAME AS name FROM performance_schema.setup_instruments WHERE NAME LIKE 'wait/%' AND ENABLED = 'NO'",
      );
      await server.query(
        "UPDATE performance_schema.setup_instruments SET ENABLED = 'YES', TIMED = 'YES' WHERE NAME LIKE 'wait/%'",
      );
      const watched = begin();
      const last = new Map<string, bigint>();
      let summed = 0;
      await eventually("waits have been summed", async () => {
        // Many statements of one thread, each with waits, between two looks; the last one lasts.
        for (let count = 0; count < 8; count++) await session.query(`SELECT v FROM stock WHERE id = ${count}`);
        const lasting = session.query("SELECT sleep(0.3) FROM stock LIMIT 1");
        for (let looks = 0; looks < 2; looks++) {
          const sums = new Map<string, { seconds: number; timeUnixNano: bigint }>();
          for (const event of eventsOf((await watched.pollActivity()).batches)) {
            const { timeUnixNano, attributes } = event;
            const seconds = attributes.get("mysql.waits.seconds");
            const own = Array.isArray(seconds) ? seconds.reduce<number>((sum, each) => sum + Number(each), 0) : 0;
            const others = sums.get(event.text("mysql.session.id"))?.seconds ?? 0;
            sums.set(event.text("mysql.session.id"), { seconds: own + others, timeUnixNano });
          }
          for (const [thread, { seconds, timeUnixNano }] of sums) {
            const sinceNano = last.get(thread);
            last.set(thread, timeUnixNano);
            if (sinceNano === undefined || seconds === 0) continue;
            expect(seconds).toBeLessThanOrEqual((Number(timeUnixNano - sinceNano) / 1e9) * (1 + 1e-9));
            summed++;
          }
        }
        await lasting;
        return summed >= 3 ? true : undefined;
      });
      const names = before.map(({ name }) => name);
      await server.query(
        "UPDATE performance_schema.setup_instruments SET ENABLED = 'NO' WHERE NAME LIKE 'wait/%' AND NAME IN (?)",
        [names],
      );
      await server.query(
        "UPDATE performance_schema.setup_consumers SET ENABLED = 'NO' WHERE NAME LIKE 'events_waits_%'",
      );
    });

    it("4 — plans of texts that were cut off: plans of other statements, or errors", async () => {
      const { events } = begin({ explain: {} });
      await events();
      await run(`SELECT id, id FROM orders WHERE v <> '${"long ".repeat(2000)}' LIMIT 1`, 1);
      const long = about(await events(), "orders");
      expect(long?.attributes.has("mysql.query_plan")).toBe(false);
      expect(long?.text("db.query.plan.absent_reason")).toBe("cut_off");
    });

    it("5 — `A AND x > ? OR x <= ?`: where a timer begins again, all other conditions are without effect", async () => {
      await session.query("CREATE PROCEDURE inner_one() SELECT count(*) FROM stock AS inner_statement");
      await session.query("CALL inner_one()");
      await session.query("DROP PROCEDURE inner_one");
      await run("SELECT /* dbintel */ NULL", 1);
      const names = await server.query<RowDataPacket & { name: string }>(
        "SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_NAME = 'events_statements_current'",
      );
      // A window that begins just before the end of 64 bits and ends now.
      const timer = 2n ** 63n;
      const sql = finishedStatementsSql(new Set(names.map(({ name }) => name.toUpperCase())), {
        ...{ mark: { timer: 5n, seen: new Set<string>() }, timer, limit: 1000 },
      });
      expect(mixesAndWithOr(sql)).toBe(false);
      const rows = await server.query<RowDataPacket & { sql_text: string | null }>(sql);
      const texts = rows.map(({ sql_text: text }) => text ?? "");
      expect(texts).toContain("CALL inner_one()");
      expect(texts.filter((text) => text.includes("inner_statement") && text.startsWith("SELECT"))).toEqual([]);
      expect(texts.filter((text) => text.includes("/* dbintel */"))).toEqual([]);
    });

    it("5 — and in no statement that is ever sent OR stands beside AND", async () => {
      await server.query("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = 1");
      const watched = begin({ explain: {} });
      await watched.poll();
      await run("SELECT v FROM orders WHERE id = 3", 2);
      await watched.poll();
      await watched.pollActivity();
      await watched.pollDeadlocks();
      await watched.pollActiveSessions();
      await watched.pollMetrics();
      await server.query("SET GLOBAL general_log = 0");
      const sent = await server.query<RowDataPacket & { sql: string }>(
        "SELECT CONVERT(argument USING utf8mb4) AS `sql` FROM mysql.general_log WHERE argument LIKE '%/* dbintel */%'",
      );
      expect(sent.length).toBeGreaterThan(15);
      expect(sent.map(({ sql }) => sql).filter(mixesAndWithOr)).toEqual([]);
    });

    it("6 — `SCHEMA_NAME NOT IN (…)`: statements of sessions without a schema are dropped", async () => {
      const { events } = begin();
      await events();
      const bare = await server.connect();
      await run("SELECT count(*) FROM shop.stock AS without_schema", 3, bare);
      bare.destroy();
      const event = about(await events(), "without_schema");
      expect(event?.counter("count_star")).toBe(3);
      expect(event?.attributes.has("db.namespace")).toBe(false);
    });

    it("9 — the first interval of a new statement is lost, and a row of which one column fell", async () => {
      const { events } = begin();
      await events();
      await run("SELECT id FROM stock LIMIT 1", 3);
      expect(about(await events(), "stock")?.counter("count_star")).toBe(3);
      await server.query(`TRUNCATE ${digests}`);
      await run("SELECT id FROM stock LIMIT 1", 2);
      expect(about(await events(), "stock")?.counter("count_star")).toBe(2);
    });

    it("10 — the same digest in two schemas counted as one", async () => {
      const { events } = begin();
      const elsewhere = await server.connect({ database: "quiet" });
      await events();
      await run("SELECT v FROM orders WHERE id = 1", 2);
      await run("SELECT v FROM orders WHERE id = 2", 5, elsewhere);
      elsewhere.destroy();
      const seen = (await events()).filter((event) => event.text("db.query.text").includes("`orders` WHERE"));
      const digestOf = (event: Event) => event.text("mysql.events_statements_summary_by_digest.digest");
      expect(new Set(seen.map(digestOf)).size).toBe(1);
      expect(new Map(seen.map((event) => [event.text("db.namespace"), event.counter("count_star")]))).toEqual(
        new Map([
          ["shop", 2],
          ["quiet", 5],
        ]),
      );
    });

    it("11 — columns clamped one by one: after a reset calls from one epoch beside times from another", async () => {
      const { events } = begin();
      await events();
      // One slow execution, then many quick ones after a reset: calls grow, time falls.
      await run("SELECT sleep(0.3) FROM stock LIMIT 1", 1);
      await events();
      await server.query(`TRUNCATE ${digests}`);
      await run("SELECT sleep(0) FROM stock LIMIT 1", 20);
      const seen = about(await events(), "stock");
      const [truth] = await server.query<RowDataPacket & { seconds: string }>(
        `SELECT SUM_TIMER_WAIT / 1e12 AS seconds FROM ${digests} WHERE DIGEST_TEXT LIKE '%stock%'`,
      );
      expect(seen?.counter("count_star")).toBe(20);
      expect(seen?.counter("returned_rows")).toBe(20);
      expect(seen?.counter("sum_timer_wait")).toBeCloseTo(Number(truth?.seconds), 9);
    });

    it("12 — only falling calls are a reset: one with as many after it as before goes unseen", async () => {
      const calls = 10;
      const { events } = begin();
      await run("SELECT v FROM orders LIMIT 1", calls);
      await events();
      // MariaDB knows in which second a statement was first seen.
      await eventually("the second is over", async () => {
        const [row] = await server.query<RowDataPacket & { over: number }>(
          `SELECT MAX(FIRST_SEEN) < NOW() - INTERVAL 1 SECOND AS \`over\` FROM ${digests} WHERE SCHEMA_NAME = 'shop'`,
        );
        return row?.over === 1 ? true : undefined;
      });
      await events();
      await server.query(`TRUNCATE ${digests}`);
      await run("SELECT v FROM orders LIMIT 1", calls);
      const seen = about(await events(), "orders");
      expect(seen?.counter("count_star")).toBe(calls);
      expect(seen?.text("dbintel.delta.kind")).toBe("recreated");
    });

    it("13 — the lifetime as the first interval", async () => {
      await run("SELECT id FROM orders LIMIT 1", 300);
      const { events } = begin();
      expect(await events()).toEqual([]);
      await run("SELECT id FROM orders LIMIT 1", 3);
      expect(about(await events(), "orders")?.counter("count_star")).toBe(3);
    });

    it("13 — 0 after a reset until the old height is reached again", async () => {
      const { events } = begin();
      await run("SELECT id FROM orders LIMIT 1", 100);
      await events();
      await server.query(`TRUNCATE ${digests}`);
      for (const calls of [7, 8]) {
        await run("SELECT id FROM orders LIMIT 1", calls);
        expect(about(await events(), "orders")?.counter("count_star")).toBe(calls);
      }
    });

    it("13 — a memory smaller than the number of statements, so that what falls out comes back with its lifetime", async () => {
      const { events } = begin({ limit: 1, reportsSchema: (schema) => schema === "quiet" });
      const shapes = Array.from(
        { length: 100 },
        (_, index) => `SELECT ${Array.from({ length: 1 + index }, () => "id").join(", ")} FROM orders LIMIT 1`,
      );
      const quiet = await server.connect({ database: "quiet" });
      for (let round = 0; round < 2; round++) for (const shape of shapes) await quiet.query(shape);
      await quiet.query("DO 0");
      await events();
      for (const shape of shapes) await quiet.query(shape);
      await quiet.query("DO 0");
      // And one or two times "DO 0", which the server counts when it is over.
      const returned = (await events()).reduce((sum, event) => sum + event.counter("returned_rows"), 0);
      expect(returned).toBe(shapes.length);
      quiet.destroy();
    });

    it("14 — seconds, milliseconds or picoseconds by the same name", async () => {
      const { events } = begin();
      await events();
      await run("SELECT sleep(0.25) FROM orders LIMIT 1", 1);
      const event = about(await events(), "orders");
      expect(event?.counter("sum_timer_wait")).toBeGreaterThanOrEqual(0.25);
      expect(event?.counter("sum_timer_wait")).toBeLessThan(60);
      expect(event?.counter("sum_lock_time")).toBeLessThan(60);
    });

    it("15 — a plan only as JSON, which a backend may take apart and drop", async () => {
      const { events } = begin({ explain: {} });
      await events();
      await run("SELECT id FROM orders WHERE id = 7", 1);
      const event = about(await events(), "orders");
      const { plan } = readPlan(event?.text("mysql.query_plan") ?? "", { syntax: product });
      if (plan === undefined) throw new Error(`there is no plan: ${event?.text("db.query.plan.absent_reason")}`);
      const attributes = planAttributes(plan);
      expect(attributes.get("db.query.plan.hash")).toBe(event?.text("mysql.query_plan.hash"));
      for (const value of attributes.values()) expect(String(value)).not.toMatch(/^\s*[[{]/);
    });

    it("16 — cut off by lifetime totals: a statement that became hot a moment ago is not among them", async () => {
      await run("SELECT sleep(0.1) FROM once_slow LIMIT 1", 10);
      const { events } = begin({ limit: 1 });
      await events();
      await run("SELECT sleep(0.5) FROM stock LIMIT 1", 1);
      expect((await events())[0]?.text("db.query.text")).toContain("stock");
    });

    it("17 — its own questions and EXPLAINs among the statements, more with each poll", async () => {
      const { events } = begin({ explain: {} });
      const rows = async () => {
        const all = await server.query<RowDataPacket & { text: string }>(`SELECT DIGEST_TEXT AS text FROM ${digests}`);
        return all.map(({ text }) => text).toSorted();
      };
      await events();
      for (let columns = 1; columns < 12; columns++) {
        await session.query(`SELECT ${Array.from({ length: columns }, () => "id").join(", ")} FROM orders LIMIT 1`);
      }
      const explained = await events();
      expect(explained.filter((event) => event.attributes.has("mysql.query_plan")).length).toBeGreaterThan(5);
      // The test's own question is a statement of the superuser, with a plan of its own.
      for (let polls = 0; polls < 3; polls++) await Promise.all([events(), rows()]);
      const settled = await rows();
      for (let polls = 0; polls < 5; polls++) {
        for (const event of await events()) expect(event.text("db.query.text")).not.toMatch(/EXPLAIN|dbintel|USE /i);
      }
      expect(await rows()).toEqual(settled);
    });

    it("19 — the monitor changes the server by itself", async () => {
      const state = () =>
        server.query(
          `SELECT 'consumer' AS kind, NAME AS name, ENABLED AS value FROM performance_schema.setup_consumers
            UNION ALL SELECT 'instrument', NAME, CONCAT(ENABLED, TIMED) FROM performance_schema.setup_instruments
            UNION ALL SELECT 'table', CONCAT(TABLE_SCHEMA, '.', TABLE_NAME), TABLE_TYPE FROM information_schema.TABLES
            UNION ALL SELECT 'routine', CONCAT(ROUTINE_SCHEMA, '.', ROUTINE_NAME), '' FROM information_schema.ROUTINES
            ORDER BY 1, 2, 3`,
        );
      const off = "UPDATE performance_schema.setup_consumers SET ENABLED = ? WHERE NAME = 'events_statements_history'";
      await server.query(off, ["NO"]);
      const before = await state();
      // As a superuser it could.
      const watched = begin({ explain: {} });
      await watched.poll();
      await run("SELECT id FROM orders WHERE id = 7", 1);
      await watched.poll();
      await watched.pollActivity();
      await watched.pollMetrics();
      expect(await state()).toEqual(before);
      await server.query(off, ["YES"]);
    });

    it("21 — a statement with a question mark in a text of it, taken for one whose values are unknown: no plan", async () => {
      const { events } = begin({ explain: {} });
      await events();
      await run("SELECT id FROM orders WHERE v <> 'why?'", 1);
      expect(about(await events(), "orders")?.text("mysql.query_plan")).toContain("orders");
    });

    it("22 — a look back of seconds by LAST_SEEN, in whose time zone ever: what is older was never there", async () => {
      const running = () => ({ host: createTestHost({ clock: new RunningClock() }) });
      const { events } = begin(running());
      await events();
      await run("SELECT v FROM stock WHERE id = 22", 1);
      const [row] = await server.query<RowDataPacket & { zone: string }>("SELECT @@GLOBAL.time_zone AS zone");
      await server.query("SET GLOBAL time_zone = '+13:00'");
      const shifted = begin(running());
      await shifted.events();
      await run("SELECT v FROM stock WHERE id = 22", 2);
      for (const [poll, calls] of [
        [events, 3],
        [shifted.events, 2],
      ] as const) {
        const event = about(await poll(), "stock");
        expect(event?.counter("count_star")).toBe(calls);
        const start = event?.attributes.get("dbintel.interval.start_time_unix_nano") as bigint;
        expect(Number((event?.timeUnixNano ?? 0n) - start) / 1e9).toBeLessThan(600);
        expect(start).toBeLessThan(event?.timeUnixNano ?? 0n);
      }
      await server.query("SET GLOBAL time_zone = ?", [row?.zone]);
    });

    it("23 — a digest that the server has several rows for (bug 79533), of which the last one counts", async () => {
      await using view = await summaryView(server, (real) => `SELECT * FROM ${real} UNION ALL SELECT * FROM ${real}`);
      const { events } = begin({}, view);
      await run("SELECT v FROM stock WHERE id = 23", 5);
      await events();
      for (const calls of [3, 4]) {
        await run("SELECT v FROM stock WHERE id = 23", calls);
        const seen = (await events()).filter((event) => event.text("db.query.text").includes("stock"));
        expect(seen.map((event) => [event.text("dbintel.delta.kind"), event.counter("count_star")])).toEqual([
          ["normal", 2 * calls],
        ]);
      }
    });

    it("24 — statements that the server has no room for left out, so that they look like silence", async () => {
      // Longer lists than these are one digest: the server looks at the beginning alone.
      const shape = (columns: number) => Array.from({ length: columns }, () => "id").join(", ");
      const tables = ["orders", "once_slow", "stock", "quiet.orders", "orders JOIN stock USING (id)"];
      for (let columns = 1; columns <= 110; columns++) {
        for (const table of tables) await session.query(`SELECT ${shape(columns)} FROM ${table} LIMIT 1`);
      }
      const { events } = begin();
      await events();
      await run("DELETE FROM stock WHERE id < 25", 1);
      const overflow = (await events()).filter((event) => event.text("dbintel.delta.kind") === "overflow");
      expect(overflow.map((event) => event.counter("sum_rows_affected"))).toEqual([25]);
    });
  });
}
