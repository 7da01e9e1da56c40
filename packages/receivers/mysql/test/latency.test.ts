import { eventually } from "@dbintel/e2e/condition";
import { RunningClock } from "@dbintel/e2e/running-clock";
import { type MysqlServer, startMysql } from "@dbintel/e2e/servers";
import { describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import type { ExponentialHistogram } from "@dbintel/pdata";
import { createTestHost, pointsOf, type SeenPoint } from "@dbintel/pipeline/testing";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { watch } from "./watch.ts";

const statement = "SELECT SUM(n) FROM numbers WHERE n > 7";
const slower = "SELECT SLEEP(0.05) AS pause";

describeOwnMysql("distributions of durations", () => {
  let server: MysqlServer;
  let load: Connection;
  let watched: ReturnType<typeof watch>;

  beforeAll(async () => {
    server = await startMysql({ own: true });
    await server.query("CREATE DATABASE app_a");
    await server.query("CREATE TABLE app_a.numbers (n int)");
    await server.query("INSERT INTO app_a.numbers VALUES (3), (8), (9)");
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    load = await server.connect({ database: "app_a" });
    watched = watch(server, { reportsSchema: (schema) => schema === "app_a" });
  });
  afterEach(async () => {
    await load.end();
    await watched.close();
  });

  /** What the server itself says that one statement of the load took. */
  async function picosecondsOf(like: string): Promise<bigint> {
    const [row] = await server.query<RowDataPacket & { readonly picoseconds: string }>(
      `SELECT CAST(COALESCE(SUM(SUM_TIMER_WAIT), 0) AS CHAR) AS picoseconds
         FROM performance_schema.events_statements_summary_by_digest
        WHERE SCHEMA_NAME = 'app_a' AND DIGEST_TEXT LIKE ?`,
      [like],
    );
    return BigInt(row?.picoseconds ?? 0);
  }

  /** Runs a statement; the server has counted it then, with what it took: it does so before it takes what comes next. */
  async function run(sql: string, times: number): Promise<void> {
    for (let time = 0; time < times; time++) await load.query(sql);
    await load.ping();
  }

  async function poll(): Promise<readonly SeenPoint[]> {
    const result = await watched.poll();
    expect(result.problems ?? []).toEqual([]);
    return pointsOf(result.batches).filter(({ distribution }) => distribution !== undefined);
  }

  /** The distribution of the statement that took longest. */
  function longest(points: readonly SeenPoint[]): SeenPoint & { readonly distribution: ExponentialHistogram } {
    const [first] = points
      .filter(({ name }) => name === "dbintel.mysql.query.duration")
      .toSorted((a, b) => (b.distribution?.sum ?? 0) - (a.distribution?.sum ?? 0));
    if (first?.distribution?.type !== "exponential_histogram") throw new Error("there is no distribution");
    return { ...first, distribution: first.distribution };
  }

  it("count every execution, and their sum is what the server measured", async () => {
    await run(statement, 3);
    expect(await poll()).toEqual([]);
    await run(statement, 2);
    // Its past is unknown.
    expect((await poll()).filter(({ name }) => name === "dbintel.mysql.query.duration")).toEqual([]);
    let start = await picosecondsOf("%SUM%");
    let startNano = 0n;
    for (const times of [40, 1, 17]) {
      await run(statement, times);
      const point = longest(await poll());
      const picoseconds = await picosecondsOf("%SUM%");
      expect(point).toMatchObject({ type: "exponential_histogram", unit: "s" });
      expect(point.distribution.count).toBe(BigInt(times));
      expect(point.distribution.sum).toBeCloseTo(Number(picoseconds - start) / 1e12, 12);
      expect(point.attributes.get("db.namespace")).toBe("app_a");
      expect(point.attributes.get("db.query.id")).toMatch(/^[0-9a-f]{64}$/);
      if (startNano > 0n) expect(point.startTimeUnixNano).toBe(startNano);
      [start, startNano] = [picoseconds, point.timeUnixNano];
    }
  });

  it("tell how long each took, from the first interval of a statement on", async () => {
    await server.query("TRUNCATE performance_schema.events_statements_summary_by_digest");
    await poll();
    await run(slower, 4);
    const { distribution } = longest(await poll());
    const picoseconds = await picosecondsOf("%SLEEP%");
    expect(distribution.count).toBe(4n);
    expect(distribution.sum).toBeCloseTo(Number(picoseconds) / 1e12, 12);
    // None took less than it slept, by more than a bucket is inexact.
    expect(2 ** (distribution.positive.offset * 2 ** -distribution.scale)).toBeGreaterThan(0.046);
    expect(distribution.zeroCount).toBe(0n);
  });

  it("cover the time since they were read last when a statement comes back among the top ones", async () => {
    await poll();
    await run(statement, 1);
    await poll();
    await run(statement, 5);
    const { timeUnixNano } = longest(await poll());
    await run(slower, 1);
    await poll();
    await run(statement, 9);
    const point = longest(await poll());
    expect(point.distribution.count).toBe(9n);
    expect(point.startTimeUnixNano).toBe(timeUnixNano);
  });

  it("begin anew when the summary is emptied, and have no sum when the histograms alone are", async () => {
    await run(statement, 1);
    await poll();
    await run(statement, 1);
    await poll();
    await run(statement, 6);
    await server.query("TRUNCATE performance_schema.events_statements_summary_by_digest");
    await run(statement, 4);
    const anew = longest(await poll());
    expect(anew.distribution.count).toBe(4n);
    expect(anew.distribution.sum).toBeCloseTo(Number(await picosecondsOf("%SUM%")) / 1e12, 12);

    await server.query("TRUNCATE performance_schema.events_statements_histogram_by_digest");
    await run(statement, 2);
    const { count, sum } = longest(await poll()).distribution;
    expect({ count, sum }).toEqual({ count: 2n, sum: undefined });
  });

  it("are told of all statements together", async () => {
    const all = (points: readonly SeenPoint[]) => {
      const { distribution, startTimeUnixNano, timeUnixNano } =
        points.find(({ name }) => name === "dbintel.mysql.statements.duration") ?? {};
      return { count: Number(distribution?.count ?? 0), sum: distribution?.sum ?? 0, startTimeUnixNano, timeUnixNano };
    };
    // A restart takes long: the clock of the receiver has to go as the server's does, or that was set.
    await watched.close();
    watched = watch(server, { host: createTestHost({ clock: new RunningClock() }) });
    await poll();
    const first = all(await poll());
    await run(statement, 100);
    const second = all(await poll());
    expect(second.startTimeUnixNano).toBe(first.timeUnixNano);
    expect(second.count).toBeGreaterThanOrEqual(100);
    await server.restart();
    await load.end();
    load = await server.connect({ database: "app_a" });
    await run(statement, 30);
    const third = all(await eventually("a session was opened again", () => poll().catch(() => undefined)));
    expect(third.startTimeUnixNano).toBe(second.timeUnixNano);
    expect(third.count).toBeGreaterThanOrEqual(30);
    expect(third.sum).toBeGreaterThan(0);
  });
});
