import { spawnSync } from "node:child_process";
import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { eventsOf, pointsOf, type SeenEvent } from "@dbintel/pipeline/testing";
import type { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { watchStatements } from "./watch.ts";

/** Runs a statement of these bytes; `pg` would send UTF-8. */
async function runBytes(session: Client, sql: Buffer): Promise<void> {
  await session.query("SET pg_stat_statements.track = 'all'");
  await session.query(`DO $$ BEGIN EXECUTE convert_from('\\x${sql.toString("hex")}', 'SQL_ASCII'); END $$`);
}

const about = (events: readonly SeenEvent[], part: string) =>
  events.filter((event) => event.text("db.query.text").includes(part));

describePostgres(18, "bad input from the server", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it("steers no terminal, whatever names and texts are made of", async () => {
    const wild = `\u001b[31mred\u001b]0;title\u0007\u202e`;
    const quoted = `"${wild}"`;
    await server.query(`CREATE ROLE ${quoted} LOGIN PASSWORD 'wild'`);
    await server.query(`CREATE DATABASE ${quoted}`);
    const watch = watchStatements(server);
    await watch.poll();
    const session = await server.connect({ user: wild, password: "wild", database: wild });
    await session.query(`SELECT 1 AS a, 2 AS b FROM (SELECT 3 AS ${quoted}) AS ${quoted}`);
    await session.end();
    const { batches } = await watch.poll();
    const [event] = about(eventsOf(batches), "red");
    expect(event?.text("db.namespace")).toContain("red");
    expect(event?.text("postgresql.rolname")).toContain("red");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    const steering = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
    for (const value of event?.attributes.values() ?? []) expect(String(value)).not.toMatch(steering);
    for (const point of pointsOf(batches)) {
      for (const value of point.attributes.values()) expect(String(value)).not.toMatch(steering);
    }
    await watch.close();
  });

  it("is bounded: texts, and the number of attributes of an event", async () => {
    const watch = watchStatements(server);
    await watch.poll();
    const session = await server.connect();
    const names = Array.from({ length: 1500 }, (_, index) => `1 AS "${"x".repeat(50)}_${index}"`);
    await session.query(`SELECT ${names.join(", ")}`);
    await session.end();
    const [event] = about(eventsOf((await watch.poll()).batches), "xxx");
    expect(Buffer.byteLength(event?.text("db.query.text") ?? "")).toBeGreaterThan(9000);
    expect(Buffer.byteLength(event?.text("db.query.text") ?? "")).toBeLessThanOrEqual(10_000);
    expect(event?.attributes.size).toBeLessThan(50);
    await watch.close();
  });

  it("is read where one text is in no encoding, which has the server refuse all of them", async () => {
    await server.query("CREATE DATABASE raw ENCODING 'SQL_ASCII' TEMPLATE template0");
    const watch = watchStatements(server);
    await watch.poll();
    const session = await server.connect({ database: "raw" });
    await runBytes(session, Buffer.from('SELECT 1 AS "caf\xe9" FROM pg_class AS caf\xe9 LIMIT 1', "latin1"));
    await session.end();
    await server.query("SELECT 1 AS one, 'a' AS letter FROM pg_type AS decent LIMIT 1");
    const first = await watch.poll();
    // The numbers are there; of the texts it is said what is wrong and what repairs it.
    expect(first.problems?.map(({ hint }) => hint)).toEqual([
      expect.stringMatching(/^run as superuser in database raw, .*: CREATE EXTENSION pg_stat_statements;$/),
    ]);
    expect(eventsOf(first.batches).some((event) => event.text("db.namespace") === "raw")).toBe(true);

    await server.query("CREATE EXTENSION pg_stat_statements", [], { database: "raw" });
    await server.query("SELECT 1 AS one, 'a' AS letter FROM pg_type AS decent LIMIT 1");
    await watch.host.clock.advance(60_000);
    const second = await watch.poll();
    expect(second.problems).toEqual([]);
    expect(about(eventsOf(second.batches), "AS decent")).toHaveLength(1);
    await watch.close();
  });
});

describePostgres(18, "a server in trouble", () => {
  it("with 20,000 entries and 100 MB of texts is read within bounds, exactly", async () => {
    await using server = await startPostgres({ settings: { "pg_stat_statements.max": 25_000 } });
    const entries = 20_000;
    // Each text has 5 kB more than its own, in a comment that is stored with it.
    await server.query(`CREATE TABLE wide (${Array.from({ length: 320 }, (_, index) => `c${index} int`).join(", ")})`);
    await server.query(`CREATE FUNCTION fill(first int, number int) RETURNS void LANGUAGE plpgsql AS $$
      BEGIN
        FOR i IN first .. first + number - 1 LOOP
          EXECUTE format('SELECT c%s, c%s /* ${"long ".repeat(1000)} */ FROM wide', i % 320, i / 320);
        END LOOP;
      END $$`);
    await server.query("ALTER SYSTEM SET pg_stat_statements.track = 'all'");
    await server.query("SELECT pg_reload_conf()");
    await eventually("nested statements are recorded", async () => {
      await server.query("SELECT fill(0, 1)");
      const [row] = await server.query("SELECT FROM pg_stat_statements WHERE query LIKE 'SELECT c0, c0%'");
      return row;
    });
    await server.query(`SELECT fill(0, ${entries})`);
    const watch = watchStatements(server, { limit: 20 });
    expect((await watch.poll()).problems).toEqual([]);
    const before = process.memoryUsage().rss;
    await server.query("SELECT fill(500, 300)");
    const { batches, problems } = await watch.poll();
    expect(problems).toEqual([]);
    const events = eventsOf(batches);
    const nested = events.filter((event) => event.attributes.get("postgresql.toplevel") !== true);
    const calls = nested.reduce((sum, event) => sum + event.number("postgresql.calls"), 0);
    expect(calls).toBeGreaterThanOrEqual(300);
    expect(calls).toBeLessThanOrEqual(320); // and a few statements of the server and of this test
    expect(about(events, "FROM wide").length).toBeGreaterThanOrEqual(20);
    // The texts that were asked for came one by one: nowhere are all of them.
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
    await watch.close();
  });

  it("that answers no more is given up in time, said to be so, and read on exactly when it goes on", async () => {
    await using server = await startPostgres({ settings: { max_connections: 20 } });
    const watch = watchStatements(server);
    await watch.poll();
    await server.query("SELECT 1 AS one, 2 AS two, 3 AS stopped");
    const [row] = await server.query<{ pids: number[] }>(
      "SELECT array_agg(pid) AS pids FROM pg_stat_activity WHERE application_name = 'dbintel'",
    );
    const [file] = await server.query<{ pid: string }>("SELECT pg_read_file('postmaster.pid') AS pid");
    const processes = [Number(file?.pid.split("\n")[0]), ...(row?.pids ?? [])];
    const signal = (name: "STOP" | "CONT") =>
      expect(spawnSync("kill", [`-${name}`, ...processes.map(String)]).status).toBe(0);
    signal("STOP");
    try {
      for (let times = 0; times < 3; times++) {
        await expect(watch.pollGuarded(AbortSignal.timeout(200))).rejects.toThrow(/\S/);
      }
    } finally {
      signal("CONT");
    }
    await eventually("it is read again", async () => {
      await watch.host.clock.advance(60_000);
      const polled = await watch.pollGuarded().catch(() => undefined);
      if (polled === undefined || polled.batches.length === 0) return undefined;
      const [event] = about(eventsOf(polled.batches), "stopped");
      // A poll that probes asks for no texts. It is not taken: the next one tells all of it again.
      if (event === undefined) return undefined;
      expect(event.number("postgresql.calls")).toBe(1);
      polled.commit?.();
      return true;
    });
    await eventually("of all that it gave up no session is left, but the one it has now", async () => {
      const sessions = await server.query("SELECT FROM pg_stat_activity WHERE application_name = 'dbintel'");
      return sessions.length <= 1 ? true : undefined;
    });
    await watch.close();
  });
});
