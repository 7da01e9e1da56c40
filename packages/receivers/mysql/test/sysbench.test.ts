import { eventually } from "@dbintel/e2e/condition";
import { type MysqlServer, Sysbench, type SysbenchCounts, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeSysbench } from "@dbintel/e2e/servers/vitest";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Collector } from "./collectors.ts";
import { type Event, eventsOf, watch } from "./watch.ts";

// Both servers count without a lock, and lose some of what threads add to one row at once. So each of the threads has a
// schema, hence rows, of its own: what sysbench counts is then what the server has counted.
const schemas = ["bench_1", "bench_2", "bench_3", "bench_4"];
const reportsSchema = (schema: string | null) => schema !== null && schemas.includes(schema);
const size = { tables: 2, rows: 200, threads: 1 };
const transactions = 25;

const servers = [
  { database: "MySQL", start: () => startMysql({ own: true }) },
  { database: "MariaDB", start: () => startMariadb() },
] as const;

/** What sysbench calls the queries that begin like this. */
const kinds = { SELECT: "read", INSERT: "write", UPDATE: "write", DELETE: "write", BEGIN: "other", COMMIT: "other" };
type Counts = Omit<SysbenchCounts, "ignoredErrors">;

const textOf = (event: Event) => event.text("db.query.text");
const isQuery = (event: Event) => /^SELECT .*\bsbtest1\b/.test(textOf(event));
const sum = (events: readonly Event[], counter: string) =>
  events.reduce((total, event) => total + event.counter(counter), 0);

/** What events report, as sysbench would say it. */
function counted(events: readonly Event[]): SysbenchCounts {
  const calls = (kind: keyof Counts) => {
    const words = Object.entries(kinds).flatMap(([word, each]) => (each === kind ? [word] : []));
    const ofKind = events.filter((event) => words.includes(textOf(event).split(" ")[0] ?? ""));
    return sum(ofKind, "count_star") - sum(ofKind, "sum_errors");
  };
  const [read, write, other] = [calls("read"), calls("write"), calls("other")];
  return { read, write, other, ignoredErrors: sum(events, "sum_errors") };
}

for (const { database, start } of servers) {
  describeSysbench(database, "what is reported while sysbench runs", () => {
    let server: MysqlServer;
    /** It reports each statement. */
    let all: Collector;
    /** It reports the few on top, and the sum of the rest. */
    let top: Collector;
    let sessions: ReturnType<typeof watch>;
    const sampled: Event[] = [];

    async function poll(): Promise<void> {
      await all.poll();
      await top.poll();
      sampled.push(...eventsOf((await sessions.pollActivity()).batches));
    }

    /** Polls until `load` is over, and once more when the server has ended its sessions, so has counted all of it. */
    async function during<Result>(load: Promise<Result>): Promise<Result> {
      let over = false;
      const [result] = await Promise.all([
        load.finally(() => {
          over = true;
        }),
        (async () => {
          while (!over) await poll();
        })(),
      ]);
      await eventually("its sessions have ended", async () => {
        const list = "SELECT ID FROM information_schema.PROCESSLIST WHERE DB IN (?)";
        const left = await server.query<RowDataPacket>(list, [schemas]);
        return left.length === 0 ? true : undefined;
      });
      await poll();
      return result;
    }

    /** Ends a session that lets queries of sysbench wait, when one of these is sampled. */
    async function untilSampled(blocker: Connection): Promise<void> {
      try {
        await eventually("a query is sampled", () => sampled.some(isQuery) || undefined, { deadlineMs: 50_000 });
      } finally {
        await blocker.end();
      }
    }

    beforeAll(async () => {
      server = await start();
      for (const schema of schemas) await server.query(`CREATE DATABASE ${schema}`);
      all = new Collector(server, { reportsSchema });
      top = new Collector(server, { limit: 2, reportsSchema });
      sessions = watch(server, { reportsSchema });
      await poll();
    });
    afterAll(async () => {
      await Promise.all([all?.close(), top?.close(), sessions?.close()]);
      await server?.stop();
    });

    it("is each row of its tables and each of its queries, and no value", async () => {
      const threads = schemas.map((schema) => new Sysbench(server, { schema, ...size }));
      await during(Promise.all(threads.map((thread) => thread.prepare())));
      const [prepared, preparedTop] = [all.events.splice(0), top.events.splice(0)];
      for (const events of [prepared, preparedTop]) {
        expect(sum(events, "sum_rows_affected")).toBe(threads.length * size.tables * size.rows);
      }

      const blocker = await server.connect();
      await blocker.query(`LOCK TABLES ${schemas[0]}.sbtest1 WRITE`);
      const running = Promise.all(threads.map((thread, seed) => thread.run(transactions, seed + 1)));
      const [truths] = await Promise.all([during(running), untilSampled(blocker)]);
      let queries = 0;
      for (const [thread, truth] of truths.entries()) {
        const schema = schemas[thread];
        const reported = all.events.filter((event) => event.text("db.namespace") === schema);
        expect(counted(reported), schema).toEqual(truth);
        expect(truth.other, schema).toBe(2 * transactions);
        queries += truth.read + truth.write + truth.other + truth.ignoredErrors;
      }
      expect(sum(all.events, "count_star")).toBe(queries);
      expect(top.events.some((event) => event.text("dbintel.delta.kind") === "other")).toBe(true);
      expect(sum(top.events, "count_star")).toBe(queries);

      for (const event of [...prepared, ...preparedTop, ...all.events, ...top.events, ...sampled]) {
        expect(textOf(event).replaceAll(/\b(?:sbtest|k_|bench_)\d\b/g, "")).not.toMatch(/['"\d]/);
        // What the columns of its tables hold.
        expect([...event.attributes.values()].join("\n")).not.toMatch(/\d{11}-\d{11}/);
      }
    });
  });
}
