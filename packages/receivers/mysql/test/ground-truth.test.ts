import { eventually } from "@dbintel/e2e/condition";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { otherStatements } from "@dbintel/e2e/shop-load";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { Collector, startPair } from "./collectors.ts";
import { farCounters } from "./far-counters.ts";
import { createShop, Load, type Place, reported } from "./load.ts";

const schemas = ["one", "two"];
const places: readonly Place[] = [{ schema: "one" }, { schema: "two" }, { schema: null, tables: "one" }];
const reportsSchema = (schema: string | null) => schema === null || schemas.includes(schema);
const twoHoursNano = 7_200_000_000_000n;

const servers = [
  { suite: describeOwnMysql, start: () => startMysql({ own: true }) },
  { suite: describeMariadb, start: () => startMariadb() },
];

for (const { suite, start } of servers) {
  suite("what is reported of a load is what it did", () => {
    let server: MysqlServer;
    let load: Load;
    let collector: Collector;

    beforeAll(async () => {
      server = await start();
      for (const schema of schemas) await createShop(server, schema);
    });
    afterAll(() => server?.stop());
    beforeEach(() => {
      load = new Load(server);
      collector = new Collector(server, { reportsSchema });
    });
    afterEach(async () => {
      await load.disconnect();
      await collector.close();
    });

    /** Empties the summary. MariaDB knows in which second a statement was first seen: not in the same one. */
    async function empty(): Promise<void> {
      const summary = "performance_schema.events_statements_summary_by_digest";
      await eventually("the second is over", async () => {
        const [row] = await server.query<RowDataPacket & { over: number }>(
          `SELECT MAX(FIRST_SEEN) < NOW() - INTERVAL 1 SECOND AS \`over\` FROM ${summary}`,
        );
        return row?.over === 1 ? true : undefined;
      });
      await server.query(`TRUNCATE ${summary}`);
    }

    function expectTruth(): void {
      const seen = reported(collector.events);
      expect([...seen.keys()].toSorted()).toEqual([...load.executed.keys()].toSorted());
      for (const [name, { calls, rows, seconds }] of load.executed) {
        expect(seen.get(name), name).toMatchObject({ calls, rows });
        // The server's time is a part of the client's.
        expect(seen.get(name)?.seconds, name).toBeLessThanOrEqual(seconds);
        expect(seen.get(name)?.seconds, name).toBeGreaterThan(0);
      }
    }

    it("statement by statement, for one digest in two schemas and sessions that have chosen none", async () => {
      await load.mix(3, { schema: "one" }); // unknown to the receiver: it began later
      load.executed.clear();
      await collector.poll();
      for (let round = 1; round <= 4; round++) {
        for (const place of places) await load.mix(3 * round, place);
        await collector.poll();
      }
      expectTruth();
      const digests = new Map<string, Set<string>>();
      for (const event of collector.events) {
        const digest = event.text("mysql.events_statements_summary_by_digest.digest");
        digests.set(digest, (digests.get(digest) ?? new Set()).add(event.text("db.namespace")));
      }
      expect([...digests.values()].filter((each) => each.size === 2).length).toBeGreaterThanOrEqual(6);
    });

    it("whoever is on top: events and their sums", async () => {
      await collector.close();
      collector = new Collector(server, { limit: 2, reportsSchema: (schema) => schema !== null });
      await collector.poll();
      for (const name of ["customer", "orders_of", "regions", "turnover", "add_line", "reprice"] as const) {
        await load.mix(4, { schema: "one" });
        await load.run(name, 20, { schema: "two" });
        await collector.poll();
      }
      const rows = (accounts: Load["executed"]) =>
        [...accounts.values()].reduce((sum, account) => sum + account.rows, 0);
      const seen = reported(collector.events);
      expect(seen.has(`one/${otherStatements}`)).toBe(true);
      expect(rows(seen)).toBe(rows(load.executed));
    });

    const disturbances: readonly (readonly [string, () => Promise<unknown>])[] = [
      ["the summary is emptied", () => empty()],
      ["the collector is restarted", () => collector.restart()],
      ["telemetry of a poll is not taken", () => collector.pollInVain()],
      ["the collector's clock is set two hours on", async () => collector.setClock(twoHoursNano)],
      ["the collector's clock is set two hours back", async () => collector.setClock(-twoHoursNano)],
      [
        "its session ends while its clock is set back",
        async () => {
          await server.query(`KILL CONNECTION ${collector.session}`);
          collector.setClock(-twoHoursNano);
        },
      ],
      [
        "the collector is restarted, and the summary emptied meanwhile",
        async () => {
          await empty();
          await load.mix(2, { schema: "two" });
          await collector.restart();
        },
      ],
    ];

    it.each(disturbances)("when %s", async (_, disturb) => {
      await collector.poll();
      for (const place of places) await load.mix(3, place);
      await collector.poll();
      await disturb();
      for (const place of places) await load.mix(7, place); // more than before, which hides a reset
      await collector.poll();
      await load.mix(1, { schema: "one" });
      await collector.poll();
      expectTruth();
    });

    it("when counters pass what a double holds, and picoseconds begin again at the end of 64 bits", async () => {
      await using far = await farCounters(server);
      await collector.close();
      collector = new Collector(far, { reportsSchema });
      const place = { schema: "one" };
      await load.mix(3, place);
      await far.leaveToTheEnd("SCHEMA_NAME = 'one'");
      await collector.poll();
      load.executed.clear();
      const before = await far.picoseconds("SCHEMA_NAME = 'one'");
      await load.mix(5, place);
      await collector.poll();
      const after = await far.picoseconds("SCHEMA_NAME = 'one'");
      expect(before.some((each, row) => each > (after[row] ?? each))).toBe(true);
      expectTruth();
    });

    it("at most, however often that one of two collectors loses the lease which reports it", async () => {
      await using pair = await startPair(server);
      const [place, names] = [{ schema: "two" }, ["customer", "orders_of", "regions"] as const];
      const counted = (name: string) => reported(pair.events).get(`two/${name}`)?.calls ?? 0;
      for (const name of names) {
        await pair.until("one of them reports what is executed", async () => {
          await load.run(name, 1, place);
          return counted(name) > 0 ? true : undefined;
        });
        await load.run(name, 3, place);
        await pair.endSessions();
      }
      expect(pair.begun).toBeGreaterThanOrEqual(names.length);
      for (const name of names) {
        expect(counted(name)).toBeLessThanOrEqual(load.executed.get(`two/${name}`)?.calls ?? 0);
      }
    });

    it("when collector and server are restarted, and the server then has room for few statements", async () => {
      await collector.poll();
      await load.mix(3, { schema: "one" });
      await collector.poll();
      await load.disconnect();
      await server.restart({ "performance-schema-digests-size": 60 });
      await collector.restart();
      const session = await server.connect({ database: "two" });
      for (let columns = 1; columns <= 80; columns++) {
        await session.query(
          `SELECT ${Array.from({ length: columns }, () => "id").join(", ")} FROM products WHERE false`,
        );
      }
      await session.end();
      for (const place of places) await load.mix(6, place);
      await collector.poll();
      await load.mix(2, { schema: "two" });
      const last = await collector.poll();
      // Nobody else changes a row, so that the row of all that found none of their own tells of the load alone.
      expect(last.some((event) => event.text("dbintel.delta.kind") === "overflow")).toBe(true);
      const changed = collector.events.reduce((sum, event) => sum + event.counter("sum_rows_affected"), 0);
      const truth = [...load.executed].filter(([name]) => /\/(add_line|reprice)$/.test(name));
      expect(changed).toBe(truth.reduce((sum, [, { rows }]) => sum + rows, 0));
    });
  });
}
