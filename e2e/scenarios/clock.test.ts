import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess } from "../harness/dbintel-process.ts";
import { freePort } from "../harness/free-port.ts";
import { type JsonBackend, startJsonBackend } from "../harness/json-backend.ts";
import { readLedgers } from "../harness/ledgers.ts";
import { postLogs } from "../harness/log-client.ts";
import { dataPoints, logRecords } from "../harness/otlp-json.ts";
import { describeClock, ShiftedClock } from "../harness/shifted-clock.ts";
import { type PostgresServer, startPostgres } from "../servers/index.ts";
import { describePostgres } from "../servers/vitest.ts";

const deadline = { deadlineMs: 60_000 };
/** No interval is longer: the polls are a second apart, on a machine that may be busy. */
const longestMs = 30 * 60_000;
const nanoPerMs = 1_000_000n;

describeClock("a clock that is set by hours while the collector runs", () => {
  describePostgres(18, "and watches a database", () => {
    let folder: string;
    let server: PostgresServer;
    let session: pg.Client;
    let backend: JsonBackend;
    let backendIsDown = false;
    const bodies: unknown[] = [];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "dbintel-clock-"));
      server = await startPostgres();
      await server.query("CREATE TABLE counted (id int)");
      session = await server.connect();
      backend = await startJsonBackend(({ body }, response) => {
        if (!backendIsDown) bodies.push(body);
        response.writeHead(backendIsDown ? 503 : 200, backendIsDown ? { "retry-after": "1" } : {}).end("{}");
      });
    });
    afterAll(async () => {
      await session?.end();
      await backend?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    it("loses and expires nothing, and reports no interval of hours", async () => {
      const [otlp, metrics] = [await freePort(), await freePort()];
      const config = join(folder, "collector.yaml");
      await writeFile(
        config,
        `
receivers:
  otlp: { protocols: { http: { endpoint: "127.0.0.1:${otlp}" } } }
  postgresql:
    endpoint: ${server.host}:${server.port}
    username: ${server.superuser}
    password: \${env:TEST_PASSWORD}
    tls: { insecure: true }
    collection_interval: 1s
    initial_delay: 0s
    timeout: 60s
    budget: { max_database_share: "100%" }
    top_query_collection: { top_n_query: 1000, collection_interval: 1s }
exporters:
  otlp_http:
    endpoint: "${backend.endpoint}"
    encoding: json
    compression: none
    retry_on_failure: { initial_interval: 50ms, max_interval: 200ms }
    sending_queue: { storage: file_storage, max_age: 1h }
extensions:
  file_storage: { directory: "${join(folder, "state")}" }
service:
  extensions: [file_storage]
  telemetry:
    metrics: { readers: [{ pull: { exporter: { prometheus: { host: 127.0.0.1, port: ${metrics} } } } }] }
  pipelines:
    logs: { receivers: [otlp, postgresql], exporters: [otlp_http] }
    metrics: { receivers: [postgresql], exporters: [otlp_http] }
`,
      );
      const clock = new ShiftedClock(join(folder, "time"));
      await clock.set("+0h");
      const env = { ...clock.env, TEST_PASSWORD: server.password };
      await using dbintel = new DbintelProcess(["run", "--config", config], env);
      const until = <T>(what: string, probe: () => T | undefined | Promise<T | undefined>) =>
        eventually(
          what,
          () => {
            if (!dbintel.running) throw new Error(dbintel.stderr);
            return probe();
          },
          deadline,
        ).catch((cause: unknown) => {
          throw new Error(`${String(cause)}; the collector said:\n${dbintel.stderr}`, { cause });
        });

      const sent: string[] = [];
      const send = async (id: string) => {
        const taken = (await postLogs(`http://127.0.0.1:${otlp}/v1/logs`, [{ id }])) === 200;
        if (taken) sent.push(id);
        return taken || undefined;
      };
      const accounts = async () => await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
      const polls = async () => {
        const lines = (await accounts()).split("\n");
        const [statements = 0, scrapes = 0] = ["statements", "metrics"].map((poller) =>
          lines
            .filter((line) => line.startsWith("dbintel_receiver_polls") && line.includes(`poller="${poller}"`))
            .filter((line) => line.includes('outcome="ok"'))
            .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0),
        );
        return Math.min(statements, scrapes);
      };
      /** Statements and metrics have been polled from beginning to end. */
      const nextPolls = async () => {
        const before = await polls();
        await until("all is polled again", async () => (await polls()) >= before + 2 || undefined);
      };
      let executed = 0;
      const execute = async (times: number) => {
        for (let time = 0; time < times; time++) await session.query("SELECT id FROM counted");
        executed += times;
      };
      const counted = () =>
        logRecords(bodies).filter(({ attributes }) => String(attributes["db.query.text"]).includes("FROM counted"));
      const reported = () => counted().reduce((sum, one) => sum + Number(one.attributes["postgresql.calls"] ?? 0), 0);

      await until("it takes data", () => send("at first"));
      await until(
        "the first poll is over, with which all others are compared",
        async () => (await polls()) || undefined,
      );
      backendIsDown = true;
      for (const offset of ["+2h", "+0h", "-2h", "+0h"]) {
        expect(await send(`before ${offset}`)).toBe(true);
        await execute(7);
        await clock.set(offset);
        expect(await send(`after ${offset}`)).toBe(true);
        await execute(5);
        await nextPolls();
      }
      backendIsDown = false;
      await execute(3);
      await until("all executions are reported", () => reported() >= executed || undefined);
      await until("all records have arrived", () => {
        const ids = logRecords(bodies).flatMap(({ attributes }) => attributes.id ?? []);
        return ids.length >= sent.length || undefined;
      });

      const records = logRecords(bodies);
      expect(records.flatMap(({ attributes: { id } }) => (typeof id === "string" ? [id] : [])).toSorted()).toEqual(
        sent.toSorted(),
      );
      const starts = records.flatMap(({ attributes, timeUnixNano }) => {
        const start = attributes["dbintel.interval.start_time_unix_nano"];
        return start === undefined ? [] : [{ start: BigInt(String(start)), end: BigInt(timeUnixNano ?? 0) }];
      });
      expect(starts.length).toBeGreaterThan(3);
      const wrong = starts.filter(({ start, end }) => end <= start || end - start > BigInt(longestMs) * nanoPerMs);
      expect(wrong).toEqual([]);
      const backwards = dataPoints(bodies).filter(({ start, time }) => start !== undefined && start > time);
      expect(backwards.map(({ metric }) => metric)).toEqual([]);

      const text = await accounts();
      expect(text).not.toMatch(/dropped_items.*reason="expired"/);
      const exporter = readLedgers(text).find(({ kind, signal }) => kind === "exporter" && signal === "logs");
      expect(exporter).toMatchObject({ dropped: 0, refused: 0 });
      expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
      expect(reported()).toBe(executed);
    });
  });
});
