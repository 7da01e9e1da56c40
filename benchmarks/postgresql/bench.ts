/**
 * What it costs to watch a PostgreSQL server, beside the OpenTelemetry Collector's postgresqlreceiver where
 * `benchmarks/peers/otelcol/build.sh` has built it.
 *
 *   npm run bench -- postgresql [--rounds=2] [--intervals=3]
 *
 * Both watch the same server with the same grants, intervals and number of plans, in turn, each as often as the other:
 * a server with many statements, some of which are executed all the time, and 100 sessions, ten of them in a chain of
 * locks. All events are on, and what else each receiver sends by itself. Figures are for one interval of the top
 * queries, in which sessions and metrics are read three times; each is the median of the rounds. It takes ten minutes.
 *
 * CPU and memory are the process's as the operating system accounts them; the server's CPU is that of all processes
 * that it starts for the collector. Waiting is the time from a question to the end of its answer. What crosses the wire
 * at the start, in the first three intervals, is apart: our list of known statements is sent then, and again every 60
 * readings. The last columns say what came of it: metrics, data points and log records in a turn of its own, with the
 * file exporter. The receiver's own limit of what it may cost is off. A quotient says how many times more the peer takes.
 *
 * Then the sampling of active sessions alone, once a second, with 98 of 100 sessions active; and the memory of processes
 * that do nothing: Node's own, and both collectors'.
 */
import { setTimeout as pass } from "node:timers/promises";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import type { Client } from "pg";
import { type Row, report } from "../harness/results.ts";
import {
  type Contender,
  compare,
  dbintelCommand,
  measure,
  mediansOf,
  memoryOfNothing,
  option,
  otelcolContender,
  type Usage,
  type Watched,
} from "../watching/contender.ts";
import { ServerCpu } from "./server-cpu.ts";

interface Scenario {
  readonly entries: number;
  /** How many of them are executed each second. */
  readonly executed: number;
}

const scenarios: readonly Scenario[] = [
  { entries: 5000, executed: 500 },
  { entries: 100_000, executed: 1000 },
];
const rounds = option("rounds", 2);
const intervals = option("intervals", 3);
const topQuerySeconds = 6;
const scrapeSeconds = 2;
const sessions = 100;
const blocked = 9;
const asleep = 30;
const monitor = { user: "otel", password: "benchmark" };
const columns = 400;
const events = { "db.server.query_sample": { enabled: true }, "db.server.top_query": { enabled: true } };

const dbintel: Contender = {
  ...dbintelCommand,
  settings: {
    query_sample_collection: { collection_interval: `${scrapeSeconds}s` },
    budget: { max_database_share: "100%" },
  },
};
/** Nothing but the sampling of active sessions, and the metrics once. */
const sampling: Contender = {
  ...dbintel,
  signals: ["metrics"],
  settings: {
    ...{ ...dbintel.settings, collection_interval: "1h", object_collection: { enabled: false } },
    query_sample_collection: { collection_interval: "1h" },
    active_sessions: { collection_interval: "1s", max_cost: 1 },
  },
};
const contenders = [dbintel, ...otelcolContender({})];

const rows: Row[] = [];
let server = "";
for (const scenario of scenarios) rows.push(...(await compareAt(scenario)));
rows.push(await sampleOnly(), ...(await memoryOfNothing(contenders)));
report("postgresql", rows, { postgresql: server });

async function compareAt({ entries, executed }: Scenario): Promise<Row[]> {
  await using postgres = await startServer(entries);
  server = postgres.version;
  await prepare(postgres);
  await using crowd = await connectCrowd(postgres, asleep);
  await crowd.load.query("SELECT run(0, $1)", [entries]);
  const name = `${entries.toLocaleString("en")} statements`;
  return await compare(watched(postgres, crowd.load, executed), { name, contenders, rounds });
}

function watched(postgres: PostgresServer, load: Client, executed: number): Watched {
  return {
    receiver: "postgresql",
    target: postgres,
    intervalSeconds: topQuerySeconds,
    intervals,
    settings: (port) => ({
      ...{ endpoint: `127.0.0.1:${port}`, username: monitor.user, password: monitor.password },
      ...{ tls: { insecure: true }, collection_interval: `${scrapeSeconds}s`, initial_delay: "100ms", events },
      top_query_collection: { collection_interval: `${topQuerySeconds}s`, max_explain_each_interval: 20 },
    }),
    execute: (seconds) => execute(load, executed, seconds),
    serverCpu: async () => new ServerCpu(await postmasterOf(postgres)),
  };
}

async function sampleOnly(): Promise<Row> {
  await using postgres = await startServer(5000);
  await prepare(postgres);
  await using crowd = await connectCrowd(postgres, sessions);
  const usages: Usage[] = [];
  for (let round = 0; round < rounds; round++) usages.push(await measure(watched(postgres, crowd.load, 10), sampling));
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

function startServer(entries: number): Promise<PostgresServer> {
  return startPostgres({
    settings: {
      ...{ "pg_stat_statements.max": Math.ceil(entries * 1.2), "pg_stat_statements.track": "all" },
      ...{ max_connections: sessions + 50, autovacuum: false, statement_timeout: 0 },
    },
  });
}

async function prepare(postgres: PostgresServer): Promise<void> {
  const names = Array.from({ length: columns }, (_, index) => `c${index + 1} int`);
  for (const sql of [
    `CREATE TABLE wide (${names.join(", ")})`,
    "CREATE TABLE held AS SELECT 1 AS id",
    `CREATE ROLE ${monitor.user} LOGIN PASSWORD '${monitor.password}' IN ROLE pg_monitor, pg_read_all_data`,
    `GRANT SET ON PARAMETER pg_stat_statements.track TO ${monitor.user}`,
    // Each number is a statement of its own shape.
    `CREATE FUNCTION run(first int, number int) RETURNS void LANGUAGE plpgsql AS $$
      BEGIN
        FOR i IN first .. first + number - 1 LOOP
          EXECUTE format('SELECT c%s, c%s FROM wide', 1 + i % ${columns}, 1 + i / ${columns});
        END LOOP;
      END $$`,
  ]) {
    await postgres.query(sql);
  }
}

/** Sessions that do nothing, that sleep, and that wait for one of them. */
async function connectCrowd(postgres: PostgresServer, sleeping: number) {
  const crowd: Client[] = [];
  for (let index = 0; index < sessions; index++) crowd.push(await postgres.connect());
  const [load, holder, ...others] = crowd;
  if (load === undefined || holder === undefined) throw new Error("there are too few sessions");
  await holder.query("BEGIN");
  await holder.query("UPDATE held SET id = 2");
  for (const [index, session] of others.entries()) {
    if (index >= blocked + sleeping) break;
    // They end with their session.
    session.query(index < blocked ? "UPDATE held SET id = 3" : "SELECT pg_sleep(100000)").catch(() => {});
  }
  return {
    load,
    async [Symbol.asyncDispose]() {
      await postgres.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid()",
      );
      for (const session of crowd) await session.end().catch(() => {});
    },
  };
}

/** Executes statements each second. */
async function execute(load: Client, executed: number, seconds: number): Promise<void> {
  const endMs = performance.now() + 1000 * seconds;
  for (let nextMs = performance.now(); nextMs < endMs; nextMs += 1000) {
    await load.query("SELECT run(0, $1)", [executed]);
    await pass(Math.max(0, nextMs + 1000 - performance.now()));
  }
}

async function postmasterOf(postgres: PostgresServer): Promise<number> {
  const [row] = await postgres.query<{ pid: string }>("SELECT pg_read_file('postmaster.pid') AS pid");
  return Number(row?.pid.split("\n")[0]);
}
