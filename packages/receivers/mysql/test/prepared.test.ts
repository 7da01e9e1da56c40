import { eventually } from "@dbintel/e2e/condition";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { pointsOf } from "@dbintel/pipeline/testing";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { type Event, eventsOf, watch } from "./watch.ts";

const statement = "SELECT n FROM numbers WHERE n > ? -- by 'ann'";

/** What a suite needs of a server with a table, and one session of an application. */
function prepare(start: () => Promise<MysqlServer>) {
  let server: MysqlServer;
  let load: Connection;
  let watched: ReturnType<typeof watch>;

  beforeAll(async () => {
    server = await start();
    await server.query("CREATE DATABASE app_a");
    await server.query("CREATE TABLE app_a.numbers (n int)");
    await server.query("INSERT INTO app_a.numbers VALUES (3), (8), (9)");
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    load = await server.connect({ database: "app_a" });
    watched = watch(server);
  });
  afterEach(async () => {
    await load.end();
    await watched.close();
  });

  /** How long the server has executed by the protocol of prepared statements since its start. */
  async function executedSeconds(): Promise<number> {
    const [row] = await server.query<RowDataPacket & { readonly picoseconds: string }>(
      `SELECT CAST(SUM_TIMER_WAIT AS CHAR) AS picoseconds
         FROM performance_schema.events_statements_summary_global_by_event_name
        WHERE EVENT_NAME = 'statement/com/Execute'`,
    );
    return Number(row?.picoseconds) / 1e12;
  }

  return {
    get server() {
      return server;
    },
    get load() {
      return load;
    },
    get watched() {
      return watched;
    },
    executedSeconds,
    /** Executes; the server has counted it then: it does so before it takes what comes next. */
    async run(times: number, sql = statement, session = load): Promise<void> {
      for (let time = 0; time < times; time++) await session.execute(sql, [time]);
      await session.ping();
    },
    async poll(): Promise<readonly Event[]> {
      const { batches, problems = [] } = await watched.poll();
      expect(problems).toEqual([]);
      return eventsOf(batches).filter((event) => event.text("db.query.text").includes("numbers") || isPrepared(event));
    },
  };
}

const kindOf = (event: Event) => event.text("dbintel.delta.kind");
const isPrepared = (event: Event) => kindOf(event).startsWith("prepared");
const callsOf = (events: readonly Event[]) => events.reduce((sum, event) => sum + event.counter("count_star"), 0);

/** The metrics about prepared statements, without what their names begin with. */
async function metricsOf(watched: ReturnType<typeof watch>): Promise<Record<string, number>> {
  const prefix = "dbintel.mysql.prepared_statements.";
  const points = pointsOf((await watched.pollMetrics()).batches).filter(({ name }) => name.startsWith(prefix));
  return Object.fromEntries(points.map(({ name, value }) => [name.slice(prefix.length), Number(value)]));
}

describeOwnMysql("executions of prepared statements", () => {
  const on = prepare(() => startMysql({ own: true }));

  it("are told once, from version 9 on by the summary of statements", async () => {
    await on.poll();
    await on.run(7);
    const events = await on.poll();
    const isInSummary = Number.parseInt(on.server.version, 10) >= 9;
    const inSummary = events.filter((event) => event.text("db.query.text").startsWith("EXECUTE"));
    expect(callsOf(inSummary)).toBe(isInSummary ? 7 : 0);
    const told = events.filter(isPrepared).map((event) => [event.text("db.query.text"), event.counter("count_star")]);
    expect(told).toEqual(isInSummary ? [] : [["SELECT n FROM numbers WHERE n > ?", 7]]);
    expect(events.map((event) => event.counter("returned_rows")).reduce((sum, rows) => sum + rows, 0)).toBe(17);
  });
});

describeMariadb("executions of prepared statements", () => {
  const on = prepare(() => startMariadb());
  const switchConsumer = (enabled: "YES" | "NO") =>
    on.server.query(`UPDATE performance_schema.setup_consumers SET ENABLED = '${enabled}'
                      WHERE NAME = 'events_statements_current'`);

  it("are in one sum where the server does not count them one by one", async () => {
    await on.poll();
    await on.run(7);
    const events = await on.poll();
    expect(events.map((event) => [kindOf(event), event.counter("count_star"), event.counter("returned_rows")])).toEqual(
      [["prepared_other", 7, 17]],
    );
    expect(events[0]?.attributes.has("db.namespace")).toBe(false);
  });

  it("are told by text and schema, of all sessions together, with the rest of those that were closed", async () => {
    await switchConsumer("YES");
    const other = await on.server.connect({ database: "app_a" });
    const gone = await on.server.connect({ database: "app_a" });
    await on.poll();
    const before = await on.executedSeconds();
    await on.run(4);
    await on.run(3, statement, other);
    await on.run(5, "SELECT n + ? FROM numbers AS closed", gone);
    await gone.end();
    // What it has executed is in the sums of its account only then.
    await eventually("it is gone with its statements", async () => {
      const sql = "SELECT 1 FROM performance_schema.threads WHERE PROCESSLIST_ID = ?";
      return (await on.server.query(sql, [gone.threadId])).length === 0 ? true : undefined;
    });
    const events = await on.poll();
    const after = await on.executedSeconds();
    expect(events.map((event) => [kindOf(event), event.counter("count_star"), event.text("db.namespace")])).toEqual([
      ["prepared", 7, "app_a"],
      ["prepared_other", 5, ""],
    ]);
    const [first] = events;
    expect(first?.text("db.query.text")).toBe("SELECT n FROM numbers WHERE n > ?");
    expect(first?.text("db.query.fingerprint")).toMatch(/^v1:[0-9a-f]{64}$/);
    expect(first?.attributes.get("dbintel.statement.count")).toBe(2n);
    expect(first?.counter("returned_rows")).toBe(20);
    const seconds = events.reduce((sum, event) => sum + event.counter("sum_timer_wait"), 0);
    expect(seconds).toBeCloseTo(after - before, 9);

    // A statement that was prepared again, by a session that prepares another at the same time.
    const { reprepared = 0 } = await metricsOf(on.watched);
    await on.server.query("ALTER TABLE app_a.numbers COMMENT 'altered'");
    await on.run(2);
    expect(await metricsOf(on.watched)).toEqual({ open: 2, limit: 16_382, reprepared: reprepared + 1 });
    on.load.unprepare(statement);
    await on.run(6);
    const [again, rest] = await on.poll();
    expect([callsOf([again, rest].filter((each) => each !== undefined)), again?.counter("count_star")]).toEqual([8, 6]);
    await other.end();
  });

  it("are told from a restart of the server on", async () => {
    await on.poll();
    await on.run(3);
    await on.poll();
    await on.load.end();
    await on.server.restart({ "performance-schema-consumer-events-statements-current": true });
    const load = await on.server.connect({ database: "app_a" });
    await on.run(11, statement, load);
    const events = await eventually("a session was opened again", () => on.poll().catch(() => undefined));
    expect(callsOf(events.filter(isPrepared))).toBe(11);
    const points = pointsOf((await on.watched.poll()).batches);
    expect(points.filter(({ distribution }) => distribution !== undefined)).toEqual([]);
    await load.end();
  });
});
