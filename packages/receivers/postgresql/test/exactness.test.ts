import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { eventsOf, type SeenEvent } from "@dbintel/pipeline/testing";
import type { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { watchStatements } from "./watch.ts";

/** Statements that the load runs, each a shape of its own; the last is rare. */
const statements = Array.from(
  { length: 40 },
  (_, index) => `SELECT c${1 + (index % 8)}, c${1 + (index >> 3)} FROM wide`,
);

interface Totals {
  calls: number;
  rows: number;
  seconds: number;
}

function sum(events: readonly SeenEvent[]): Totals {
  return events.reduce(
    (totals, event) => ({
      calls: totals.calls + event.number("postgresql.calls"),
      rows: totals.rows + event.number("postgresql.rows"),
      seconds: totals.seconds + event.number("postgresql.total_exec_time"),
    }),
    { calls: 0, rows: 0, seconds: 0 },
  );
}

for (const major of [13, 14, 15, 16, 17, 18]) {
  describePostgres(major, "differences of statements sum to the truth", () => {
    let server: PostgresServer;
    let load: Client;
    let watch: ReturnType<typeof watchStatements>;
    /** What was polled in this test, `other` rows included. */
    let events: SeenEvent[];

    async function poll(): Promise<SeenEvent[]> {
      const polled = eventsOf((await watch.poll()).batches);
      events.push(...polled);
      return polled;
    }

    async function run(count: number, texts: readonly string[] = statements): Promise<void> {
      for (let index = 0; index < count; index++) await load.query(texts[index % texts.length] ?? "");
    }

    beforeAll(async () => {
      server = await startPostgres({
        major,
        settings: { "pg_stat_statements.track": "all", "pg_stat_statements.max": 1000 },
      });
      const columns = Array.from({ length: 60 }, (_, index) => `c${index + 1} int DEFAULT 0`);
      await server.query("CREATE DATABASE app");
      await server.query(`CREATE TABLE wide (${columns.join(", ")})`, [], { database: "app" });
      await server.query("INSERT INTO wide DEFAULT VALUES", [], { database: "app" });
    });

    afterAll(() => server.stop());

    beforeEach(async () => {
      await server.query("SELECT pg_stat_statements_reset()");
      events = [];
      load = await server.connect({ database: "app" });
      // Fewer places than statements, so that the sum over `other` matters.
      watch = watchStatements(server, { limit: 8, reportsDatabase: (name) => name === "app" });
    });

    afterEach(async () => {
      await load.end();
      await watch.close();
    });

    /** What the server itself counted for the load, by a query that has nothing to do with the receiver. */
    async function counted(): Promise<Totals> {
      const [row] = await server.query<Record<keyof Totals, string>>(
        `SELECT sum(calls) AS calls, sum(rows) AS rows, sum(total_exec_time) / 1000 AS seconds
           FROM pg_stat_statements JOIN pg_database d ON d.oid = dbid WHERE datname = 'app'`,
      );
      return { calls: Number(row?.calls ?? 0), rows: Number(row?.rows ?? 0), seconds: Number(row?.seconds ?? 0) };
    }

    function expectTotals(truth: Totals): void {
      const totals = sum(events);
      expect(totals.calls).toBe(truth.calls);
      expect(totals.rows).toBe(truth.rows);
      expect(totals.seconds).toBeCloseTo(truth.seconds, 6);
    }

    it("over several polls, the first of which shows nothing of the past", async () => {
      await run(500);
      const before = await counted();
      expect(before.calls).toBe(500);
      expect(await poll()).toEqual([]);
      for (const count of [40, 1, 333, 77]) {
        await run(count);
        const polled = await poll();
        expect(sum(polled).calls).toBe(count);
        // 8 by time, 2 by each of 6 other measures, half as many again that stay, and the rest of the database in one.
        expect(polled.length).toBeLessThanOrEqual(31);
      }
      const after = await counted();
      expectTotals({
        calls: after.calls - before.calls,
        rows: after.rows - before.rows,
        seconds: after.seconds - before.seconds,
      });
    });

    it("when all statistics are reset between two polls", async () => {
      await poll();
      await run(200);
      await poll();
      const first = await counted();
      await server.query("SELECT pg_stat_statements_reset()");
      // More than before the reset, so that no counter looks as if it had fallen.
      await run(700);
      await poll();
      const second = await counted();
      if (major >= 14) {
        expectTotals({
          calls: first.calls + second.calls,
          rows: first.rows + second.rows,
          seconds: first.seconds + second.seconds,
        });
      } else {
        expect(sum(events).calls).toBeLessThanOrEqual(first.calls + second.calls);
      }
    });

    it("when one entry is reset", async () => {
      const [text = ""] = statements;
      await poll();
      await run(90, [text]);
      await poll();
      const first = await counted();
      await server.query(
        `SELECT pg_stat_statements_reset(userid, dbid, queryid)
           FROM pg_stat_statements JOIN pg_database d ON d.oid = dbid WHERE datname = 'app'`,
      );
      await run(30, [text]);
      const polled = await poll();
      const second = await counted();
      expect(sum(polled).calls).toBe(30);
      expect(polled[0]?.text("dbintel.delta.kind")).toBe(major >= 17 ? "recreated" : "reset_inferred");
      expectTotals({
        calls: first.calls + second.calls,
        rows: first.rows + second.rows,
        seconds: first.seconds + second.seconds,
      });
    });

    it("over a clean restart, which keeps the statistics", async () => {
      await poll();
      await run(120);
      await poll();
      await load.end();
      await server.restart();
      load = await server.connect({ database: "app" });
      await run(60);
      await poll();
      await run(20);
      await poll();
      const truth = await counted();
      expect(truth.calls).toBe(200);
      // PostgreSQL 13 does not tell whether its statistics are the same: the interval of the restart is only remembered.
      if (major >= 14) expectTotals(truth);
      else expect(sum(events).calls).toBe(140);
    });

    it("over a crash, which loses the statistics", async () => {
      await poll();
      await run(120);
      await poll();
      const first = await counted();
      await crash();
      load = await server.connect({ database: "app" });
      await run(400);
      await poll().catch(() => poll()); // the session was lost in the crash
      const second = await counted();
      expect(second.calls).toBe(400);
      const truth = first.calls + second.calls;
      if (major >= 14) {
        expectTotals({ calls: truth, rows: first.rows + second.rows, seconds: first.seconds + second.seconds });
      } else {
        expect(sum(events).calls).toBeLessThanOrEqual(truth);
        expect(sum(events).calls).toBeGreaterThanOrEqual(first.calls);
      }
    });

    /** Kills a backend, upon which the server ends all others and begins anew with empty shared memory. */
    async function crash(): Promise<void> {
      const starts = async () => (await server.log()).split("ready to accept connections").length;
      const before = await starts();
      const victim = await server.connect();
      const { rows } = await victim.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      const lost = new Promise((resolve) => victim.once("end", resolve));
      process.kill(rows[0]?.pid ?? Number.NaN, "SIGKILL");
      await lost;
      await load.end();
      // Until the server has noticed, it still lets sessions in that it ends a moment later.
      await eventually("the server has recovered", async () => ((await starts()) > before ? true : undefined));
    }

    it("never more than the truth while the server throws entries out", async () => {
      await poll();
      let executed = 0;
      // 100 is the smallest maximum; ours is 1000, and a round has 1,200 shapes.
      for (let round = 0; round < 3; round++) {
        const texts = Array.from({ length: 1200 }, (_, index) => {
          const number = round * 600 + index;
          return `SELECT c${1 + (number % 60)}, c${1 + (Math.floor(number / 60) % 60)} FROM wide`;
        });
        await run(texts.length, texts);
        executed += texts.length;
        await poll();
      }
      const [info] = await server.query<{ dealloc: string }>(
        major >= 14 ? "SELECT dealloc FROM pg_stat_statements_info" : "SELECT 1 AS dealloc",
      );
      expect(Number(info?.dealloc)).toBeGreaterThan(0);
      const seen = sum(events).calls;
      expect(seen).toBeLessThanOrEqual(executed);
      expect(seen).toBeGreaterThan(executed / 2);
    });

    it("whatever happens to a poll whose data never left", async () => {
      await poll();
      await run(50);
      await watch.peek();
      await run(50);
      await watch.peek();
      await poll();
      expectTotals(await counted());
    });
  });
}
