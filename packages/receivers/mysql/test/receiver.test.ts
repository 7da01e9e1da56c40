import { eventually } from "@dbintel/e2e/condition";
import { freePort, type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import type { DbintelError } from "@dbintel/errors";
import type { AnyValue } from "@dbintel/pdata";
import { pointsOf } from "@dbintel/pipeline/testing";
import { describeReceiverContract } from "@dbintel/pipeline/testing/contracts";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { databaseProblem } from "../src/connection/problems.ts";
import { mysql } from "../src/index.ts";
import { eventsOf, loginOf, never, settingsOf, watch } from "./watch.ts";

/** Runs until somebody ends it. */
const columns = "information_schema.columns";
const endless = `SELECT COUNT(*) AS busy FROM ${columns} a, ${columns} b, ${columns} c`;

const servers = [
  { product: "mysql", suite: describeOwnMysql, start: () => startMysql({ own: true }) },
  { product: "mariadb", suite: describeMariadb, start: () => startMariadb() },
] as const;

for (const { product, suite, start } of servers) {
  suite("the receiver", () => {
    let server: MysqlServer;
    const opened: { close(): Promise<void> }[] = [];

    function closedLater<T extends { close(): Promise<void> }>(closeable: T): T {
      opened.push(closeable);
      return closeable;
    }

    async function user(name: string, ...grants: readonly string[]) {
      await server.query(`CREATE USER '${name}'@'%' IDENTIFIED BY 'otel-password'`);
      for (const grant of grants) await server.query(`GRANT ${grant} TO '${name}'@'%'`);
      return { username: name, password: "otel-password" };
    }

    beforeAll(async () => {
      server = await start();
      await server.query("CREATE DATABASE app");
      await server.query("CREATE TABLE app.t (id int PRIMARY KEY, v int, KEY by_v (v))");
      await server.query("INSERT INTO app.t VALUES (1, 1), (2, 2), (3, 3)");
      await server.query("SELECT * FROM app.t FORCE INDEX (by_v) WHERE v = 2");
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((each) => each.close()));
    });
    afterAll(() => server?.stop());

    describe("what it asks for", () => {
      it("needs SELECT on performance_schema and nothing else", async () => {
        const watched = closedLater(watch(server, { user: await user("otel", "SELECT ON performance_schema.*") }));
        expect((await watched.poll()).problems).toEqual([]);
        expect((await watched.pollObjects()).problems).toEqual([]);
      });

      it("sends the server's status to a user without any grant, and says what is missing for the rest", async () => {
        const bare = await user("bare");
        const watched = closedLater(watch(server, { user: bare }));
        const { batches, problems } = await watched.pollMetrics();
        expect(pointsOf(batches).some(({ name }) => name === "mysql.uptime")).toBe(true);
        expect(new Set(problems?.map(({ code }) => code))).toEqual(new Set(["DBI_DATABASE_PERMISSION"]));
        const hints = problems?.map(({ hint }) => hint).join("\n");
        expect(hints).toContain("GRANT PROCESS ON *.* TO 'bare'@'%';");
        const objects = await closedLater(watch(server, { user: bare })).pollObjects();
        expect(objects.problems?.[0]?.hint).toContain("GRANT SELECT ON performance_schema.* TO 'bare'@'%';");
        await expect(watched.poll()).rejects.toMatchObject({
          code: "DBI_DATABASE_PERMISSION",
          message: expect.stringContaining("events_statements_summary_by_digest"),
        });
      });

      it("sends statements to a user who may read nothing but their summary, and says what else is missing", async () => {
        const grant = "SELECT ON performance_schema.events_statements_summary_by_digest";
        const watched = closedLater(watch(server, { user: await user("digests", grant) }));
        await watched.poll();
        await server.query("SELECT id FROM app.t WHERE v = 7");
        await eventually("the statement is reported", async () => {
          const { batches, problems } = await watched.poll();
          expect(problems).not.toEqual([]);
          for (const problem of problems ?? []) {
            expect(problem).toMatchObject({
              code: "DBI_DATABASE_PERMISSION",
              message: expect.stringMatching(/events_statements_histogram_global|prepared_statements_instances/),
              hint: expect.stringContaining("GRANT SELECT ON performance_schema.* TO 'digests'@'%';"),
            });
          }
          return eventsOf(batches).some((event) => event.text("db.query.text").includes("WHERE `v` = ?"))
            ? true
            : undefined;
        });
        expect((await watched.pollObjects()).problems).toMatchObject([
          { message: expect.stringContaining("table_io_waits_summary_by_table") },
          { message: expect.stringContaining("table_io_waits_summary_by_index_usage") },
          { message: expect.stringContaining("table_lock_waits_summary_by_table") },
        ]);
      });

      it("says with which statement a consumer is turned on that counts no statements", async () => {
        const watched = closedLater(watch(server));
        await server.query(
          "UPDATE performance_schema.setup_consumers SET ENABLED = 'NO' WHERE NAME = 'statements_digest'",
        );
        const [problem] = (await watched.poll()).problems ?? [];
        expect(problem?.code).toBe("DBI_DATABASE_EXTENSION");
        const statement = /UPDATE .*;/.exec(problem?.hint ?? "")?.[0] ?? "";
        await server.query(statement);
        expect((await watched.poll()).problems).toEqual([]);
      });
    });

    describe("its session", () => {
      it("is read-only, limited by the server, and marked", async () => {
        const connection = closedLater(new DatabaseConnection(settingsOf(server)));
        await expect(connection.query("INSERT INTO app.t VALUES (9, 9)", [], never)).rejects.toThrow(/READ ONLY/);
        connection.limit(50);
        const error = await connection.query(endless, [], never).then(undefined, (reason: unknown) => reason);
        expect(databaseProblem(error, { endpoint: "db:3306", username: "otel" })).toMatchObject({
          code: "DBI_TIMEOUT",
          retryable: true,
        });
        // The session goes on; a busy machine may need longer than that for any statement.
        connection.limit(30_000);
        expect(await connection.query("SELECT 18446744073709551615 AS big", [], never)).toMatchObject([
          { big: 2n ** 64n - 1n },
        ]);
        expect(connection.session).toBe(1);
      });

      it("leaves no statement behind when a poll is given up", async () => {
        const connection = closedLater(new DatabaseConnection(settingsOf(server)));
        const abort = new AbortController();
        const running = connection.query(endless, [], abort.signal).then(undefined, (reason: unknown) => reason);
        const busy = () =>
          server.query<RowDataPacket>(
            "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT /* dbintel */%AS busy%'",
          );
        await eventually("the statement runs", async () => ((await busy()).length === 1 ? true : undefined));
        abort.abort(new Error("given up"));
        expect(await running).toMatchObject({ message: "given up" });
        await eventually("the server has ended the statement", async () =>
          (await busy()).length === 0 ? true : undefined,
        );
        expect(await connection.query("SELECT 1 AS one", [], never)).toMatchObject([{ one: expect.anything() }]);
      });

      it("is refused with a wrong password, and says so without it", async () => {
        const watched = closedLater(
          watch(server, { user: { username: server.superuser, password: "not-the-password" } }),
        );
        const error = (await watched.poll().then(undefined, (reason: unknown) => reason)) as DbintelError;
        expect(error).toMatchObject({ code: "DBI_DATABASE_AUTHENTICATION", retryable: false });
        expect((error as Error).message).toContain("(with a password)");
        expect(`${error.message} ${error.hint} ${JSON.stringify(error.cause)}`).not.toContain("not-the-password");
      });

      it("is not opened where nobody listens", async () => {
        const connection = closedLater(new DatabaseConnection({ ...settingsOf(server), port: await freePort() }));
        const error = await connection.ping(never).then(undefined, (reason: unknown) => reason);
        expect(databaseProblem(error, { endpoint: "db:3306", username: "otel" })).toMatchObject({
          code: "DBI_DATABASE_UNREACHABLE",
          retryable: true,
        });
      });

      it("verifies the server's certificate unless told otherwise", async () => {
        const verified = closedLater(
          new DatabaseConnection({ ...settingsOf(server), login: loginOf(server.password, {}) }),
        );
        const error = await verified.ping(never).then(undefined, (reason: unknown) => reason);
        const { code, hint } = databaseProblem(error, { endpoint: "db:3306", username: "otel" });
        expect(code).toBe("DBI_DATABASE_UNREACHABLE");
        // MySQL, and MariaDB from 11.4 on, make themselves a certificate that nobody has signed; older ones have none.
        const hasCertificate = product === "mysql" || Number.parseFloat(server.version) >= 11.4;
        expect(hint).toContain(hasCertificate ? "tls.ca_file" : "tls: {insecure: true}");
        if (!hasCertificate) return;
        const trusting = closedLater(
          new DatabaseConnection({
            ...settingsOf(server),
            login: loginOf(server.password, { insecure_skip_verify: true }),
          }),
        );
        const [row] = await trusting.query("SHOW SESSION STATUS WHERE Variable_name = 'Ssl_cipher'", [], never);
        expect(row?.Value).not.toBe("");
      });
    });

    describe("its metrics", () => {
      it("have names, units and kinds of the OpenTelemetry Collector, and count since the server's start", async () => {
        const watched = closedLater(watch(server));
        const first = pointsOf((await watched.pollMetrics()).batches);
        const second = pointsOf((await watched.pollMetrics()).batches);
        const named = (name: string) => second.filter((point) => point.name === name);
        expect(named("mysql.uptime")).toMatchObject([{ unit: "s", type: "sum", monotonic: true }]);
        expect(named("mysql.buffer_pool.limit")).toMatchObject([
          { unit: "By", type: "sum", monotonic: false, value: 16_777_216n },
        ]);
        expect(new Set(named("mysql.threads").map(({ attributes }) => attributes.get("kind")))).toEqual(
          new Set(["cached", "connected", "created", "running"]),
        );
        const queries = (points: typeof first) => points.find(({ name }) => name === "mysql.query.count");
        expect(Number(queries(second)?.value)).toBeGreaterThan(Number(queries(first)?.value));
        expect(queries(second)?.startTimeUnixNano).toBe(queries(first)?.startTimeUnixNano);
        const { startTimeUnixNano = 0n, timeUnixNano = 0n } = queries(second) ?? {};
        expect(startTimeUnixNano > 0n && startTimeUnixNano < timeUnixNano).toBe(true);
      });

      it("name the product that answers", async () => {
        const { batches } = await closedLater(watch(server)).pollMetrics();
        const resources = batches.flatMap((batch) =>
          [...batch.resources()].map(({ attributes }) => attributes.entries()),
        );
        expect(resources.map((entries) => new Map(entries))).toEqual([
          new Map<string, AnyValue>([
            ["mysql.instance.endpoint", `${server.host}:${server.port}`],
            ["service.instance.id", `${server.host}:${server.port}`],
            ["server.address", server.host],
            ["server.port", BigInt(server.port)],
            ["db.system.name", product],
          ]),
        ]);
      });
    });

    describeReceiverContract(mysql, {
      config: () => ({
        endpoint: `${server.host}:${server.port}`,
        username: server.superuser,
        password: server.password,
        tls: { insecure: true },
        // Deadlines pass on the contract's clock, the server answers in real time.
        timeout: "1h",
      }),
      provoke: ({ clock }) => clock.advance(10_000),
    });
  });
}

describeMariadb("a server without performance_schema", () => {
  let server: MysqlServer;
  beforeAll(async () => {
    server = await startMariadb({ "performance-schema": "OFF" });
  });
  afterAll(() => server?.stop());

  it("is asked for its status only, and the problem says what turns it on", async () => {
    const watched = watch(server);
    const { batches, problems } = await watched.pollMetrics();
    expect(pointsOf(batches).some(({ name }) => name === "mysql.query.count")).toBe(true);
    expect(problems).toMatchObject([
      { code: "DBI_DATABASE_EXTENSION", hint: expect.stringContaining("performance_schema = ON") },
    ]);
    expect(await watched.poll()).toMatchObject({ batches: [], problems: [{ code: "DBI_DATABASE_EXTENSION" }] });
    await watched.close();
  });
});
