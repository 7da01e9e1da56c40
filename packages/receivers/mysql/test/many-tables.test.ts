import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { createTestHost, FakeClock, pointsOf } from "@dbintel/pipeline/testing";
import type { PollResult } from "@dbintel/polling";
import type { StatementGuard } from "@dbintel/watching";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { never, watch } from "./watch.ts";

const tables = 10_000;
const schemas = 10;
/** A machine with work to do makes and opens so many tables slowly. */
const slowMs = 900_000;
/** How long a look at sizes takes on the test's clock. */
const tookMs = 2000;

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

    type Watched = ReturnType<typeof begin>;

    /**
     * Polls; a look at sizes takes its time on the test's clock, whatever it takes on the machine's. The server gives up each
     * statement of it after `limitMs`: by default that is more than any needs on a busy machine.
     */
    function pollOf(watched: Watched, limitMs = 30_000): Promise<PollResult> {
      const guard = watched.guard();
      const slow: StatementGuard = {
        get strained() {
          return guard.strained;
        },
        ask: (asked) =>
          guard.ask({
            ...asked,
            work: async () => {
              if (asked.collectorClass !== "sizes") return await asked.work();
              watched.connection.limit(limitMs);
              await watched.host.clock.advance(tookMs);
              return await asked.work();
            },
          }),
      };
      return watched.pollObjects(slow);
    }

    /** How often the server was asked about its tables. */
    async function asked(watched: Watched, about: "COUNT(" | "AVG_ROW_LENGTH"): Promise<number> {
      // It counts a statement after it has answered, and before it takes what comes next.
      await watched.connection.ping(never);
      const [row] = await server.query<RowDataPacket & { times: string | null }>(
        `SELECT SUM(COUNT_STAR) AS times FROM performance_schema.events_statements_summary_by_digest
          WHERE DIGEST_TEXT LIKE '%dbintel_own%TABLES%' AND INSTR(REPLACE(DIGEST_TEXT, ' ', ''), ?) > 0`,
        [about],
      );
      return Number(row?.times ?? 0);
    }

    it("is not asked for their sizes, which is a problem that says so", async () => {
      const watched = begin({});
      const polled = await watched.pollObjects();
      expect(sizesOf(polled)).toEqual([]);
      expect(polled.problems).toMatchObject([
        {
          message: `${server.host}:${server.port} has ${tables} tables: their sizes are not asked for`,
          hint: expect.stringContaining("raise max_sized_tables"),
        },
      ]);
      expect(await asked(watched, "AVG_ROW_LENGTH")).toBe(0);
      // What they are used for is told all the same.
      expect(pointsOf(polled.batches).some(({ attributes }) => attributes.get("table") === "t17")).toBe(true);
    });

    it("is asked for them where that is wanted: the largest one by one, and in 1 % of the time", {
      timeout: slowMs,
    }, async () => {
      const clock = new FakeClock();
      const objects = { max_sized_tables: tables, max_tables: 10, size_interval: "1s" };
      const watched = begin({ host: createTestHost({ clock }), objects });
      const poll = () => pollOf(watched);
      const first = await poll();
      expect(first.problems).toEqual([]);
      const sizes = sizesOf(first);
      expect(sizes).toHaveLength(11);
      expect(sizes[0]?.attributes.get("table")).toBe("t17");
      expect(sizes.at(-1)?.attributes.get("dbintel.aggregate")).toBe("other");
      const times = () => asked(watched, "AVG_ROW_LENGTH");
      expect(await times()).toBe(schemas);
      // It rests a hundred times as long as that took; what is known is told meanwhile.
      await clock.advance(99 * tookMs);
      expect(sizesOf(await poll())).toHaveLength(11);
      expect(await times()).toBe(schemas);
      await clock.advance(tookMs);
      expect((await poll()).problems).toEqual([]);
      expect(await times()).toBe(2 * schemas);
    });

    it("rests as long after a look that took too long, and says so meanwhile", async () => {
      const clock = new FakeClock();
      const objects = { max_sized_tables: tables, size_interval: "1s" };
      const enabled = ({ name }: { readonly name: string }) => name === "mysql.table.size";
      const watched = begin({ host: createTestHost({ clock }), objects, enabled });
      const poll = () => pollOf(watched, 5);
      const count = async () => (await asked(watched, "AVG_ROW_LENGTH")) + (await asked(watched, "COUNT("));
      const before = await count();
      const givenUp = [{ code: "DBI_TIMEOUT" }];
      expect((await poll()).problems).toMatchObject(givenUp);
      const after = await count();
      expect(after).toBeGreaterThan(before);
      await clock.advance(99 * tookMs);
      expect((await poll()).problems).toMatchObject(givenUp);
      expect(await count()).toBe(after);
      await clock.advance(tookMs);
      await poll();
      expect(await count()).toBeGreaterThan(after);
    });
  });
}
