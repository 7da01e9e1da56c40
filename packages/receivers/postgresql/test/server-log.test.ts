import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { createTestHost, eventsOf, pointsOf, type SeenEvent, type SeenPoint } from "@dbintel/pipeline/testing";
import type { PollResult } from "@dbintel/polling";
import { StatementGuards } from "@dbintel/watching";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RelationNames } from "../src/activity/relation-names.ts";
import { KnownServer } from "../src/connection/capabilities.ts";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { watchedDatabase } from "../src/connection/problems.ts";
import { Visits } from "../src/connection/visits.ts";
import { logFunctions } from "../src/doctor/log-functions.ts";
import { LogPoll } from "../src/logs/log-poll.ts";
import { LoggedPlans } from "../src/plans/logged-plans.ts";
import { instanceResource } from "../src/resource.ts";
import { calm, never, settingsOf } from "./watch.ts";

const secret = "jane@example.com";
const monitor = { username: "monitor", password: "monitor" };
const poor = { username: "poor", password: "poor" };

/** Versions, formats of the log, and whether it is read as a file of this machine or through the server. */
const logs = [
  [13, [["csvlog", false]]],
  [
    18,
    [
      ["jsonlog", false],
      ["stderr", true],
    ],
  ],
] as const;

for (const [major, formats] of logs) {
  describePostgres(major, "the server's log", () => {
    let server: PostgresServer;
    const closing: (() => Promise<void>)[] = [];

    beforeAll(async () => {
      server = await startPostgres({
        major,
        settings: {
          // Its workers wait for locks, and are waited for, too.
          autovacuum: false,
          logging_collector: true,
          log_line_prefix: "%m [%p] %q%u@%d %e ",
          log_timezone: "Asia/Kolkata",
          log_lock_waits: true,
          log_temp_files: 0,
          deadlock_timeout: "100ms",
          "auto_explain.log_min_duration": 0,
          "auto_explain.log_analyze": true,
          "auto_explain.log_verbose": true,
          max_parallel_workers_per_gather: 0,
        },
      });
      await server.query("CREATE TABLE orders (id int PRIMARY KEY, note text)");
      await server.query("INSERT INTO orders SELECT g, 'n' || g FROM generate_series(1, 1000) g");
      for (const { username, password } of [monitor, poor]) {
        await server.query(`CREATE ROLE ${username} LOGIN PASSWORD '${password}' IN ROLE pg_monitor`);
      }
      await server.query(
        "GRANT EXECUTE ON FUNCTION pg_current_logfile(text), pg_read_binary_file(text, bigint, bigint, boolean) TO monitor",
      );
    });
    afterAll(() => server.stop());
    afterEach(async () => {
      for (const close of closing.splice(0)) await close();
    });

    for (const [format, isLocal] of formats) {
      describe(`as ${format}, ${isLocal ? "a file of this machine" : "through the server"}`, () => {
        let path: string | undefined;

        beforeAll(async () => {
          await server.query(`ALTER SYSTEM SET log_destination = '${format}'`);
          await server.query(`ALTER SYSTEM SET auto_explain.log_format = '${isLocal ? "text" : "json"}'`);
          await server.query("SELECT pg_reload_conf()");
          await eventually(`the log is written as ${format}`, async () => {
            const [row] = await server.query<{ file: string }>(`SELECT pg_current_logfile('${format}') AS file`);
            const [other] = await server.query<{ file: string }>("SELECT pg_current_logfile() AS file");
            return row?.file !== null && other?.file === row?.file ? true : undefined;
          });
          const [folder] = await server.query<{ data: string }>("SELECT current_setting('data_directory') AS data");
          path = isLocal ? `${folder?.data}/log` : undefined;
        });

        function watch(
          options: { readonly user?: typeof monitor; readonly host?: ReturnType<typeof createTestHost> } = {},
        ) {
          const { user = monitor, host = createTestHost() } = options;
          const settings = settingsOf(server, user);
          const endpoint = `${server.host}:${server.port}`;
          const connection = new DatabaseConnection(settings, "postgres");
          const known = new KnownServer(connection, endpoint);
          const context = { endpoint, username: settings.username, database: "postgres" };
          const loggedPlans = new LoggedPlans(host.clock);
          const poll = new LogPoll({
            ...{ host, server: known, context, loggedPlans, required: true, path, mostBytes: 1_048_576 },
            names: new RelationNames({ clock: host.clock, visits: new Visits(settings, known) }),
            resource: instanceResource({ host: server.host, port: server.port, enabled: () => true }),
            reportsDatabase: () => true,
          });
          const guards = new StatementGuards({ host, watched: watchedDatabase(context), source: connection });
          closing.push(() => connection.close());
          return {
            host,
            loggedPlans,
            place: poll.place,
            async poll(): Promise<PollResult> {
              const result = await poll.poll({ signal: never, guard: guards.forPoll(calm) });
              result.commit?.();
              return result;
            },
          };
        }

        /** Polls until there is an event of the name; answers with all events, points and bytes until then. */
        async function until(
          log: ReturnType<typeof watch>,
          name: string,
          part: (event: SeenEvent) => boolean = () => true,
        ) {
          const events: SeenEvent[] = [];
          let points: readonly SeenPoint[] = [];
          const bytes: Buffer[] = [];
          const found = await eventually(`the log tells ${name}`, async () => {
            const { batches } = await log.poll();
            events.push(...eventsOf(batches));
            points = pointsOf(batches);
            bytes.push(...batches.map((batch) => Buffer.from(batch.encode())));
            return events.find((event) => event.name === name && part(event));
          });
          return { found, events, points, bytes: Buffer.concat(bytes) };
        }

        /** Waits until the process that writes the log has come so far: what one poll reads is told together. */
        async function written(part: string): Promise<void> {
          await eventually(`the log has ${part}`, async () => {
            const [row] = await server.query<{ there: boolean }>(
              "SELECT position(convert_to($1, 'UTF8') IN pg_read_binary_file(pg_current_logfile($2))) > 0 AS there",
              [part, format],
            );
            return row?.there === true ? true : undefined;
          });
        }

        const statementOf = (event: SeenEvent) => event.text("db.query.text");

        it("tells both sides of a deadlock, whose it was and on what", async () => {
          const log = watch();
          await log.poll();
          const [one, other] = [await server.connect(), await server.connect()];
          const pid = async (client: typeof one) => (await client.query("SELECT pg_backend_pid() AS pid")).rows[0]?.pid;
          const pids = [await pid(one), await pid(other)];
          for (const [client, id] of [
            [one, 1],
            [other, 2],
          ] as const) {
            await client.query("BEGIN");
            await client.query(`UPDATE orders SET note = '${secret}' WHERE id = ${id}`);
          }
          const outcomes = await Promise.allSettled([
            one.query(`UPDATE orders SET note = '${secret}'\n WHERE id = 2`),
            other.query(`UPDATE orders SET note = 'Process ${pids[0]}: ${secret}' WHERE id = 1 AND id < 7`),
          ]);
          const victim = pids[outcomes.findIndex(({ status }) => status === "rejected")];
          for (const client of [one, other]) {
            await client.query("ROLLBACK");
            await client.end();
          }
          const { events, bytes } = await until(log, "db.deadlock");
          const parties = events.filter(({ name }) => name === "db.deadlock");
          expect(new Set(parties.map((event) => event.text("dbintel.deadlock.id"))).size).toBe(1);
          expect(new Map(parties.map((event) => [event.number("postgresql.pid"), statementOf(event)]))).toEqual(
            new Map([
              [pids[0], "UPDATE orders SET note = ? WHERE id = ?"],
              [pids[1], "UPDATE orders SET note = ? WHERE id = ? AND id < ?"],
            ]),
          );
          for (const event of parties) {
            const own = event.number("postgresql.pid");
            expect(Object.fromEntries(event.attributes)).toMatchObject({
              "db.namespace": "postgres",
              "postgresql.blocking.pids": `{${pids.find((each) => each !== own)}}`,
              "postgresql.blocking.lock.mode": "ShareLock",
              "postgresql.blocking.lock.type": "transaction",
              "dbintel.deadlock.parties": 2n,
              "dbintel.deadlock.victim": own === victim,
              ...(own === victim ? { "postgresql.blocking.lock.relation": "orders" } : {}),
            });
            const ageMs = Math.abs(Date.now() - Number(event.timeUnixNano / 1_000_000n));
            expect(ageMs).toBeLessThan(3_600_000);
          }
          expect(bytes.includes(secret)).toBe(false);
        });

        it("tells errors by kind, without any text of a user, and counts them", async () => {
          const log = watch();
          await log.poll();
          const session = await server.connect();
          await session.query("SET work_mem = '64kB'");
          const failing = [
            `INSERT INTO orders VALUES (1, '${secret}')`,
            `INSERT INTO orders VALUES (2, '${secret}')`,
            `SELECT '${secret}'::int`,
            `SELECT "${secret}" FROM orders`,
            "SELECT * FROM not_there",
            `SELECT ${secret.replace("@", " ' ")}`,
            `DO $$ BEGIN RAISE EXCEPTION 'no customer ${secret}'; END $$`,
            `DO $$ BEGIN RAISE EXCEPTION 'permission denied for table ${secret}' USING ERRCODE = '42501'; END $$`,
            "SET statement_timeout = 50; SELECT pg_sleep(60)",
          ];
          for (const sql of failing) await session.query(sql).catch(() => {});
          await session.query("SET statement_timeout = 0");
          await session.query(
            `SELECT count(*) FROM (SELECT note || '${secret}' FROM orders, generate_series(1, 50) ORDER BY 1) s`,
          );
          await server.connect({ user: "poor", password: secret }).catch(() => {});
          const ended = await server.connect();
          const { rows } = await ended.query("SELECT pg_backend_pid() AS pid");
          await server.query(`SELECT pg_terminate_backend(${rows[0]?.pid})`);
          await eventually("the session has ended", async () => {
            const left = await server.query(`SELECT FROM pg_stat_activity WHERE pid = ${rows[0]?.pid}`);
            return left.length === 0 ? true : undefined;
          });
          await session.query("SELECT * FROM surely_not_there").catch(() => {});
          await session.end();
          await written("surely_not_there");

          const isLast = (event: SeenEvent) => event.text("db.log.message").includes("surely_not_there");
          const { events, points, bytes } = await until(log, "db.log.error", isLast);
          expect(bytes.includes("jane")).toBe(false);
          expect(bytes.includes("example")).toBe(false);
          const told = events
            .filter(({ name }) => name.startsWith("db.log."))
            .map((event) => [
              event.name.slice("db.log.".length),
              event.text("db.response.status_code"),
              event.text("db.log.message"),
              event.number("db.log.count"),
            ]);
          expect(told).toContainEqual([
            "error",
            "23505",
            'duplicate key value violates unique constraint "orders_pkey"',
            2,
          ]);
          expect(told).toContainEqual(["error", "22P02", 'invalid input syntax for type integer: "?"', 1]);
          expect(told).toContainEqual(["error", "42703", 'column "?" does not exist', 1]);
          expect(told).toContainEqual(["error", "P0001", "", 1]);
          expect(told).toContainEqual(["error", "42501", "permission denied for table ?", 1]);
          expect(told).toContainEqual(["cancelled", "57014", "canceling statement due to statement timeout", 1]);
          expect(told).toContainEqual(["connection", "28P01", 'password authentication failed for user "?"', 1]);
          expect(told).toContainEqual([
            "terminated",
            "57P01",
            "terminating connection due to administrator command",
            1,
          ]);
          const file = events.find(({ name }) => name === "db.log.temporary_file");
          expect(file?.number("postgresql.temporary_file.size")).toBeGreaterThan(10_000);

          const counted = points.filter(({ name }) => name === "db.log.errors");
          const count = (code: string) =>
            counted.find(({ attributes }) => attributes.get("db.response.status_code") === code)?.value;
          expect([count("23505"), count("42P01"), count("28P01")]).toEqual([2n, 2n, 1n]);
          expect(counted[0]).toMatchObject({ type: "sum", monotonic: true, temporality: "cumulative" });
          const read = points.find(({ name }) => name === "db.log.read");
          expect(read?.value).toBeGreaterThan(1000n);
          expect(points.filter(({ name }) => name === "db.log.skipped")).toEqual([]);
        });

        it("tells waits for locks, with who is waited for", async () => {
          const log = watch();
          await log.poll();
          const [holder, waiting] = [await server.connect(), await server.connect()];
          const { rows } = await holder.query("SELECT pg_backend_pid() AS pid");
          await holder.query("BEGIN; LOCK TABLE orders");
          const done = waiting.query(`SELECT count(*) FROM orders WHERE note = '${secret}'`);
          const { found, bytes } = await until(log, "db.log.lock_wait");
          await holder.query("COMMIT");
          await done;
          for (const client of [holder, waiting]) await client.end();
          expect(Object.fromEntries(found.attributes)).toMatchObject({
            "db.namespace": "postgres",
            "db.query.text": "SELECT count(*) FROM orders WHERE note = ?",
            "postgresql.blocking.lock.mode": "AccessShareLock",
            "postgresql.blocking.lock.type": "relation",
            "postgresql.blocking.acquired": false,
            "postgresql.blocking.pids": `{${rows[0]?.pid}}`,
          });
          expect(found.number("dbintel.age")).toBeGreaterThan(0.09);
          expect(bytes.includes(secret)).toBe(false);
        });

        it("tells the plans that executions had, without constants, and keeps them for the top queries", async () => {
          const log = watch();
          await log.poll();
          const session = await server.connect();
          await session.query(`SELECT count(*) AS n FROM orders WHERE note = '${secret}' AND id < 700`);
          await session.query({ text: "SELECT id FROM orders WHERE note = $1", values: [secret] });
          await session.end();
          const { found, events, bytes } = await until(
            log,
            "db.server.query_plan",
            (event) => statementOf(event) === "SELECT id FROM orders WHERE note = $1",
          );
          const plans = events.filter(({ name }) => name === "db.server.query_plan");
          const counting = plans.find((event) => statementOf(event).includes("AS n FROM orders"));
          expect(statementOf(counting ?? found)).toBe("SELECT count(*) AS n FROM orders WHERE note = ? AND id < ?");
          for (const event of [counting, found]) {
            expect(event?.text("postgresql.query_plan")).toContain('"Relation Name":"orders"');
            expect(event?.text("db.query.plan.source")).toBe("auto_explain");
            expect(event?.number("postgresql.total_exec_time")).toBeGreaterThan(0);
          }
          expect(bytes.includes(secret)).toBe(false);
          if (major < 14) return;
          const id = found.text("db.query.id");
          expect(id).toMatch(/^-?\d+$/);
          expect(log.loggedPlans.get("postgres", id, 1000)?.source).toBe("auto_explain");
        });

        it("is read on after a restart where it was left", async () => {
          const first = watch();
          await first.poll();
          await server.query("SELECT * FROM not_there_1").catch(() => {});
          await until(first, "db.log.error");
          await server.query("SELECT * FROM not_there_2").catch(() => {});
          const { clockMicros: lookedMicros } = first.place;
          const second = watch();
          expect(second.place.restore(first.place.take() ?? new Uint8Array())).toBe(true);
          const { events, points } = await until(second, "db.log.error");
          const messages = events
            .filter(({ name }) => name === "db.log.error")
            .map((event) => event.text("db.log.message"));
          expect(messages).toEqual(['relation "not_there_2" does not exist']);
          const entries = points.find(({ attributes }) => attributes.get("db.log.kind") === "error");
          expect(entries?.startTimeUnixNano).toBe(1000n * (lookedMicros ?? 0n));
        });

        it("goes on in the next file when the server begins one", async () => {
          const log = watch();
          await log.poll();
          await server.query("SELECT * FROM before_rotation").catch(() => {});
          await server.query("SELECT pg_rotate_logfile()");
          await server.query("SELECT * FROM after_rotation").catch(() => {});
          const isLast = (event: SeenEvent) => event.text("db.log.message").includes("after_rotation");
          const { events } = await until(log, "db.log.error", isLast);
          const messages = events
            .filter(({ name }) => name === "db.log.error")
            .map((event) => event.text("db.log.message"));
          expect(messages).toEqual([
            'relation "before_rotation" does not exist',
            'relation "after_rotation" does not exist',
          ]);
        });

        if (isLocal) return;
        it("says which grant is missing, and looks again after a while", async () => {
          const log = watch({ user: poor });
          const [found] = (await log.poll()).problems ?? [];
          expect(found?.code).toBe("DBI_DATABASE_PERMISSION");
          expect(
            await server.query(
              "SELECT FROM pg_read_file(pg_current_logfile()) f WHERE f LIKE '%permission denied for function%'",
            ),
          ).toEqual([]);
          expect(found?.hint).toContain("dbintel doctor --fix-sql");
          await server.query(logFunctions(poor.username).join("\n"));
          expect((await log.poll()).problems).toEqual([found]);
          await log.host.clock.advance(300_000);
          expect((await log.poll()).problems).toEqual([]);
          // They are all that this user has, and they read.
          await server.query("SELECT * FROM not_there_for_poor").catch(() => {});
          await until(log, "db.log.error", (event) => event.text("db.log.message").includes("not_there_for_poor"));
        });
      });
    }
  });
}
