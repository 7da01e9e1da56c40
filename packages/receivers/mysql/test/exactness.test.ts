import { eventually } from "@dbintel/e2e/condition";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { pointsOf } from "@dbintel/pipeline/testing";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { type Event, eventsOf, watch } from "./watch.ts";

/** Statements that the load runs, each a shape of its own. */
const statements = Array.from(
  { length: 24 },
  (_, index) => `SELECT c${1 + (index % 8)}, c${1 + (index >> 3)} FROM wide`,
);

/** Where the test itself asks: in a schema whose statements nobody reports, whenever the server counts them. */
const aside = { database: "mysql" };

/** More shapes than are executed while a test waits. */
const quiet = Array.from({ length: 120 }, (_, index) => `SELECT ${"c1 + ".repeat(index + 1)}1 FROM wide`);

interface Totals {
  readonly calls: number;
  readonly rows: number;
  readonly seconds: number;
}

function sum(events: readonly Event[]): Totals {
  const total = (name: string) => events.reduce((all, event) => all + event.counter(name), 0);
  return { calls: total("count_star"), rows: total("returned_rows"), seconds: total("sum_timer_wait") };
}

const servers = [
  { describe: describeOwnMysql, start: () => startMysql({ own: true }) },
  { describe: describeMariadb, start: () => startMariadb() },
];

for (const { describe, start } of servers) {
  describe("differences of statements sum to the truth", () => {
    let server: MysqlServer;
    /** One session for each schema. */
    let load: ReadonlyMap<string, Connection>;
    let watched: ReturnType<typeof watch>;
    /** What was polled in this test, `other` events included. */
    let events: Event[];

    async function poll(): Promise<Event[]> {
      const polled = eventsOf((await watched.poll()).batches);
      events.push(...polled);
      return polled;
    }

    /** What the server itself counted for the load, by a query that has nothing to do with the receiver. */
    async function counted(): Promise<Totals> {
      const [row] = await server.query<RowDataPacket & Record<keyof Totals, string>>(
        `SELECT COALESCE(SUM(COUNT_STAR), 0) AS calls, COALESCE(SUM(SUM_ROWS_SENT), 0) AS \`rows\`,
                COALESCE(SUM(SUM_TIMER_WAIT), 0) / 1e12 AS seconds
           FROM performance_schema.events_statements_summary_by_digest
          WHERE SCHEMA_NAME LIKE 'app_%'`,
        [],
        aside,
      );
      return { calls: Number(row?.calls), rows: Number(row?.rows), seconds: Number(row?.seconds) };
    }

    /** How often the receiver has read the summary, and how many rows it was sent. */
    async function readings(): Promise<{ readonly count: number; readonly rows: number }> {
      const [row] = await server.query<RowDataPacket>(
        `SELECT SUM(COUNT_STAR) AS count, SUM(SUM_ROWS_SENT) AS sent
           FROM performance_schema.events_statements_summary_by_digest
          WHERE DIGEST_TEXT LIKE '%dbintel\\_own%FIRST\\_SEEN%'`,
        [],
        aside,
      );
      return { count: Number(row?.count), rows: Number(row?.sent) };
    }

    /** Runs statements, and waits until the server has counted them: it does so after it has answered. */
    async function run(count: number, schema = "app_a"): Promise<void> {
      const before = await counted();
      const session = load.get(schema);
      for (let index = 0; index < count; index++) await session?.query(statements[index % statements.length] ?? "");
      await eventually("the server has counted", async () =>
        (await counted()).calls === before.calls + count ? true : undefined,
      );
    }

    async function connect(): Promise<void> {
      const schemas = ["app_a", "app_b"];
      const sessions = await Promise.all(schemas.map((database) => server.connect({ database })));
      load = new Map(schemas.map((schema, index) => [schema, sessions[index] as Connection]));
    }

    async function disconnect(): Promise<void> {
      await Promise.all([...load.values()].map((session) => session.end()));
    }

    const empty = () => server.query("TRUNCATE performance_schema.events_statements_summary_by_digest", [], aside);

    beforeAll(async () => {
      server = await start();
      const columns = Array.from({ length: 10 }, (_, index) => `c${index + 1} int DEFAULT 0`);
      for (const schema of ["app_a", "app_b"]) {
        await server.query(`CREATE DATABASE ${schema}`);
        await server.query(`CREATE TABLE ${schema}.wide (${columns.join(", ")})`);
        await server.query(`INSERT INTO ${schema}.wide () VALUES ()`);
      }
    });

    afterAll(() => server?.stop());

    beforeEach(async () => {
      await empty();
      events = [];
      await connect();
      // Fewer places than statements, so that the sum over `other` matters.
      watched = watch(server, { limit: 8, reportsSchema: (schema) => schema?.startsWith("app_") ?? false });
    });

    afterEach(async () => {
      await disconnect();
      await watched.close();
    });

    function expectTotals(truth: Totals): void {
      const totals = sum(events);
      expect(totals.calls).toBe(truth.calls);
      expect(totals.rows).toBe(truth.rows);
      expect(totals.seconds).toBeCloseTo(truth.seconds, 9);
    }

    it("over several polls, the first of which shows nothing of the past", async () => {
      await run(50);
      const before = await counted();
      expect(await poll()).toEqual([]);
      for (const count of [24, 1, 77]) {
        await run(count);
        const polled = await poll();
        expect(sum(polled).calls).toBe(count);
        // 8 by time, 2 by calls, and the rest of the schema in one.
        expect(polled.length).toBeLessThanOrEqual(11);
      }
      const after = await counted();
      expectTotals({
        calls: after.calls - before.calls,
        rows: after.rows - before.rows,
        seconds: after.seconds - before.seconds,
      });
    });

    it("when the summary is emptied between two polls, also when it counts more afterwards", async () => {
      await poll();
      await run(30);
      await poll();
      const first = await counted();
      await empty();
      await run(100);
      const polled = await poll();
      const second = await counted();
      expect(new Set(polled.map((event) => event.text("dbintel.delta.kind")))).toEqual(new Set(["recreated", "other"]));
      expectTotals({ calls: 130, rows: first.rows + second.rows, seconds: first.seconds + second.seconds });
    });

    it("without reading again what has been quiet, for sessions that have set the time for themselves too", async () => {
      const session = load.get("app_a");
      for (const sql of quiet) await session?.query(sql);
      await eventually("the server has counted", async () =>
        (await counted()).calls === quiet.length ? true : undefined,
      );
      await poll();
      let nowMs = performance.now();
      /** Polls, on a clock that goes as the server's does; how many rows were sent for it, at least. */
      const rowsRead = async () => {
        const elapsedMs = performance.now() - nowMs;
        nowMs += elapsedMs;
        await watched.host.clock.advance(elapsedMs);
        const before = await readings();
        await poll();
        const after = await eventually("the server has counted the reading", async () => {
          const read = await readings();
          return read.count > before.count ? read : undefined;
        });
        return after.rows - before.rows;
      };
      const first = await counted();
      const leavesAlone = async () => {
        await run(1);
        return (await rowsRead()) < quiet.length ? true : undefined;
      };
      await eventually("quiet statements are left alone", leavesAlone);
      for (const seconds of [1, 2_000_000_000]) {
        const before = await counted();
        await session?.query(`SET timestamp = ${seconds}`);
        for (const sql of statements) await session?.query(sql);
        await eventually("the server has counted", async () =>
          (await counted()).calls === before.calls + 1 + statements.length ? true : undefined,
        );
        await rowsRead();
      }
      await session?.query(quiet[0] ?? "");
      const truth = await eventually("the server has counted", async () => {
        const now = await counted();
        return now.calls > first.calls + sum(events).calls ? now : undefined;
      });
      await poll();
      expectTotals({
        calls: truth.calls - first.calls,
        rows: truth.rows - first.rows,
        seconds: truth.seconds - first.seconds,
      });
      const misdated = await server.query<RowDataPacket>(
        `SELECT DIGEST FROM performance_schema.events_statements_summary_by_digest
          WHERE SCHEMA_NAME = 'app_a' AND ABS(TIMESTAMPDIFF(SECOND, LAST_SEEN, NOW())) > 3600`,
      );
      expect(misdated).toEqual([]);
    });

    it("when the server is restarted", async () => {
      await poll();
      await run(30);
      await poll();
      const first = await counted();
      await disconnect();
      // Room for few statements, for the test of what happens when there is none.
      await server.restart({ "performance-schema-digests-size": 80 });
      void watched.host.clock.advance(60_000);
      await connect();
      await run(100);
      await eventually("a session was opened again", () => poll().catch(() => undefined));
      const second = await counted();
      expectTotals({ calls: 130, rows: first.rows + second.rows, seconds: first.seconds + second.seconds });
    });

    it("for one digest in two schemas", async () => {
      await poll();
      await run(10, "app_a");
      await run(14, "app_b");
      const polled = await poll();
      const rowsOf = (schema: string) => sum(polled.filter((event) => event.text("db.namespace") === schema)).rows;
      expect({ a: rowsOf("app_a"), b: rowsOf("app_b") }).toEqual({ a: 10, b: 14 });
    });

    it("for a session that has chosen no schema, whose statements no event names a schema for", async () => {
      await watched.close();
      watched = watch(server, { reportsSchema: (schema) => schema === null });
      await poll();
      for (let index = 0; index < 7; index++) {
        await server.query("SELECT c1, 'secret', 42 FROM app_a.wide AS unchosen");
      }
      await eventually("the server has counted", async () => {
        await poll();
        const unchosen = events.filter((event) => event.text("db.query.text").includes("unchosen"));
        return sum(unchosen).calls === 7 ? true : undefined;
      });
      const named = events.filter((event) => event.text("db.query.text").includes("unchosen"));
      expect(named.every((event) => !event.attributes.has("db.namespace"))).toBe(true);
      expect(JSON.stringify(events.map((event) => [...event.attributes].map(String)))).not.toContain("secret");
      // The collector's own sessions have none either, and are left out.
      expect(events.map((event) => event.text("db.query.text")).join("\n")).not.toContain("performance_schema");
    });

    it("when a poll's telemetry did not leave, so that the next one covers both intervals", async () => {
      await poll();
      await run(9);
      await watched.peek();
      await run(4);
      await poll();
      expect(sum(events).rows).toBe(13);
    });

    it("when the server has no row left for new statements: those are one event", async () => {
      await poll();
      const counts = Array.from({ length: 120 }, (_, index) => index + 1);
      const session = load.get("app_b");
      for (const count of counts)
        await session?.query(`INSERT INTO wide (c1) SELECT ${"c1 + ".repeat(count)}1 FROM app_a.wide`);
      // Nothing that the collector asks affects a row.
      const affected = () => events.reduce((all, event) => all + event.counter("sum_rows_affected"), 0);
      await eventually("the server has counted", async () => {
        await poll();
        return affected() >= counts.length ? true : undefined;
      });
      expect(affected()).toBe(counts.length);
      const overflow = events.filter((event) => event.text("dbintel.delta.kind") === "overflow");
      expect(overflow.reduce((all, event) => all + event.counter("sum_rows_affected"), 0)).toBeGreaterThan(40);
      expect(overflow.some((event) => event.attributes.has("db.query.text"))).toBe(false);
      const lost = pointsOf((await watched.poll()).batches).find(
        ({ name }) => name === "dbintel.mysql.statements.lost",
      );
      expect(Number(lost?.value)).toBeGreaterThan(40);
    });
  });
}
