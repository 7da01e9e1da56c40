import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { eventsOf, pointsOf } from "@dbintel/pipeline/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { watchStatements } from "./watch.ts";

const email = "jane.planted@example.com";
const rolePassword = "S3cret-planted-password";

for (const major of [13, 14, 15, 16, 17, 18]) {
  describePostgres(major, "top queries", () => {
    let server: PostgresServer;
    let watch: ReturnType<typeof watchStatements>;
    const ann = { username: "ann", password: "ann-password" };

    beforeAll(async () => {
      server = await startPostgres({ major, settings: { "pg_stat_statements.track": "all" } });
      for (const sql of [
        "CREATE DATABASE one",
        "CREATE DATABASE two",
        `CREATE ROLE ann LOGIN PASSWORD '${ann.password}'`,
        `CREATE ROLE otel LOGIN PASSWORD 'otel-password' IN ROLE pg_monitor`,
      ]) {
        await server.query(sql);
      }
      // A statement is known by the tables in it; names of columns make no difference.
      for (const table of ["was_slow", "now_slow", "quick", "foreign_table"]) {
        await server.query(`CREATE TABLE ${table} AS SELECT 1 AS a`, [], { database: "one" });
      }
    });

    afterAll(() => server.stop());

    beforeEach(() => {
      watch = watchStatements(server);
    });

    afterEach(() => watch.close());

    /** Runs one statement some times in one session. */
    async function run(sql: string, times: number, as?: { user?: string; password?: string; database?: string }) {
      const session = await server.connect(as);
      for (let index = 0; index < times; index++) await session.query(sql);
      await session.end();
    }

    it("are told apart by user and database", async () => {
      const asAnn = { user: ann.username, password: ann.password };
      await watch.poll();
      await run("SELECT 1, 2, 3, 4 AS apart", 3, { database: "one" });
      await run("SELECT 2, 2, 3, 4 AS apart", 5, { database: "two" });
      await run("SELECT 3, 2, 3, 4 AS apart", 7, { database: "two", ...asAnn });
      const events = eventsOf((await watch.poll()).batches).filter((event) =>
        event.text("db.query.text").endsWith("AS apart"),
      );
      const seen = events.map((event) => [
        event.text("db.namespace"),
        event.text("postgresql.rolname"),
        event.number("postgresql.calls"),
      ]);
      expect(seen.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
        ["one", "postgres", 3],
        ["two", "ann", 7],
        ["two", "postgres", 5],
      ]);
    });

    it("carry the attributes of the OpenTelemetry Collector, times in seconds, and the interval", async () => {
      await watch.poll();
      await run("SELECT pg_sleep(0.05) /* twice */", 2, { database: "one" });
      const before = await server.query<{ now: Date }>("SELECT clock_timestamp() AS now");
      const result = await watch.poll();
      const event = eventsOf(result.batches).find((each) => each.text("db.query.text").includes("pg_sleep"));
      expect(Object.fromEntries(event?.attributes ?? [])).toMatchObject({
        "db.system.name": "postgresql",
        "db.namespace": "one",
        "db.query.text": "SELECT pg_sleep($1)",
        "postgresql.calls": 2n,
        "postgresql.rows": 2n,
        "postgresql.shared_blks_hit": 0n,
        "postgresql.shared_blks_read": 0n,
        "postgresql.shared_blks_dirtied": 0n,
        "postgresql.shared_blks_written": 0n,
        "postgresql.temp_blks_read": 0n,
        "postgresql.temp_blks_written": 0n,
        "postgresql.rolname": "postgres",
        "postgresql.userid": 10n,
        "postgresql.toplevel": true,
        "postgresql.total_plan_time": 0,
        "dbintel.delta.kind": "new",
      });
      expect(event?.text("postgresql.queryid")).toMatch(/^-?\d+$/);
      expect(event?.number("postgresql.total_exec_time")).toBeGreaterThan(0.1);
      // In milliseconds it would be more than 100.
      expect(event?.number("postgresql.total_exec_time")).toBeLessThan(60);
      expect(event?.number("postgresql.mean_exec_time")).toBeGreaterThan(0.05);
      const now = BigInt(before[0]?.now.getTime() ?? 0) * 1_000_000n;
      expect(event?.timeUnixNano).toBeGreaterThan(now);
      const start = event?.attributes.get("dbintel.interval.start_time_unix_nano");
      expect(start).toBeTypeOf("bigint");
      expect(start as bigint).toBeLessThan(now);
    });

    it("say at which server, as New Relic's entities want it", async () => {
      await watch.poll();
      await run("SELECT 4 AS located", 1);
      for (const batch of (await watch.poll()).batches) {
        const [resource] = [...batch.resources()].map((each) => Object.fromEntries(each.attributes.entries()));
        expect(resource).toEqual({
          "service.instance.id": `127.0.0.1:${server.port}`,
          "server.address": "127.0.0.1",
          "server.port": BigInt(server.port),
          "db.system.name": "postgresql",
        });
      }
    });

    it("are slow ones of this interval, not of the past", async () => {
      const narrow = watchStatements(server, { limit: 1, reportsDatabase: (name) => name === "one" });
      await narrow.poll();
      await run("SELECT pg_sleep(0.2) FROM was_slow", 1, { database: "one" });
      await run("SELECT a FROM quick", 5, { database: "one" });
      expect(eventsOf((await narrow.poll()).batches)[0]?.text("db.query.text")).toContain("was_slow");
      await run("SELECT pg_sleep(0) FROM was_slow", 1, { database: "one" });
      await run("SELECT sum(g) FROM now_slow, generate_series(1, 100000) g", 3, { database: "one" });
      const [first] = eventsOf((await narrow.poll()).batches);
      expect(first?.text("db.query.text")).toContain("now_slow");
      await narrow.close();
    });

    it("show no value that anybody typed, in no byte", async () => {
      await watch.poll();
      const session = await server.connect({ database: "one" });
      for (const sql of [
        "CREATE TABLE IF NOT EXISTS people (mail text)",
        `SELECT * FROM people WHERE mail = '${email}'`,
        `SELECT /* for ${email} */ count(*) FROM people -- ${email}`,
        `ALTER ROLE ann PASSWORD '${rolePassword}'`,
        `COMMENT ON TABLE people IS 'ask ${email}'`,
        `SET application_name = '${email}'`,
        `DO $$ BEGIN PERFORM '${email}'; END $$`,
        `COPY (SELECT '${email}') TO STDOUT`,
        `CREATE OR REPLACE VIEW mails AS SELECT '${email}' AS mail`,
        `NOTIFY channel, '${email}'`,
      ]) {
        await session.query(sql);
      }
      await session.query(`ALTER ROLE ann PASSWORD '${ann.password}'`);
      await session.end();
      const { batches } = await watch.poll();
      const bytes = Buffer.concat(batches.map((batch) => batch.encode()));
      const texts = eventsOf(batches).map((event) => event.text("db.query.text"));
      expect(texts).toEqual(expect.arrayContaining(["ALTER ROLE", "COMMENT ON TABLE", "COPY", "DO", "NOTIFY"]));
      expect(texts).toContain("SELECT * FROM people WHERE mail = $1");
      for (const planted of [email, rolePassword, ann.password]) expect(bytes.includes(planted)).toBe(false);
    });

    it("leave out the collector's own statements, whether or not the server may stop recording them", async () => {
      for (const user of [undefined, { username: "otel", password: "otel-password" }]) {
        const own = watchStatements(server, user === undefined ? {} : { user });
        await own.poll();
        await own.poll();
        await run("SELECT a FROM foreign_table", 1, { database: "one" });
        const { batches } = await own.poll();
        const texts = eventsOf(batches).map((event) => event.text("db.query.text"));
        const entries = pointsOf(batches).find(({ name }) => name === "dbintel.postgresql.statements.own")?.value;
        expect(entries === 0n).toBe(user === undefined);
        expect(texts.some((text) => text.includes("foreign_table"))).toBe(true);
        expect(texts.filter((text) => text.includes("pg_stat_statements("))).toEqual([]);
        expect(own.source.trackedUserId === undefined).toBe(user === undefined);
        await own.close();
      }
      // A superuser's session records nothing of its own.
      const [recorded] = await server.query<{ own: string }>(
        "SELECT count(*) AS own FROM pg_stat_statements WHERE query LIKE '%/* dbintel */%' AND userid = 10",
      );
      expect(recorded?.own).toBe("0");
    });

    it("are counted by what became of them, with the share of the server's work that they explain", async () => {
      await watch.poll();
      await run("SELECT pg_sleep(0.2)", 2, { database: "one" });
      const points = pointsOf((await watch.poll()).batches);
      const compared = points.filter((point) => point.name === "dbintel.postgresql.statements.compared");
      const outcome = (name: string) =>
        compared.find((point) => point.attributes.get("outcome") === name)?.value ?? -1n;
      expect(outcome("new")).toBeGreaterThanOrEqual(0n);
      expect(outcome("unattributable")).toBeGreaterThan(0n);
      expect(compared[0]).toMatchObject({ type: "sum", monotonic: true, temporality: "cumulative", unit: "{entries}" });
      const maximum = points.find((point) => point.name === "dbintel.postgresql.statements.max");
      expect(maximum?.value).toBe(5000n);
      const share = async () => {
        await run("SELECT pg_sleep(0.3)", 1, { database: "one" });
        const later = pointsOf((await watch.poll()).batches);
        return later.find(
          (point) =>
            point.name === "dbintel.postgresql.coverage.ratio" && point.attributes.get("db.namespace") === "one",
        )?.value;
      };
      if (major === 13) {
        expect(await share()).toBeUndefined(); // it does not say for how long statements ran
        return;
      }
      // The server adds up what a session did when it ends, so some later poll sees it.
      expect(await eventually("the share is known", share)).toBeGreaterThan(0.2);
    });
  });
}
