import { RunningClock } from "@dbintel/e2e/running-clock";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { createTestHost, pointsOf } from "@dbintel/pipeline/testing";
import type { PollResult } from "@dbintel/polling";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { watch } from "./watch.ts";

const tables = 10_000;
const schemas = 10;
/** A machine with work to do makes so many tables slowly. */
const slowMs = 300_000;
const hourMs = 3_600_000;

const servers = [
  { suite: describeOwnMysql, start: () => startMysql({ own: true }) },
  { suite: describeMariadb, start: () => startMariadb() },
] as const;

for (const { suite, start } of servers) {
  suite(`a server of ${tables} tables`, () => {
    let server: MysqlServer;
    const watches: { close(): Promise<void> }[] = [];

    beforeAll(async () => {
      server = await start();
      const maker = await server.connect({ multipleStatements: true });
      const creates = Array.from(
        { length: tables / schemas },
        (_, table) => `CREATE TABLE t${table} (id int) ENGINE=MEMORY`,
      );
      for (let schema = 0; schema < schemas; schema++) {
        await maker.query(`CREATE DATABASE crowd_${schema}; USE crowd_${schema}; ${creates.join("; ")}`);
      }
      // One that stands out.
      const numbers = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i FROM n";
      await maker.query(`INSERT INTO crowd_3.t17 ${numbers}`);
      // That has taken all the room for statements.
      await maker.query("TRUNCATE performance_schema.events_statements_summary_by_digest");
      await maker.end();
    }, slowMs);
    afterAll(() => server?.stop());
    afterEach(async () => {
      for (const each of watches.splice(0)) await each.close();
    });

    function begin(options: Parameters<typeof watch>[1]) {
      const watched = watch(server, { reportsSchema: (schema) => schema?.startsWith("crowd") === true, ...options });
      watches.push(watched);
      return watched;
    }

    const sizesOf = ({ batches }: PollResult) =>
      pointsOf(batches).filter(
        ({ name, attributes }) => name === "mysql.table.size" && attributes.get("kind") === "data",
      );

    /** How often the server was asked about its tables, and the time that it took for them. */
    async function asked(about: "COUNT(" | "AVG_ROW_LENGTH"): Promise<{ readonly times: number; readonly ms: number }> {
      const [row] = await server.query<RowDataPacket & { times: string | null; ms: string | null }>(
        `SELECT SUM(COUNT_STAR) AS times, SUM(SUM_TIMER_WAIT) / 1e9 AS ms
           FROM performance_schema.events_statements_summary_by_digest
          WHERE DIGEST_TEXT LIKE '%dbintel_own%TABLES%' AND INSTR(REPLACE(DIGEST_TEXT, ' ', ''), ?) > 0`,
        [about],
      );
      return { times: Number(row?.times ?? 0), ms: Number(row?.ms ?? 0) };
    }

    it("is not asked for their sizes, which is a problem that says so", async () => {
      const polled = await begin({}).pollObjects();
      expect(sizesOf(polled)).toEqual([]);
      expect(polled.problems).toMatchObject([
        {
          message: `${server.host}:${server.port} has ${tables} tables: their sizes are not asked for`,
          hint: expect.stringContaining("raise max_sized_tables"),
        },
      ]);
      expect((await asked("AVG_ROW_LENGTH")).times).toBe(0);
      // What they are used for is told all the same.
      expect(pointsOf(polled.batches).some(({ attributes }) => attributes.get("table") === "t17")).toBe(true);
    });

    it("is asked for them where that is wanted: the largest one by one, and in 1 % of the time", async () => {
      const clock = new RunningClock();
      const objects = { max_sized_tables: tables, max_tables: 10, size_interval: "1s" };
      const watched = begin({ host: createTestHost({ clock }), objects });
      const first = await watched.pollObjects();
      expect(first.problems).toEqual([]);
      const sizes = sizesOf(first);
      expect(sizes).toHaveLength(11);
      expect(sizes[0]?.attributes.get("table")).toBe("t17");
      expect(sizes.at(-1)?.attributes.get("dbintel.aggregate")).toBe("other");
      const { times, ms } = await asked("AVG_ROW_LENGTH");
      expect(times).toBe(schemas);
      expect(ms).toBeGreaterThan(0);
      // It rests a hundred times as long as that took; what is known is told meanwhile.
      await clock.advance(99 * ms);
      expect(sizesOf(await watched.pollObjects())).toHaveLength(11);
      expect((await asked("AVG_ROW_LENGTH")).times).toBe(schemas);
      await clock.advance(hourMs);
      await watched.pollObjects();
      expect((await asked("AVG_ROW_LENGTH")).times).toBe(2 * schemas);
    });

    it("rests as long after a look that took too long, and says so meanwhile", async () => {
      const clock = new RunningClock();
      const objects = { max_sized_tables: tables, size_interval: "1s" };
      const enabled = ({ name }: { readonly name: string }) => name === "mysql.table.size";
      const watched = begin({ host: createTestHost({ clock }), objects, enabled, statementTimeoutMs: 5 });
      const count = async () => (await asked("AVG_ROW_LENGTH")).times + (await asked("COUNT(")).times;
      const before = await count();
      const givenUp = [{ code: "DBI_TIMEOUT" }];
      expect((await watched.pollObjects()).problems).toMatchObject(givenUp);
      const after = await count();
      expect(after).toBeGreaterThan(before);
      expect((await watched.pollObjects()).problems).toMatchObject(givenUp);
      expect(await count()).toBe(after);
      await clock.advance(hourMs);
      await watched.pollObjects();
      expect(await count()).toBeGreaterThan(after);
    });
  });
}
