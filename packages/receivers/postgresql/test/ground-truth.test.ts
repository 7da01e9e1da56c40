import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { otherStatements } from "@dbintel/e2e/shop-load";
import { eventsOf, pointsOf, type SeenEvent } from "@dbintel/pipeline/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { createShop, Load, reported } from "./load.ts";
import { startStandby } from "./standby.ts";
import { startWithCounters } from "./statement-file.ts";
import { objects, visitDatabases } from "./visiting.ts";
import { watchStatements } from "./watch.ts";

const ann = { user: "ann", password: "ann-password" };
const ben = { user: "ben", password: "ben-password" };
const monitor = { username: "monitor", password: "monitor-password" };

/** A thousand take their time, and eight gigabytes of disk. */
const manyDatabases = Number(process.env.DBINTEL_TEST_DATABASES ?? 6);
const manyPatienceMs = 60_000 + 2000 * manyDatabases;
const mostExecutions = 7;

async function prepare(server: PostgresServer, databases: readonly string[]): Promise<void> {
  for (const { user, password } of [ann, ben]) await server.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`);
  await server.query(`CREATE ROLE ${monitor.username} LOGIN PASSWORD '${monitor.password}'`);
  for (const database of databases) await createShop(server, database);
}

/** What was polled in a test, beside what was executed. */
function watch(server: PostgresServer, databases: readonly string[], options: Parameters<typeof watchStatements>[1]) {
  const watched = watchStatements(server, { reportsDatabase: (name) => databases.includes(name), ...options });
  const events: SeenEvent[] = [];
  return {
    ...watched,
    events,
    async poll() {
      const result = await watched.poll();
      events.push(...eventsOf(result.batches));
      return result;
    },
    total: (name: "calls" | "rows" | "seconds") =>
      [...reported(events).values()].reduce((sum, each) => sum + each[name], 0),
  };
}

for (const major of [13, 18]) {
  describePostgres(major, "what is reported of a load is what it did", () => {
    const databases = ["one", "two"];
    let server: PostgresServer;
    let load: Load;
    let watched: ReturnType<typeof watch>;

    beforeAll(async () => {
      server = await startPostgres({ major });
      await prepare(server, databases);
    });
    afterAll(() => server.stop());
    beforeEach(() => {
      load = new Load(server);
      watched = watch(server, databases, {});
    });
    afterEach(async () => {
      await load.disconnect();
      await watched.close();
    });

    it("statement by statement, for two users with the same texts in two databases", async () => {
      await load.mix(3, { database: "one", ...ann }); // unknown to the receiver: it began later
      load.executed.clear();
      await watched.poll();
      for (let round = 1; round <= 4; round++) {
        for (const database of databases) {
          for (const user of [ann, ben]) await load.mix(3 * round, { database, ...user });
        }
        await watched.poll();
      }
      const seen = reported(watched.events);
      expect([...seen.keys()].toSorted()).toEqual([...load.executed.keys()].toSorted());
      for (const [name, { calls, rows, seconds }] of load.executed) {
        expect(seen.get(name), name).toMatchObject({ calls, rows });
        // The server's time is a part of the client's.
        expect(seen.get(name)?.seconds, name).toBeLessThanOrEqual(seconds);
        expect(seen.get(name)?.seconds, name).toBeGreaterThan(0);
      }
    });

    it("with the deviation and the extremes of each interval's own executions", async () => {
      const place = { database: "one", ...ann };
      const total = async () => {
        const [row] = await server.query<{ ms: number }>(
          "SELECT total_exec_time AS ms FROM pg_stat_statements WHERE query LIKE '% AS nap %' AND userid = 'ann'::regrole",
        );
        return row?.ms ?? 0;
      };
      /** Naps of these milliseconds; what the server took for each. */
      const nap = async (...milliseconds: number[]) => {
        const times: number[] = [];
        for (const ms of milliseconds) {
          const before = await total();
          await load.run("nap", 1, place, ms);
          times.push((await total()) - before);
        }
        return times;
      };
      // However late it wakes up, those of the interval are longer.
      const longest = Math.ceil(Math.max(...(await nap(1, 2, 3, 4))));
      await watched.poll();
      const times = await nap(longest + 20, longest + 30, longest + 55);
      const { batches } = await watched.poll();
      const event = eventsOf(batches).find((each) => each.text("db.query.text").includes("nap"));
      const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
      const deviation = Math.sqrt(times.reduce((sum, time) => sum + (time - mean) ** 2, 0) / times.length);
      expect(event?.number("postgresql.mean_exec_time")).toBeCloseTo(mean / 1000, 9);
      expect(event?.number("postgresql.stddev_exec_time")).toBeCloseTo(deviation / 1000, 9);
      expect(event?.number("postgresql.max_exec_time")).toBeCloseTo(Math.max(...times) / 1000, 9);
      // The least of all was in an earlier interval.
      expect(event?.attributes.has("postgresql.min_exec_time")).toBe(false);
      const units = String([...(batches[0]?.scopes() ?? [])][0]?.attributes.getString("dbintel.units")).split(",");
      expect(units).toEqual(expect.arrayContaining(["postgresql.total_exec_time=s", "postgresql.stddev_exec_time=s"]));
    });

    it("whoever is on top: events, their sums, and series", async () => {
      await watched.close();
      watched = watch(server, databases, { limit: 2, series: 3 });
      await watched.poll();
      let points = new Map<string, number>();
      let counted = 0;
      let selected = 0;
      // One statement after the other is the most frequent.
      for (const name of ["customer", "orders_of", "regions", "turnover", "add_line", "reprice"] as const) {
        await load.mix(4, { database: "one", ...ann });
        await load.run(name, 20, { database: "two", ...ben });
        const { batches } = await watched.poll();
        const now = new Map(
          pointsOf(batches)
            .filter((point) => point.name === "dbintel.postgresql.query.calls")
            .map((point) => [JSON.stringify([...point.attributes]), Number(point.value)]),
        );
        // Three statements and what is left of each database.
        expect(now.size).toBeLessThanOrEqual(3 + databases.length);
        for (const [series, value] of now) counted += value - (points.get(series) ?? 0);
        points = now;
        selected += reported(eventsOf(batches)).size;
      }
      const truth = [...load.executed.values()].reduce((sum, { calls }) => sum + calls, 0);
      expect(watched.total("calls")).toBe(truth);
      expect(counted).toBe(truth);
      expect(watched.total("rows")).toBe([...load.executed.values()].reduce((sum, { rows }) => sum + rows, 0));
      expect(reported(watched.events).has(`one/${otherStatements}`)).toBe(true);
      expect(selected).toBeGreaterThan(6);
    });

    it("after somebody had the extremes begin anew", async () => {
      if (major < 17) {
        // There is no such reset: no column tells since when they count.
        const columns = await server.query("SELECT attname FROM pg_attribute WHERE attname = 'minmax_stats_since'");
        expect(columns).toEqual([]);
        return;
      }
      const place = { database: "two", ...ben };
      await load.run("nap", 3, place, 30);
      await watched.poll();
      load.executed.clear();
      await load.run("nap", 1, place, 5);
      await server.query("SELECT pg_stat_statements_reset(0, 0, 0, true)");
      await load.run("nap", 2, place, 10);
      const { batches } = await watched.poll();
      const event = eventsOf(batches).find((each) => each.text("db.query.text").includes("nap"));
      expect(event?.text("dbintel.delta.kind")).toBe("normal");
      expect(event?.number("postgresql.calls")).toBe(3);
      // Known since the reset, and the event says since when that is.
      expect(event?.number("postgresql.min_exec_time")).toBeGreaterThanOrEqual(0.01);
      const since = event?.attributes.get("dbintel.minmax.start_time_unix_nano") as bigint;
      expect(since).toBeGreaterThan(event?.attributes.get("dbintel.interval.start_time_unix_nano") as bigint);
      expect(since).toBeLessThan(event?.timeUnixNano ?? 0n);
    });
  });
}

describePostgres(18, "a server that throws entries out", () => {
  it("is never said to have done more than it did, and what may be missing is told", async () => {
    await using server = await startPostgres({ settings: { "pg_stat_statements.max": 100 } });
    await prepare(server, ["one"]);
    const watched = watch(server, ["one"], {});
    const load = new Load(server);
    const session = await server.connect({ database: "one" });
    await watched.poll();
    let atRisk = 0;
    for (let round = 0; round < 5; round++) {
      await load.mix(4, { database: "one", ...ann });
      for (let table = 0; table < 150; table++) {
        // A shape for each number of columns: they crowd out what is seldom executed.
        await session.query(
          `SELECT ${Array.from({ length: 1 + table }, () => "1").join(", ")} FROM generate_series(1, ${round})`,
        );
      }
      const { batches } = await watched.poll();
      const risk = pointsOf(batches).find(({ name }) => name === "dbintel.postgresql.statements.at_risk");
      atRisk += Number(risk?.value);
    }
    const seen = reported(watched.events);
    let missing = 0;
    for (const [name, { calls, rows }] of load.executed) {
      expect(seen.get(name)?.calls ?? 0, name).toBeLessThanOrEqual(calls);
      expect(seen.get(name)?.rows ?? 0, name).toBeLessThanOrEqual(rows);
      missing += calls - (seen.get(name)?.calls ?? 0);
    }
    expect(atRisk).toBeGreaterThan(0);
    expect(missing).toBeLessThan([...load.executed.values()].reduce((sum, { calls }) => sum + calls, 0));
    await load.disconnect();
    await session.end();
    await watched.close();
  });
});

describePostgres(18, "the truth at other places", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ settings: { track_io_timing: true, shared_buffers: "1MB" } });
    await prepare(server, ["one"]);
  });
  afterAll(() => server.stop(), manyPatienceMs);

  it("where counters pass 2^53, beyond which not every integer is a number of JavaScript", async () => {
    const text = "SELECT large FROM generate_series($1, $2) AS large";
    let session = await server.connect({ database: "one" });
    const run = async (times: number) => {
      for (let index = 0; index < times; index++) await session.query(text.replace("$1", "1").replace("$2", "3"));
    };
    await run(977);
    await session.end();
    const far = 2n ** 53n;
    await startWithCounters(server, text, [
      { from: 977n, to: far - 4n },
      { from: 3n * 977n, to: far - 4n },
    ]);
    session = await server.connect({ database: "one" });
    const watched = watch(server, ["one"], {});
    await watched.poll();
    expect(watched.events).toEqual([]);
    // Below it, over it, and an odd distance behind it.
    const rounds = [2, 5, 1, 1, 4];
    for (const times of rounds) {
      await run(times);
      await watched.poll();
    }
    const events = watched.events.filter((event) => event.text("db.query.text").includes("AS large"));
    expect(events.map((event) => event.number("postgresql.calls"))).toEqual(rounds);
    expect(events.map((event) => event.number("postgresql.rows"))).toEqual(rounds.map((times) => 3 * times));
    const [row] = await server.query<{ calls: string }>(
      "SELECT calls FROM pg_stat_statements WHERE query LIKE '%AS large'",
    );
    expect(BigInt(row?.calls ?? 0)).toBe(far - 4n + BigInt(rounds.reduce((sum, times) => sum + times)));
    await session.end();
    await watched.close();
  });

  it(
    `in each of ${manyDatabases} databases`,
    async () => {
      const databases = Array.from({ length: manyDatabases }, (_, index) => `shop_${index}`);
      await server.query("CREATE TABLE customers (id int PRIMARY KEY, name text)", [], { database: "template1" });
      for (const database of databases) await server.query(`CREATE DATABASE ${database}`);
      const watched = watch(server, databases, { limit: 5 });
      const load = new Load(server);
      await watched.poll();
      for (const [index, database] of databases.entries()) {
        const times = 1 + (index % mostExecutions);
        await load.run("customer", times, { database, user: server.superuser, password: server.password });
        await load.disconnect();
        if (index % (manyDatabases / 2) === 0) await watched.poll();
      }
      await watched.poll();
      const byDatabase = new Map<string, number>();
      for (const event of watched.events) {
        const database = event.text("db.namespace");
        byDatabase.set(database, (byDatabase.get(database) ?? 0) + event.number("postgresql.calls"));
      }
      expect(byDatabase).toEqual(new Map(databases.map((database, index) => [database, 1 + (index % mostExecutions)])));
      await watched.close();

      // Inside of each of them: one session at a time, in as many rounds as it takes.
      const visits = visitDatabases(server, {
        errands: [objects()],
        reportsDatabase: (name) => databases.includes(name),
      });
      const visited = new Map<unknown, number>();
      for (let round = 0; visited.size < manyDatabases; round++) {
        expect(round).toBeLessThanOrEqual(manyDatabases);
        const { batches, problems } = await visits.round();
        expect(problems).toEqual([]);
        for (const { name, attributes, value } of pointsOf(batches)) {
          if (name === "postgresql.table.count") visited.set(attributes.get("db.namespace"), Number(value));
        }
        await visits.host.clock.advance(10_000);
      }
      expect(visited).toEqual(new Map(databases.map((database) => [database, 1])));
      await visits.close();
    },
    manyPatienceMs,
  );

  it("for a user whose grant comes, goes and comes again", async () => {
    const watched = watch(server, ["one"], { user: monitor });
    const load = new Load(server);
    const place = { database: "one", ...ann };
    await load.mix(3, place);
    await watched.poll();
    await load.mix(3, place);
    expect((await watched.poll()).problems?.map(({ code }) => code)).toContain("DBI_DATABASE_PERMISSION");
    expect(watched.events).toEqual([]);

    // What is seen for the first time is only remembered: nobody knows since when it counts.
    await server.query("GRANT pg_read_all_stats TO monitor");
    await watched.poll();
    expect(watched.events).toEqual([]);
    load.executed.clear();
    await load.mix(5, place);
    await watched.poll();
    await server.query("REVOKE pg_read_all_stats FROM monitor");
    await load.mix(2, place);
    await watched.poll();
    await load.mix(1, place);
    await server.query("GRANT pg_read_all_stats TO monitor");
    await watched.poll();
    const seen = reported(watched.events);
    for (const [name, { calls, rows }] of load.executed) expect(seen.get(name), name).toMatchObject({ calls, rows });
    await load.disconnect();
    await watched.close();
  });

  it("on Aurora, without the times of reading and writing that it counts wrong for utility statements", async () => {
    const session = await server.connect({ database: "one" });
    await session.query(
      "CREATE TABLE large AS SELECT g AS id, repeat('x', 500) AS filler FROM generate_series(1, 5000) g",
    );
    for (const platform of ["self_managed", "aurora"] as const) {
      const watched = watch(server, ["one"], { platform });
      await watched.poll();
      // Both read more than fits into memory.
      await session.query("SELECT count(*), max(filler) FROM large AS planned");
      await session.query("CREATE TEMP TABLE copied AS SELECT * FROM large");
      await session.query("DROP TABLE copied");
      await watched.poll();
      const timesOf = (part: string) =>
        [
          ...(watched.events.find((each) => each.text("db.query.text").startsWith(part))?.attributes.keys() ?? []),
        ].filter((name) => name.endsWith("_blk_read_time"));
      expect(timesOf("SELECT count(*), max(filler)"), platform).toEqual(["postgresql.shared_blk_read_time"]);
      expect(timesOf("CREATE").length, platform).toBe(platform === "aurora" ? 0 : 1);
      await watched.close();
    }
    await session.end();
  });

  it("on a standby, over its promotion", async () => {
    await using primary = await startPostgres();
    await prepare(primary, ["one"]);
    const atPrimary = new Load(primary);
    const place = { database: "one", ...ann };
    await atPrimary.mix(3, place);
    await atPrimary.disconnect();
    await using standby = await startStandby(primary);
    const watched = watch(standby, ["one"], {});
    const load = new Load(standby);
    await watched.poll();
    await atPrimary.mix(5, place); // its statistics are its own
    await load.run("customer", 7, place);
    await load.run("regions", 3, place);
    await watched.poll();
    await standby.query("SELECT pg_promote()");
    await load.run("customer", 2, place);
    await load.run("reprice", 4, place);
    await watched.poll();
    const seen = reported(watched.events);
    expect([...seen.keys()].toSorted()).toEqual([...load.executed.keys()].toSorted());
    for (const [name, { calls, rows }] of load.executed) expect(seen.get(name), name).toMatchObject({ calls, rows });
    await load.disconnect();
    await atPrimary.disconnect();
    await watched.close();
  });
});
