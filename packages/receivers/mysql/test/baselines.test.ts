import { eventually } from "@dbintel/e2e/condition";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import type { Batch } from "@dbintel/pdata";
import { createTestHost, FakeClock, MemoryStorage, pointsOf, type SeenPoint } from "@dbintel/pipeline/testing";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { mysql } from "../src/index.ts";
import { type Event, eventsOf, never } from "./watch.ts";

const plain = "SELECT SUM(n) FROM numbers";
const prepared = "SELECT n FROM numbers WHERE n > ?";
const intervalMs = 10_000;
/** Polls whose ends are told. */
const awaited = ["statements", "objects", "metrics"];
/** So much that the table has a series of its own, also where another is waited for by accident: times are compared. */
const bulk = `INSERT INTO busy WITH RECURSIVE some AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM some WHERE n < 200)
              SELECT a.n FROM some a, some b`;

const servers = [
  { product: "mysql", describe: describeOwnMysql, start: () => startMysql({ own: true }) },
  {
    product: "mariadb",
    describe: describeMariadb,
    start: () => startMariadb({ "performance-schema-consumer-events-statements-current": true }),
  },
] as const;

for (const { product, describe, start } of servers) {
  describe("a collector restart", () => {
    let server: MysqlServer;
    let load: Connection;
    const running: (() => Promise<void>)[] = [];

    beforeAll(async () => {
      server = await start();
      await server.query("CREATE DATABASE app");
      for (const table of ["numbers", "busy"]) await server.query(`CREATE TABLE app.${table} (n int)`);
      // It never waits for the disk, so that it is not waited for longer than the busy one.
      await server.query("CREATE TABLE app.quiet (n int) ENGINE=MEMORY");
      await server.query("INSERT INTO app.numbers VALUES (3), (8), (9)");
      load = await server.connect({ database: "app" });
    });
    afterEach(async () => {
      for (const stop of running.splice(0)) await stop();
    });
    afterAll(async () => {
      await load?.end();
      await server?.stop();
    });

    /** What the server has counted of the load, as soon as it is so much. */
    async function counted(statements: string): Promise<{ readonly calls: number; readonly picoseconds: bigint }> {
      const [row] = await server.query<RowDataPacket & { readonly calls: string; readonly picoseconds: string }>(
        `SELECT CAST(COALESCE(SUM(COUNT_STAR), 0) AS CHAR) AS calls,
                CAST(COALESCE(SUM(SUM_TIMER_WAIT), 0) AS CHAR) AS picoseconds FROM performance_schema.${statements}`,
      );
      return { calls: Number(row?.calls ?? 0), picoseconds: BigInt(row?.picoseconds ?? 0) };
    }

    const plainCount = () =>
      counted("events_statements_summary_by_digest WHERE SCHEMA_NAME = 'app' AND DIGEST_TEXT LIKE 'SELECT SUM%'");
    const preparedCount = () =>
      counted("events_statements_summary_global_by_event_name WHERE EVENT_NAME = 'statement/com/Execute'");

    /** Works so many times, and waits until the server has counted it: it does so after it has answered. */
    async function work(times: { readonly plain: number; readonly prepared: number; readonly inserts: number }) {
      const before = { plain: await plainCount(), prepared: await preparedCount() };
      await load.query(bulk);
      for (let time = 0; time < times.plain; time++) await load.query(plain);
      for (let time = 0; time < times.prepared; time++) await load.execute(prepared, [time]);
      for (let time = 0; time < times.inserts; time++) await load.query(`INSERT INTO quiet VALUES (${time})`);
      await eventually("the server has counted", async () => {
        const grown = [(await plainCount()).calls, (await preparedCount()).calls];
        const wanted = [before.plain.calls + times.plain, before.prepared.calls + times.prepared];
        return grown.join() === wanted.join() ? true : undefined;
      });
    }

    /** The receiver in a process of its own, with what one before has kept; all of them live on one clock. */
    async function collector({ storage, clock }: { readonly storage: MemoryStorage; readonly clock: FakeClock }) {
      const { definition, config } = mysql({
        ...{ endpoint: `${server.host}:${server.port}`, username: server.superuser, password: server.password },
        ...{ tls: { insecure: true }, initial_delay: "0s", timeout: "1h" },
        // Time passes here while answers are under way: none of them is slow or dear.
        ...{ budget: { max_database_share: "100000%" }, circuit_breaker: { slow_call_duration: "10h" } },
        ...{ databases: ["app"], active_sessions: { enabled: false } },
        collection_interval: "10s",
        top_query_collection: { collection_interval: "10s", max_explain_each_interval: 0 },
        object_collection: { collection_interval: "10s", max_tables: 1 },
      });
      const batches: Batch[] = [];
      const consume = async (batch: Batch) => void batches.push(batch);
      const host = createTestHost({ clock, storage });
      const component = definition.create({
        id: "mysql",
        config,
        host,
        next: { logs: { consume }, metrics: { consume } },
      });
      await component.start({ signal: never });
      const stop = () => component.stop({ signal: never });
      running.push(stop);
      return {
        stop,
        /** Has it poll once more, each kind once, and tells what that brought: none is under way afterwards. */
        async told(): Promise<{ readonly events: readonly Event[]; readonly points: readonly SeenPoint[] }> {
          const ends = (poll: string) => host.lines.filter(({ message }) => message === `poll of ${poll}: ok`).length;
          const before = awaited.map(ends);
          await clock.advance(intervalMs);
          await eventually("it has polled", () =>
            awaited.every((poll, at) => ends(poll) > (before[at] ?? 0)) ? true : undefined,
          );
          const taken = batches.splice(0);
          return { events: eventsOf(taken), points: pointsOf(taken) };
        },
      };
    }

    function callsOf(events: readonly Event[]) {
      const isPrepared = (event: Event) =>
        event.text("db.query.text").startsWith("EXECUTE") || event.text("dbintel.delta.kind").startsWith("prepared");
      const sum = (some: readonly Event[]) => some.reduce((calls, event) => calls + event.counter("count_star"), 0);
      return {
        plain: sum(events.filter((event) => event.text("db.query.text").startsWith("SELECT SUM"))),
        prepared: sum(events.filter(isPrepared)),
      };
    }

    const distributions = (points: readonly SeenPoint[]) =>
      points.filter(({ distribution }) => distribution !== undefined);

    it("loses no interval and reports no lifetime as an interval", async () => {
      const process = { storage: new MemoryStorage(), clock: new FakeClock() };
      await work({ plain: 50, prepared: 50, inserts: 50 });
      const first = await collector(process);
      const initial = await first.told();
      expect(callsOf(initial.events)).toEqual({ plain: 0, prepared: 0 });
      expect(distributions(initial.points)).toEqual([]);
      await work({ plain: 2, prepared: 3, inserts: 0 });
      const before = await first.told();
      expect(callsOf(before.events)).toEqual({ plain: 2, prepared: 3 });
      const { picoseconds } = await plainCount();
      await work({ plain: 7, prepared: 4, inserts: 5 });
      await first.stop();
      await work({ plain: 11, prepared: 6, inserts: 9 });

      const after = await (await collector(process)).told();
      expect(callsOf(after.events)).toEqual({ plain: 18, prepared: 10 });
      if (product === "mysql") {
        const all = (points: readonly SeenPoint[]) =>
          points.find(({ name }) => name === "dbintel.mysql.statements.duration");
        expect(all(after.points)?.startTimeUnixNano).toBe(all(before.points)?.timeUnixNano);
        const counts = distributions(after.points)
          .filter(({ name }) => name === "dbintel.mysql.query.duration")
          .map(({ distribution }) => distribution);
        const seconds = Number((await plainCount()).picoseconds - picoseconds) / 1e12;
        const ofPlain = counts.find((distribution) => Math.abs((distribution?.sum ?? 0) - seconds) < 1e-9);
        expect(ofPlain?.count).toBe(18n);
      }

      // What tables without a series of their own have counted goes on.
      const rest = (points: readonly SeenPoint[]) =>
        points.find(
          ({ name, attributes }) =>
            name === "mysql.table.io.wait.count" &&
            attributes.get("dbintel.aggregate") === "other" &&
            attributes.get("operation") === "insert",
        );
      expect(Number(rest(after.points)?.value) - Number(rest(before.points)?.value)).toBe(14);
      expect(rest(after.points)?.startTimeUnixNano).toBe(rest(before.points)?.startTimeUnixNano);

      // Cumulative counters begin where they began, to the nanosecond: elsewhere they would look as if they had begun anew.
      const starts = ({ points }: { readonly points: readonly SeenPoint[] }) =>
        new Set(points.filter(({ name }) => name === "mysql.handlers").map((point) => point.startTimeUnixNano));
      expect(starts(after)).toEqual(starts(before));
      expect(starts(before).size).toBe(1);
    });

    it("without what was kept tells nothing of before", async () => {
      const anew = await (await collector({ storage: new MemoryStorage(), clock: new FakeClock() })).told();
      expect(callsOf(anew.events)).toEqual({ plain: 0, prepared: 0 });
      expect(distributions(anew.points)).toEqual([]);
    });
  });
}
