/**
 * What it costs to watch a PostgreSQL server, beside the OpenTelemetry Collector's postgresqlreceiver where
 * `benchmarks/peers/otelcol/build.sh` has built it.
 *
 *   npm run bench -- postgresql [--rounds=3] [--intervals=4]
 *
 * Both watch the same server with the same grants, intervals and number of plans, in turn, each as often as the other:
 * a server with many statements, some of which are executed all the time, and 100 sessions, ten of them in a chain of
 * locks. All events are on, and what else each receiver sends by itself. Figures are for one interval of the top
 * queries, in which sessions and metrics are read three times; each is the median of the rounds.
 *
 * CPU and memory are the process's as the operating system accounts them; the server's CPU is that of all processes
 * that it starts for the collector. Waiting is the time from a question to the end of its answer. The last columns say
 * what came of it: metrics, data points and log records in a turn of its own, with the file exporter. The receiver's own
 * limit of what it may cost is off. The last line is the sampling of active sessions alone, once a second, with 98 of
 * 100 sessions active.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pass } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import type { Client } from "pg";
import { otelcolBinary } from "../../e2e/harness/otelcol.ts";
import { median, type Row, report } from "../harness/results.ts";
import { cpuSeconds, residentMib } from "../pipeline/process-usage.ts";
import { type CountingProxy, countingProxy } from "./counting-proxy.ts";
import { ServerCpu } from "./server-cpu.ts";

interface Scenario {
  readonly entries: number;
  /** How many of them are executed each second. */
  readonly executed: number;
}

interface Contender {
  readonly name: string;
  readonly command: string;
  readonly args: (config: string) => readonly string[];
  /** Settings of the receiver beside those that both have. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Default: both. */
  readonly signals?: readonly string[];
}

const scenarios: readonly Scenario[] = [
  { entries: 5000, executed: 500 },
  { entries: 100_000, executed: 1000 },
];
const rounds = option("rounds", 3);
const intervals = option("intervals", 4);
const topQuerySeconds = 6;
const scrapeSeconds = 2;
/** Until the first reading, texts, plans and sizes are done with. */
const warmUpSeconds = 2.5 * topQuerySeconds;
const sessions = 100;
const blocked = 9;
const asleep = 30;
const monitor = { user: "otel", password: "benchmark" };
const columns = 400;
const events = { "db.server.query_sample": { enabled: true }, "db.server.top_query": { enabled: true } };

const dbintel: Contender = {
  name: "dbintel",
  command: fileURLToPath(new URL("../../bin/dbintel", import.meta.url)),
  args: (config) => ["run", "--config", config],
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
    active_sessions: { collection_interval: "1s", max_cost: 1 },
  },
};
const otelcol: Contender = {
  name: "otelcol",
  command: otelcolBinary,
  args: (config) => [`--config=${config}`],
  settings: {},
};
const contenders = [dbintel, ...(existsSync(otelcolBinary) ? [otelcol] : [])];

const rows: Row[] = [];
let server = "";
for (const scenario of scenarios) rows.push(...(await compare(scenario)));
rows.push(await sampleOnly());
report("postgresql", rows, { postgresql: server });

async function compare({ entries, executed }: Scenario): Promise<Row[]> {
  await using postgres = await startServer(entries);
  server = postgres.version;
  await prepare(postgres);
  await using crowd = await connectCrowd(postgres, asleep);
  await crowd.load.query("SELECT run(0, $1)", [entries]);
  const measured = new Map<Contender, Usage[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [contender, usages] of measured) usages.push(await measure(postgres, crowd.load, contender, executed));
  }
  const made: Row[] = [];
  for (const [contender, usages] of measured) {
    const figures = mediansOf(usages);
    const output = await outputOf(postgres, crowd.load, contender, executed);
    made.push({
      name: `${entries.toLocaleString("en")} statements, ${contender.name}`,
      figures: { ...figures, ...output },
    });
  }
  const [ours, theirs] = made.map(({ figures }) => figures["collector CPU ms"] ?? Number.NaN);
  return made.map((row, index) =>
    index === 0 && theirs !== undefined ? { ...row, ratio: theirs / (ours ?? 1) } : row,
  );
}

async function sampleOnly(): Promise<Row> {
  await using postgres = await startServer(5000);
  await prepare(postgres);
  await using crowd = await connectCrowd(postgres, sessions);
  const usages: Usage[] = [];
  for (let round = 0; round < rounds; round++) usages.push(await measure(postgres, crowd.load, sampling, 10));
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

function mediansOf(usages: readonly Usage[]): Usage {
  const names = Object.keys(usages[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(usages.map((usage) => usage[name] ?? Number.NaN))]));
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

/** Figures of one interval by their names, units in them. */
type Usage = Readonly<Record<string, number>>;

async function measure(postgres: PostgresServer, load: Client, contender: Contender, executed: number): Promise<Usage> {
  const cpu = new ServerCpu(await postmasterOf(postgres));
  await using proxy = await countingProxy(postgres);
  await using collector = await start(contender, proxy, { nop: {} });
  await execute(load, executed, warmUpSeconds);
  const pid = collector.child.pid ?? Number.NaN;
  proxy.take();
  const before = { collector: cpuSeconds(pid), server: cpu.ms };
  await execute(load, executed, intervals * topQuerySeconds);
  const wire = proxy.take();
  return {
    "collector CPU ms": (1000 * (cpuSeconds(pid) - before.collector)) / intervals,
    "RSS MiB": residentMib(pid),
    "server CPU ms": (cpu.ms - before.server) / intervals,
    "waiting ms": wire.waitedMs / intervals,
    "wire in KB": wire.received / intervals / 1000,
    "wire out KB": wire.sent / intervals / 1000,
  };
}

/** What a contender sends in one interval, on average. */
async function outputOf(
  postgres: PostgresServer,
  load: Client,
  contender: Contender,
  executed: number,
): Promise<Usage> {
  const folder = await mkdtemp(join(tmpdir(), "dbintel-bench-out-"));
  const path = (signal: string) => join(folder, `${signal}.jsonl`);
  {
    await using proxy = await countingProxy(postgres);
    await using _ = await start(contender, proxy, {
      "file/logs": { path: path("logs") },
      "file/metrics": { path: path("metrics") },
    });
    await execute(load, executed, warmUpSeconds + intervals * topQuerySeconds);
  }
  const seconds = warmUpSeconds + intervals * topQuerySeconds;
  const read = async (signal: string) => readFile(path(signal), "utf8").catch(() => "");
  const [logs, metrics] = [await read("logs"), await read("metrics")];
  await rm(folder, { recursive: true });
  const count = (text: string, part: RegExp) => (text.match(part)?.length ?? 0) / (seconds / topQuerySeconds);
  return {
    metrics: new Set(metrics.match(/"name":"[\w.]+","description"/g)).size,
    "data points": count(metrics, /"as(Int|Double)":/g),
    "log records": count(logs, /"eventName":/g),
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

async function start(contender: Contender, proxy: CountingProxy, exporters: Readonly<Record<string, unknown>>) {
  const folder = await mkdtemp(join(tmpdir(), "dbintel-bench-"));
  const file = join(folder, "collector.yaml");
  const of = (signal: string) => Object.keys(exporters).filter((name) => !name.includes("/") || name.endsWith(signal));
  const pipelines = Object.fromEntries(
    (contender.signals ?? ["logs", "metrics"]).map((signal) => [
      signal,
      { receivers: ["postgresql"], exporters: of(signal) },
    ]),
  );
  const config = {
    receivers: {
      postgresql: {
        ...{ endpoint: `127.0.0.1:${proxy.port}`, username: monitor.user, password: monitor.password },
        ...{ tls: { insecure: true }, collection_interval: `${scrapeSeconds}s`, initial_delay: "100ms", events },
        top_query_collection: { collection_interval: `${topQuerySeconds}s`, max_explain_each_interval: 20 },
        ...contender.settings,
      },
    },
    exporters,
    service: { telemetry: { logs: { level: "error" }, metrics: { level: "none" } }, pipelines },
  };
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config));
  const child: ChildProcess = spawn(contender.command, contender.args(file), {
    stdio: "ignore",
  });
  const exited = once(child, "close");
  return {
    child,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) throw new Error(`${contender.name} ended with ${child.exitCode}`);
      child.kill("SIGTERM");
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}

function option(name: string, otherwise: number): number {
  const given = process.argv.find((arg) => arg.startsWith(`--${name}=`));
  return given === undefined ? otherwise : Number(given.slice(name.length + 3));
}
