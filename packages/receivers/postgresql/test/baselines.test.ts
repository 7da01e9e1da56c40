import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { createTestHost, eventsOf, pointsOf } from "@dbintel/pipeline/testing";
import type { Client } from "pg";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { objects, visitDatabases } from "./visiting.ts";
import { watchActivity } from "./watch.ts";

describePostgres(18, "a collector that is restarted", () => {
  let server: PostgresServer;
  const opened: Client[] = [];

  beforeAll(async () => {
    server = await startPostgres({ settings: { autovacuum: false } });
    await server.query("CREATE TABLE locked (id int)");
    await server.query("CREATE DATABASE app");
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    for (const session of opened.splice(0)) await session.end();
  });

  async function session(): Promise<Client> {
    const client = await server.connect();
    opened.push(client);
    return client;
  }

  type Watched = ReturnType<typeof watchActivity>;

  /** The looks of another process, with what the first one has kept. */
  function restarted(first: Watched, options: Parameters<typeof watchActivity>[1] = {}): Watched {
    const second = watchActivity(server, options);
    const kept = first.lastLook.take();
    expect(kept !== undefined && second.lastLook.restore(kept)).toBe(true);
    return second;
  }

  it("tells of the statements that have ended since the last look of the process before, once", async () => {
    const busy = await session();
    await busy.query("SELECT 1 AS before_the_look");
    const first = watchActivity(server);
    await first.poll();
    await busy.query("SELECT 1 AS between_the_looks");
    const second = restarted(first);
    const texts = eventsOf((await second.poll()).batches).map((event) => event.text("db.query.text"));
    expect(texts).toEqual(["SELECT ? AS between_the_looks"]);
    expect(eventsOf((await second.poll()).batches)).toEqual([]);
    // Without what was kept the first look knows of nothing that has ended.
    const anew = watchActivity(server);
    expect(eventsOf((await anew.poll()).batches)).toEqual([]);
    for (const watched of [first, second, anew]) await watched.close();
  });

  it("does not repeat what lasts", async () => {
    const busy = await session();
    const idle = await session();
    await busy.query("BEGIN");
    await idle.query("SELECT 1");
    const options = { ageLimits: { transaction: 1 } };
    const first = watchActivity(server, options);
    const told = async (watched: Watched) => {
      const events = eventsOf((await watched.poll()).batches);
      return events.map(({ name }) => name).filter((name) => name !== "db.server.query_sample");
    };
    await eventually("the transaction is old", async () =>
      (await told(first)).includes("db.transaction.long_running") ? true : undefined,
    );
    const second = restarted(first, options);
    expect(await told(second)).toEqual([]);
    await busy.query("COMMIT");
    for (const watched of [first, second]) await watched.close();
  });

  it("counts what sessions have lost to a lock since the last look, and nothing of before", async () => {
    const [holder, waiter] = [await session(), await session()];
    await holder.query("BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE");
    const waiting = waiter.query("SELECT count(*) FROM locked");
    const first = watchActivity(server);
    const lost = (points: ReturnType<typeof pointsOf>) => points.find(({ name }) => name === "db.blocking.time");
    await eventually("it waits", async () => lost(pointsOf((await first.poll()).batches)));
    const lookedMicros = first.lastLook.clockMicros ?? 0n;
    // So long that a wait counted from its begin, or from the restart, would be another number.
    await server.query("SELECT pg_sleep(0.3)");
    const second = restarted(first);
    const point = lost(pointsOf((await second.poll()).batches));
    const elapsed = Number((second.lastLook.clockMicros ?? 0n) - lookedMicros) / 1e6;
    expect(elapsed).toBeGreaterThanOrEqual(0.3);
    expect(point?.value).toBeCloseTo(elapsed, 5);
    expect(point?.startTimeUnixNano).toBe(lookedMicros * 1000n);
    await holder.query("COMMIT");
    await waiting;
    for (const watched of [first, second]) await watched.close();
  });

  it("goes on with the sum of the tables that have no series of their own, and begins anew when it has to", async () => {
    const app = (sql: string) => server.query<{ ins: string }>(sql, [], { database: "app" });
    const tables = ["a", "b", "c", "d"];
    for (const table of tables) await app(`CREATE TABLE ${table} (id int)`);
    let inserted = 0;
    const insert = async (rows: number, into = tables) => {
      for (const table of into) await app(`INSERT INTO ${table} SELECT generate_series(1, ${rows})`);
      inserted += rows * into.length;
      await eventually("the server has counted", async () => {
        const [row] = await app("SELECT sum(n_tup_ins) AS ins FROM pg_stat_user_tables");
        return Number(row?.ins) === inserted ? true : undefined;
      });
    };
    const host = createTestHost();
    /** Looks with another process; two of the four equal tables have series. */
    const look = async (begin: (errand: ReturnType<typeof objects>) => void = () => {}) => {
      const errand = objects({ max_tables: 2 }, host);
      begin(errand);
      const reportsDatabase = (name: string) => name === "app";
      const visits = visitDatabases(server, { errands: [errand], reportsDatabase, host });
      const points = pointsOf((await visits.round()).batches);
      await visits.close();
      await errand.close();
      const rest = points.find(
        ({ name, attributes }) =>
          name === "postgresql.operations" &&
          attributes.get("dbintel.aggregate") === "other" &&
          attributes.get("operation") === "ins",
      );
      return { value: rest?.value, start: rest?.startTimeUnixNano };
    };
    await insert(1);
    const { value, start } = await look();
    expect(value).toBe(0n);
    await insert(5);
    expect(await look()).toEqual({ value: 10n, start });
    await insert(7);
    expect(await look()).toEqual({ value: 24n, start });
    // A table gets a series in place of another, whose past is not in the sum therefore.
    await insert(1000, ["d"]);
    expect(await look()).toEqual({ value: 1024n, start });
    const anew = await look((errand) => errand.forget());
    expect(anew.value).toBe(0n);
    expect(anew.start).toBeGreaterThan(start ?? 0n);
  });
});
