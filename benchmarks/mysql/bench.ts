/**
 * What it costs to watch a MySQL server, beside the OpenTelemetry Collector's mysqlreceiver where
 * `benchmarks/peers/otelcol/build.sh` has built it. Without MySQL on the machine, or with `--mariadb`, on MariaDB.
 *
 *   npm run bench -- mysql [--rounds=2] [--intervals=2] [--statements=20000] [--mariadb]
 *
 * Both watch the same server with the same grants and intervals, in turn, each as often as the other: a server with many
 * statements, a thousand of which are executed each second, and 100 sessions, ten of them in a chain of locks. All events are
 * on, and what else each receiver sends by itself. Figures are for one interval of the top queries, in which sessions and
 * metrics are read three times; each is the median of the rounds. The same number of plans cannot be had: the other
 * receiver asks for one of each of its top queries and keeps it for an hour, ours for at most 20 an interval.
 *
 * CPU and memory are the process's as the operating system accounts them; the server's CPU is that of all its threads but
 * for those of the load, less what it takes while nobody watches. Waiting is the time from a question to the end of its
 * answer. The last columns say what came of it: metrics, data points and log records in a turn of its own, with the file
 * exporter. The receiver's own limit of what it may cost is off. The last line is the sampling of active sessions alone,
 * once a second, with 98 of 100 sessions active.
 */
import { setTimeout as pass } from "node:timers/promises";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { findMysql } from "../../e2e/servers/mysql.ts";
import { type Row, report } from "../harness/results.ts";
import {
  type Contender,
  compare,
  dbintelCommand,
  measure,
  mediansOf,
  option,
  otelcolContender,
  type Usage,
  type Watched,
} from "../watching/contender.ts";
import { ServerCpu } from "./server-cpu.ts";

type Connection = Awaited<ReturnType<MysqlServer["connect"]>>;

const rounds = option("rounds", 2);
const intervals = option("intervals", 2);
const digests = option("statements", 20_000);
/** So many of them each second. */
const executed = 1000;
const topQuerySeconds = 6;
const scrapeSeconds = 2;
const sessions = 100;
const blocked = 9;
const asleep = 30;
const monitor = { user: "otel", password: "benchmark" };
const columns = 150;
const atOnce = 500;
const onMariadb = process.argv.includes("--mariadb") || findMysql() === undefined;
const events = { "db.server.query_sample": { enabled: true }, "db.server.top_query": { enabled: true } };

const dbintel: Contender = {
  ...dbintelCommand,
  settings: {
    query_sample_collection: { collection_interval: `${scrapeSeconds}s`, max_rows_per_query: sessions },
    budget: { max_database_share: "100%" },
  },
};
/** Nothing but the sampling of active sessions; what else there is once. */
const sampling: Contender = {
  ...dbintel,
  signals: ["metrics"],
  settings: {
    ...{ ...dbintel.settings, collection_interval: "1h", object_collection: { enabled: false } },
    query_sample_collection: { collection_interval: "1h" },
    active_sessions: { collection_interval: "1s", max_cost: 1 },
  },
};
const contenders = [
  dbintel,
  ...otelcolContender({
    query_sample_collection: { max_rows_per_query: sessions },
    top_query_collection: { lookback_time: 2 * topQuerySeconds },
  }),
];

const product = onMariadb ? "mariadb" : "mysql";
const { rows, version } = await compareBoth();
report(product, [...rows, await sampleOnly()], { [product]: version });

async function compareBoth(): Promise<{ readonly rows: readonly Row[]; readonly version: string }> {
  await using server = await startServer(digests);
  await using crowd = await connectCrowd(server, asleep);
  await run(crowd.load, digests);
  const name = `${digests.toLocaleString("en")} statements`;
  const rows = await compare(await watched(server, crowd.load, executed), { name, contenders, rounds });
  return { rows, version: server.version };
}

async function sampleOnly(): Promise<Row> {
  await using server = await startServer(5000);
  await using crowd = await connectCrowd(server, sessions);
  const usages: Usage[] = [];
  const idle = await watched(server, crowd.load, 10);
  for (let round = 0; round < rounds; round++) usages.push(await measure(idle, sampling));
  const figures = mediansOf(usages);
  const share = (name: string) => (figures[name] ?? Number.NaN) / 10 / topQuerySeconds;
  return {
    name: `${sessions} sessions, sampled once a second`,
    figures: {
      ...figures,
      "collector CPU %": share("collector CPU ms"),
      "server CPU %": share("server CPU ms"),
    },
  };
}

/** A server with room for so many statements and some more. */
async function startServer(digests: number): Promise<MysqlServer> {
  const settings = {
    "performance-schema-digests-size": Math.ceil(digests * 1.2),
    "performance-schema-max-digest-length": 512,
    "max-connections": sessions + 50,
  };
  const server = onMariadb ? await startMariadb(settings) : await startMysql({ own: true, settings });
  const names = Array.from({ length: columns }, (_, index) => `c${index} int`);
  for (const sql of [
    "UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' WHERE NAME LIKE 'events_statements_%' AND NAME NOT LIKE '%long'",
    "CREATE DATABASE app",
    `CREATE TABLE app.wide (${names.join(", ")})`,
    "CREATE TABLE app.held (id int PRIMARY KEY, v int) ENGINE=InnoDB",
    "INSERT INTO app.held VALUES (1, 1)",
    `CREATE USER '${monitor.user}'@'%' IDENTIFIED BY '${monitor.password}'`,
    `GRANT SELECT ON performance_schema.* TO '${monitor.user}'@'%'`,
    `GRANT PROCESS, REPLICATION CLIENT ON *.* TO '${monitor.user}'@'%'`,
    `GRANT SELECT ON app.* TO '${monitor.user}'@'%'`,
  ]) {
    await server.query(sql);
  }
  return server;
}

/** Sessions that do nothing, that sleep, and that wait for one of them. */
async function connectCrowd(server: MysqlServer, sleeping: number) {
  const crowd: Connection[] = [];
  for (let index = 0; index < sessions; index++) {
    crowd.push(await server.connect({ database: "app", multipleStatements: true }));
  }
  const [load, holder, ...others] = crowd;
  if (load === undefined || holder === undefined) throw new Error("there are too few sessions");
  await holder.beginTransaction();
  await holder.query("UPDATE held SET v = 2 WHERE id = 1");
  for (const [index, session] of others.entries()) {
    if (index >= blocked + sleeping) break;
    await session.query("SET SESSION innodb_lock_wait_timeout = 100000");
    // They end with their session.
    session.query(index < blocked ? "UPDATE held SET v = 3 WHERE id = 1" : "SELECT SLEEP(100000)").catch(() => {});
  }
  return {
    load,
    async [Symbol.asyncDispose]() {
      for (const session of crowd) session.destroy();
    },
  };
}

async function watched(server: MysqlServer, load: Connection, executed: number): Promise<Watched> {
  const execution = (seconds: number) => execute(load, executed, seconds);
  // What the server does by itself and for the load outside of its thread.
  const alone = await ServerCpu.of(server);
  await execution(topQuerySeconds);
  const beforeMs = alone.ms();
  await execution(intervals * topQuerySeconds);
  const aloneMsPerSecond = (alone.ms() - beforeMs) / (intervals * topQuerySeconds);
  return {
    receiver: "mysql",
    target: server,
    intervalSeconds: topQuerySeconds,
    intervals,
    settings: (port) => ({
      ...{ endpoint: `127.0.0.1:${port}`, username: monitor.user, password: monitor.password },
      ...{ tls: { insecure: true }, collection_interval: `${scrapeSeconds}s`, initial_delay: "100ms", events },
      top_query_collection: { collection_interval: `${topQuerySeconds}s` },
    }),
    execute: execution,
    async serverCpu() {
      const cpu = await ServerCpu.of(server);
      const startMs = performance.now();
      return { ms: () => cpu.ms() - (aloneMsPerSecond * (performance.now() - startMs)) / 1000 };
    },
  };
}

/** Executes the first so many statements, each number a statement of its own shape. */
async function run(load: Connection, number: number): Promise<void> {
  for (let from = 0; from < number; from += atOnce) {
    const shapes = Array.from({ length: Math.min(atOnce, number - from) }, (_, index) => {
      const ordinal = from + index;
      return `SELECT c${ordinal % columns}, c${Math.floor(ordinal / columns)} FROM wide`;
    });
    await load.query(shapes.join("; "));
  }
}

/** Executes statements each second. */
async function execute(load: Connection, executed: number, seconds: number): Promise<void> {
  const endMs = performance.now() + 1000 * seconds;
  for (let nextMs = performance.now(); nextMs < endMs; nextMs += 1000) {
    await run(load, executed);
    await pass(Math.max(0, nextMs + 1000 - performance.now()));
  }
}
