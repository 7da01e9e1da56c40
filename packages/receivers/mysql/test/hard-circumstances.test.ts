import { readdir, readFile } from "node:fs/promises";
import { eventually } from "@dbintel/e2e/condition";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import type { Batch } from "@dbintel/pdata";
import { createTestHost, FakeClock, pointsOf } from "@dbintel/pipeline/testing";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { mysql } from "../src/index.ts";
import { isLeft, waitsForRow, waitsForTable } from "./session-states.ts";
import { eventsOf, never, watch } from "./watch.ts";

const monitor = { username: "monitor", password: "monitor-password" };
const maxConnections = 25;
const digests = 10_000;
/** Room for many statements, with texts as long as these need. */
const settings = {
  "max-connections": maxConnections,
  "performance-schema-digests-size": digests,
  "performance-schema-max-digest-length": 256,
};
/** What steers a terminal or turns the direction of a text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const steering = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

const servers = [
  { suite: describeOwnMysql, start: () => startMysql({ own: true, settings }) },
  { suite: describeMariadb, start: () => startMariadb(settings) },
] as const;

for (const { suite, start } of servers) {
  suite("hard circumstances", () => {
    let server: MysqlServer;
    const watches: { close(): Promise<void> }[] = [];
    const sessions: Connection[] = [];

    beforeAll(async () => {
      server = await start();
      const columns = Array.from({ length: 150 }, (_, index) => `c${index} int`).join(", ");
      for (const sql of [
        "CREATE DATABASE app",
        "CREATE TABLE app.held (id int PRIMARY KEY, v int) ENGINE=InnoDB",
        "INSERT INTO app.held VALUES (1, 1)",
        `CREATE TABLE app.wide (${columns})`,
        `CREATE USER '${monitor.username}'@'%' IDENTIFIED BY '${monitor.password}'`,
        `GRANT SELECT ON performance_schema.* TO '${monitor.username}'@'%'`,
        `GRANT PROCESS ON *.* TO '${monitor.username}'@'%'`,
        `GRANT SELECT ON app.* TO '${monitor.username}'@'%'`,
      ]) {
        await server.query(sql);
      }
    });
    afterAll(() => server?.stop());
    afterEach(async () => {
      for (const session of sessions.splice(0)) session.destroy();
      for (const each of watches.splice(0)) await each.close();
      // Their places are free for the next test.
      await isLeft(server);
    });

    function begin(options: Parameters<typeof watch>[1] = {}) {
      const watched = watch(server, { user: monitor, reportsSchema: (schema) => schema === "app", ...options });
      watches.push(watched);
      return watched;
    }

    async function session(as: Parameters<MysqlServer["connect"]>[0] = { database: "app" }): Promise<Connection> {
      const opened = await server.connect(as);
      sessions.push(opened);
      return opened;
    }

    const callsOf = (batches: readonly Batch[]) =>
      eventsOf(batches).reduce((sum, event) => sum + event.counter("count_star"), 0);

    /** Runs statements; the server counts each after it has answered, and before it takes what comes next. */
    async function run(connection: Connection, statements: readonly string[]): Promise<void> {
      for (const sql of statements) await connection.query(sql);
      await connection.ping();
    }

    it("no connection left: it says so, takes none by force, and tells exactly what was done meanwhile", async () => {
      const busy = await session();
      const watched = begin();
      await watched.poll();
      await watched.close();
      for (let open = 0; open < maxConnections - 1; open++) await session({});
      await run(busy, ["SELECT v FROM held", "SELECT v FROM held", "SELECT v FROM held"]);
      const late = begin();
      expect(late.baseline.restore(watched.baseline.take() ?? new Uint8Array())).toBe(true);
      await expect(late.poll()).rejects.toMatchObject({ code: "DBI_DATABASE_UNREACHABLE", retryable: true });
      for (const each of sessions.splice(1)) await each.end();
      const polled = await eventually("it is let in", () => late.poll().catch(() => undefined));
      expect(callsOf(polled.batches)).toBe(3);
    });

    it("no connection left for long: it knocks more and more rarely, and comes back by itself", async () => {
      const { definition, config } = mysql({
        ...{ endpoint: `${server.host}:${server.port}`, ...monitor, tls: { insecure: true } },
        // Time passes here while answers are under way: none of them is slow.
        ...{ initial_delay: "0s", timeout: "10h", statement_timeout: "10h", budget: { max_database_share: "100%" } },
        circuit_breaker: { slow_call_duration: "10h" },
        events: { "db.server.query_sample": { enabled: false } },
        active_sessions: { enabled: false },
        top_query_collection: { collection_interval: "10s", max_explain_each_interval: 0 },
      });
      const host = createTestHost({ clock: new FakeClock() });
      const batches: Batch[] = [];
      const consume = async (batch: Batch) => void batches.push(batch);
      const receiver = definition.create({ id: "mysql", config, host, next: { logs: { consume } } });
      const holder = await session({});
      for (let open = 1; open < maxConnections; open++) await session({});
      // MariaDB does not count whom it turns away for want of room.
      const attempts = async () => {
        const [[row]] = await holder.query<(RowDataPacket & { Value: string })[]>(
          "SHOW GLOBAL STATUS LIKE 'Connections'",
        );
        return Number(row?.Value);
      };
      const before = await attempts();
      await receiver.start({ signal: never });
      try {
        await eventually("it has knocked", async () => {
          await host.clock.advance(10_000);
          return (await attempts()) > before ? true : undefined;
        });
        // An hour, in which it would be asked hundreds of times, and is about once in max_open_state_timeout.
        for (let minute = 0; minute < 60; minute++) {
          await host.clock.advance(60_000);
          expect(await attempts()).toBeLessThan(before + 80);
        }
        const told = host.lines.map(({ message }) => message).filter((message) => message.includes("Too many"));
        expect(told).not.toEqual([]);
        for (const message of told) expect(message).toContain("has no connection left");
        for (const each of sessions.splice(0)) await each.end();
        const busy = await session();
        await eventually("what is executed is told again", async () => {
          await run(busy, ["SELECT v FROM held"]);
          await host.clock.advance(60_000);
          return callsOf(batches) > 0 ? true : undefined;
        });
      } finally {
        await receiver.stop({ signal: never });
      }
    });

    it("locks that are held for a minute: nothing it asks waits for them, and it tells who does", async () => {
      const [holder, writer, ddl] = [await session(), await session(), await session()];
      await holder.beginTransaction();
      await holder.query("UPDATE held SET v = 2 WHERE id = 1");
      await writer.query("SET SESSION innodb_lock_wait_timeout = 3600");
      const waiting = [writer.query("UPDATE held SET v = 3 WHERE id = 1").catch(() => {})];
      // An ALTER that came first would have the writer wait for the table, and not for the row.
      await waitsForRow(server, writer);
      waiting.push(ddl.query("ALTER TABLE held ADD COLUMN w int").catch(() => {}));
      await waitsForTable(server, ddl);
      const watched = begin({ explain: {} });
      await watched.poll();
      const waited: number[] = [];
      for (let passed = 0; passed < 60; passed += 10) {
        // A problem would be a statement that was given up.
        const polls = [
          await watched.poll(),
          await watched.pollMetrics(),
          await watched.pollObjects(),
          await watched.pollDeadlocks(),
        ];
        for (const { problems = [] } of polls) expect(problems).toEqual([]);
        const tellsWhoWaits = async () => {
          const { batches, problems } = await watched.pollActivity();
          expect(problems).toEqual([]);
          const seconds = eventsOf(batches)
            .filter((event) => event.text("mysql.session.id") === String(writer.threadId))
            .map((event) => Number(event.attributes.get("mysql.blocking.wait_duration") ?? -1));
          await watched.host.clock.advance(10_000);
          return seconds.find((each) => each >= 0);
        };
        const told = await eventually("it tells who waits", tellsWhoWaits, { everyMs: 250 });
        waited.push(told);
        const own = await server.query<RowDataPacket & { state: string | null }>(
          "SELECT STATE AS state FROM information_schema.PROCESSLIST WHERE USER = ? AND STATE LIKE 'Waiting for%lock'",
          [monitor.username],
        );
        expect(own).toEqual([]);
      }
      expect(waited).toEqual(waited.toSorted((a, b) => a - b));
      await holder.rollback();
      await Promise.all(waiting);
    });

    it("a server that is stopped: it gives up in time, and goes on exactly when the server does", async () => {
      const busy = await session();
      const watched = begin();
      await watched.poll();
      await run(busy, ["SELECT id FROM held", "SELECT id FROM held"]);
      const [row] = await server.query<RowDataPacket & { file: string }>("SELECT @@pid_file AS file");
      const pid = Number(await readFile(row?.file ?? "", "utf8"));
      process.kill(pid, "SIGSTOP");
      try {
        await eventually("every thread has stopped", async () => ((await isStopped(pid)) ? true : undefined));
        await expect(watched.peek(AbortSignal.timeout(200))).rejects.toThrow(/\S/);
      } finally {
        process.kill(pid, "SIGCONT");
      }
      const { batches } = await eventually("it is read again", () => watched.poll().catch(() => undefined));
      expect(callsOf(batches)).toBe(2);
    });

    it("names and texts that steer terminals, are in no encoding, or are very long", async () => {
      const user = "\u001b[31mred\u001b]0;t\u0007";
      const wild = `${user}\u202e`;
      await server.query(`CREATE DATABASE \`${wild}\``);
      await server.query(`CREATE TABLE \`${wild}\`.\`${wild}\` (\`${wild}\` int) ENGINE=InnoDB`);
      await server.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'wild'`);
      await server.query(`GRANT ALL ON \`${wild}\`.* TO '${user}'@'%'`);
      await server.query(`GRANT SELECT ON \`${wild}\`.* TO '${monitor.username}'@'%'`);
      await server.query(`INSERT INTO \`${wild}\`.\`${wild}\` VALUES (1)`);
      await server.query(
        "UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' WHERE NAME LIKE 'events_statements_%'",
      );
      const watched = begin({ explain: {}, reportsSchema: (schema) => schema === "app" || /red/.test(schema ?? "") });
      await watched.poll();
      await watched.pollActivity();
      const busy = await session({ user, password: "wild", database: wild });
      await busy.query(`SELECT \`${wild}\` AS \`${"x".repeat(200)}\`, '${"long ".repeat(13_000)}' FROM \`${wild}\``);
      // Bytes of Latin-1 that the server is told to be UTF-8.
      const broken = await session({ database: "app", charset: "LATIN1_SWEDISH_CI" });
      await broken.query("SET character_set_client = utf8mb4");
      await broken.query("SELECT 'caf\u00e9\u00ff' AS garbage FROM dual").catch(() => {});
      const names = Array.from({ length: 200 }, (_, index) => `1 AS ${"y".repeat(60)}${index}`);
      await run(busy, [`SELECT ${names.join(", ")}`]);
      const sleeping = busy.query(`SELECT sleep(60), '${wild}' /* ${wild} */ FROM \`${wild}\``).catch(() => {});
      const samples = await eventually("it is seen", async () => {
        const { batches } = await watched.pollActivity();
        const events = eventsOf(batches);
        return events.some((event) => event.text("user.name").includes("red")) ? events : undefined;
      });
      const [statements, metrics, objects] = [
        await watched.poll(),
        await watched.pollMetrics(),
        await watched.pollObjects(),
      ];
      await server.query(`KILL ${busy.threadId}`);
      await sleeping;
      const events = [...eventsOf(statements.batches), ...samples];
      expect(events.length).toBeGreaterThan(3);
      expect(events.some((event) => event.attributes.has("mysql.query_plan"))).toBe(true);
      for (const { attributes } of events) {
        expect(attributes.size).toBeLessThan(80);
        for (const value of attributes.values()) {
          expect(String(value)).not.toMatch(steering);
          expect(String(value).isWellFormed()).toBe(true);
          expect(Buffer.byteLength(String(value))).toBeLessThanOrEqual(10_000);
        }
      }
      for (const { attributes } of [...metrics.batches, ...objects.batches].flatMap((batch) => pointsOf([batch]))) {
        for (const value of attributes.values()) expect(String(value)).not.toMatch(steering);
      }
    });

    it(`${digests} statements: told exactly, in few events`, async () => {
      const busy = await session({ database: "app", multipleStatements: true });
      const shape = (ordinal: number) => `SELECT c${ordinal % 150}, c${Math.floor(ordinal / 150)} FROM wide`;
      const shapes = Array.from({ length: digests - 400 }, (_, ordinal) => shape(ordinal));
      for (let from = 0; from < shapes.length; from += 500) {
        await run(busy, [shapes.slice(from, from + 500).join("; ")]);
      }
      const watched = begin({ limit: 20 });
      expect((await watched.poll()).problems).toEqual([]);
      await run(busy, shapes.slice(700, 1000));
      const { batches, problems } = await watched.poll();
      expect(problems).toEqual([]);
      expect(callsOf(batches)).toBe(300);
      expect(eventsOf(batches).length).toBeLessThanOrEqual(26); // 20 by time, 5 by calls, the rest in one
    });
  });
}

async function isStopped(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`);
  const states = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/status`, "utf8").catch(() => "State:\tT")),
  );
  return states.every((status) => /^State:\s+T/m.test(status));
}
