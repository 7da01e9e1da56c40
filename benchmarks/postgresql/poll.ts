/**
 * What a poll of pg_stat_statements costs: the collector's CPU and memory, the server's time, bytes on the wire.
 *
 *   npm run bench -- postgresql-poll [--polls=60]
 *
 * The built `dbintel` polls a server with many statements, some of which are executed again in each round; 60 polls
 * are an hour at the default interval. CPU and memory are the process's as the operating system accounts them.
 * The server's time is what pg_stat_statements records for the receiver's statements, beside `SELECT count(*)` over the
 * same function, run in turn with the polls by the same user with the server's default settings.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { eventually } from "../../e2e/harness/condition.ts";
import { DbintelProcess } from "../../e2e/harness/dbintel-process.ts";
import { median, type Row, report } from "../harness/results.ts";
import { cpuSeconds, residentMib } from "../pipeline/process-usage.ts";
import { type CountingProxy, countingProxy } from "../watching/counting-proxy.ts";

interface Scenario {
  readonly entries: number;
  /** How many of them are executed in a round, of one or two polls; a tenth of these more often than the others. */
  readonly executed: number;
  readonly intervalSeconds: number;
}

const scenarios: readonly Scenario[] = [
  { entries: 5000, executed: 500, intervalSeconds: 2 },
  { entries: 100_000, executed: 1000, intervalSeconds: 4 },
  { entries: 100_000, executed: 10_000, intervalSeconds: 8 },
];
const polls = Number(process.argv.find((arg) => arg.startsWith("--polls="))?.slice("--polls=".length) ?? 60);
/** Polls before the measured ones: the first reads everything, the next few fetch texts. */
const warmUp = 5;
const monitor = { user: "otel", password: "benchmark" };
const columns = 400;

const rows: Row[] = [];
let server = "";
for (const scenario of scenarios) rows.push(await measure(scenario));
report("postgresql-poll", rows, { postgresql: server });

async function measure(scenario: Scenario): Promise<Row> {
  const { entries, executed } = scenario;
  await using postgres = await startPostgres({
    settings: { "pg_stat_statements.max": Math.ceil(entries * 1.2), "pg_stat_statements.track": "all" },
  });
  server = postgres.version;
  await prepare(postgres);
  await execute(postgres, 0, entries);
  await using proxy = await countingProxy(postgres);
  await using folder = await configuration(proxy, scenario);
  await using collector = new DbintelProcess(["run", "--config", folder.file]);
  await poll(postgres, collector, executed, warmUp);
  const cpu = cpuSeconds(collector.pid);
  proxy.take();
  const rounds = await poll(postgres, collector, executed, polls);
  const cpuMs = 1000 * (cpuSeconds(collector.pid) - cpu);
  const wire = proxy.take();
  const done = rounds.reduce((sum, round) => sum + round.polls, 0);
  // Medians: a reading of all entries, which comes now and then, and a busy moment of the machine count once.
  const readMs = median(rounds.map((round) => round.readMs / round.polls));
  const countMs = median(rounds.map((round) => round.countMs));
  return {
    name: `${entries.toLocaleString("en")} statements, ${executed.toLocaleString("en")} executed a round`,
    figures: {
      polls: done,
      "collector CPU ms/poll": cpuMs / done,
      "RSS MiB": residentMib(collector.pid),
      "database ms/poll": readMs,
      "count(*) ms": countMs,
      "texts ms/poll": rounds.reduce((sum, round) => sum + round.textsMs, 0) / done,
      "wire in KB/poll": wire.received / done / 1000,
      "wire out KB/poll": wire.sent / done / 1000,
    },
    ratio: countMs / readMs,
  };
}

async function prepare(postgres: PostgresServer): Promise<void> {
  const names = Array.from({ length: columns }, (_, index) => `c${index + 1} int`);
  await postgres.query(`CREATE TABLE wide (${names.join(", ")})`);
  await postgres.query(`CREATE ROLE ${monitor.user} LOGIN PASSWORD '${monitor.password}' IN ROLE pg_monitor`);
  // Each number is a statement of its own shape.
  await postgres.query(`CREATE FUNCTION run(first int, number int) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      FOR i IN first .. first + number - 1 LOOP
        EXECUTE format('SELECT c%s, c%s FROM wide', 1 + i % ${columns}, 1 + i / ${columns});
      END LOOP;
    END $$`);
}

async function execute(postgres: PostgresServer, first: number, number: number): Promise<void> {
  await postgres.query("SELECT run($1, $2)", [first, number]);
}

async function configuration(proxy: CountingProxy, { intervalSeconds }: Scenario) {
  const folder = await mkdtemp(join(tmpdir(), "dbintel-bench-"));
  const file = join(folder, "collector.yaml");
  await writeFile(
    file,
    `receivers:
  postgresql:
    endpoint: 127.0.0.1:${proxy.port}
    username: ${monitor.user}
    password: ${monitor.password}
    tls: {insecure: true}
    statement_timeout: 60s
    budget: {max_database_share: "100%"}
    top_query_collection: {collection_interval: ${intervalSeconds}s}
exporters:
  nop: {}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [postgresql], exporters: [nop]}
    metrics: {receivers: [postgresql], exporters: [nop]}
`,
  );
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

/** Rounds of executing statements, counting the entries and waiting for a poll; what the server recorded of each. */
async function poll(
  postgres: PostgresServer,
  collector: DbintelProcess,
  executed: number,
  rounds: number,
): Promise<Account[]> {
  const done: Account[] = [];
  let reading = await nextReading(postgres, collector, "");
  let before = await account(postgres);
  while (done.length < rounds) {
    await execute(postgres, 0, executed);
    for (let times = 0; times < 5; times++) await execute(postgres, 0, executed / 10);
    await postgres.query("SELECT /* benchmark */ count(*) FROM pg_stat_statements(false)", [], monitor);
    reading = await nextReading(postgres, collector, reading);
    const now = await account(postgres);
    done.push({
      polls: now.polls - before.polls,
      readMs: now.readMs - before.readMs,
      textsMs: now.textsMs - before.textsMs,
      countMs: now.countMs - before.countMs,
    });
    before = now;
  }
  return done;
}

/**
 * Waits for the reading after the one that began at `last`; answers with when that began. The look costs the server
 * next to nothing, as the reading is what is timed.
 */
async function nextReading(postgres: PostgresServer, collector: DbintelProcess, last: string): Promise<string> {
  return eventually(
    "the collector polls",
    async () => {
      if (!collector.running) throw new Error(`the collector ended: ${collector.stderr}`);
      const [row] = await postgres.query<{ at: string | null }>(
        `SELECT max(query_start)::text AS at FROM pg_stat_activity
          WHERE usename = '${monitor.user}' AND state = 'idle' AND query LIKE '%/* dbintel */ d.oid, d.datname%'`,
      );
      const at = row?.at ?? "";
      return at > last ? at : undefined;
    },
    { deadlineMs: 60_000, everyMs: 20 },
  );
}

/** Sums of what pg_stat_statements recorded. */
interface Account {
  readonly polls: number;
  readonly readMs: number;
  readonly textsMs: number;
  readonly countMs: number;
}

/** What the server itself has recorded of the receiver's readings and of the count. */
async function account(postgres: PostgresServer): Promise<Account> {
  const [row] = await postgres.query<Record<keyof Account, string>>(`
    SELECT coalesce(sum(calls) FILTER (WHERE reading), 0) AS "polls",
           coalesce(sum(total_exec_time) FILTER (WHERE reading), 0) AS "readMs",
           coalesce(sum(total_exec_time) FILTER (WHERE query LIKE '%/* dbintel */%left(%'), 0) AS "textsMs",
           coalesce(sum(total_exec_time) FILTER (WHERE query LIKE '%/* benchmark */%'), 0) AS "countMs"
      FROM (SELECT *, query LIKE '%/* dbintel */ dbid, userid, queryid%' AS reading FROM pg_stat_statements) s
     WHERE userid = '${monitor.user}'::regrole`);
  return {
    polls: Number(row?.polls ?? 0),
    readMs: Number(row?.readMs ?? 0),
    textsMs: Number(row?.textsMs ?? 0),
    countMs: Number(row?.countMs ?? 0),
  };
}
