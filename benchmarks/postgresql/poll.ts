/**
 * What a poll of pg_stat_statements costs: the collector's own CPU and memory, the server's time, bytes on the wire.
 *
 *   node --conditions=@dbintel/source benchmarks/postgresql/poll.ts [polls]
 *
 * The receiver runs in a process of its own. Between two polls a share of the statements is executed again. The
 * server's time is what pg_stat_statements itself records for the receiver's statements, beside `SELECT count(*)` over
 * the same function by the same user in the same rounds.
 */
import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, release } from "node:os";
import { fileURLToPath } from "node:url";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { countingProxy } from "./counting-proxy.ts";
import type { PollCost } from "./poll-worker.ts";

interface Scenario {
  readonly entries: number;
  /** Share of the entries that are executed between two polls. */
  readonly changed: number;
}

const scenarios: readonly Scenario[] = [
  { entries: 5000, changed: 0.1 },
  { entries: 100_000, changed: 0.01 },
  { entries: 100_000, changed: 0.1 },
];
const polls = Number(process.argv[2] ?? 30);
const monitor = { username: "otel", password: "benchmark" };
const columns = 400;

const results: Record<string, string | number>[] = [];
for (const scenario of scenarios) results.push(await measure(scenario));
console.table(results);
save(results);

async function measure({ entries, changed }: Scenario): Promise<Record<string, string | number>> {
  await using server = await startPostgres({
    settings: { "pg_stat_statements.max": Math.ceil(entries * 1.2), "pg_stat_statements.track": "all" },
  });
  await prepare(server);
  await execute(server, 0, entries);
  await using proxy = await countingProxy(server);
  const worker = fork(fileURLToPath(new URL("poll-worker.ts", import.meta.url)), [
    JSON.stringify({
      ...monitor,
      endpoint: `127.0.0.1:${proxy.port}`,
      tls: { insecure: true },
      collection_interval: "24h",
      top_query_collection: { collection_interval: "10s" },
      statement_timeout: "60s",
    }),
  ]);
  await once(worker, "message");
  const poll = async () => {
    worker.send("poll");
    const [cost] = (await once(worker, "message")) as [PollCost];
    return cost;
  };

  proxy.take();
  const first = await poll();
  const firstBytes = proxy.take();
  // The first statements to be shown have their texts fetched once.
  await execute(server, 0, Math.round(entries * changed));
  const textsBefore = await databaseTime(server);
  await poll();
  const texts = (await databaseTime(server)).own - textsBefore.own;
  const rounds: (PollCost & { databaseMs: number; countMs: number; sent: number; received: number })[] = [];
  for (let round = 0; round < polls; round++) {
    const count = Math.round(entries * changed);
    await execute(server, 0, count);
    const before = await databaseTime(server);
    proxy.take();
    const cost = await poll();
    const bytes = proxy.take();
    await server.query("SELECT /* benchmark */ count(*) FROM pg_stat_statements(false)", [], {
      user: monitor.username,
      password: monitor.password,
    });
    const after = await databaseTime(server);
    rounds.push({ ...cost, ...bytes, databaseMs: after.own - before.own, countMs: after.count - before.count });
  }
  worker.kill();
  await once(worker, "exit");

  const databaseMs = median(rounds.map((round) => round.databaseMs));
  const countMs = median(rounds.map((round) => round.countMs));
  const late = rounds.slice(Math.floor(rounds.length / 2));
  return {
    entries,
    "changed %": changed * 100,
    polls,
    "own CPU ms": rounded(median(rounds.map((round) => round.cpuMs))),
    "first poll CPU ms": rounded(first.cpuMs),
    "RSS MB": rounded(median(late.map((round) => round.rssBytes)) / 1e6),
    "max RSS MB": rounded(Math.max(...rounds.map((round) => round.rssBytes)) / 1e6),
    "database ms": rounded(databaseMs),
    "count(*) ms": rounded(countMs),
    "with texts ms": rounded(texts),
    "ratio to count(*)": rounded(databaseMs / countMs, 2),
    "wire in KB": rounded(median(rounds.map((round) => round.received)) / 1e3),
    "wire out KB": rounded(median(rounds.map((round) => round.sent)) / 1e3),
    "first wire in KB": rounded(firstBytes.received / 1e3),
    events: median(rounds.map((round) => round.records)),
    "OTLP KB": rounded(median(rounds.map((round) => round.otlpBytes)) / 1e3),
  };
}

async function prepare(server: PostgresServer): Promise<void> {
  const names = Array.from({ length: columns }, (_, index) => `c${index + 1} int`);
  await server.query(`CREATE TABLE wide (${names.join(", ")})`);
  await server.query(`CREATE ROLE ${monitor.username} LOGIN PASSWORD '${monitor.password}' IN ROLE pg_monitor`);
  // Each number is a statement of its own shape.
  await server.query(`CREATE FUNCTION run(first int, number int) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      FOR i IN first .. first + number - 1 LOOP
        EXECUTE format('SELECT c%s, c%s FROM wide', 1 + i % ${columns}, 1 + i / ${columns});
      END LOOP;
    END $$`);
}

async function execute(server: PostgresServer, first: number, number: number): Promise<void> {
  await server.query("SELECT run($1, $2)", [first, number]);
}

/** Milliseconds that the server has spent on the receiver's statements and on the count, by its own account. */
async function databaseTime(server: PostgresServer): Promise<{ readonly own: number; readonly count: number }> {
  const [row] = await server.query<{ own: number; count: number }>(`
    SELECT coalesce(sum(total_exec_time) FILTER (WHERE query LIKE '%/* dbintel */%'), 0) AS own,
           coalesce(sum(total_exec_time) FILTER (WHERE query LIKE '%/* benchmark */%'), 0) AS count
      FROM pg_stat_statements WHERE userid = '${monitor.username}'::regrole`);
  return row ?? { own: 0, count: 0 };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

function save(rows: readonly Record<string, string | number>[]): void {
  const folder = new URL("../results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, system: `${platform()} ${release()} ${arch()}` };
  const content = { benchmark: "postgresql-poll", commit, node: process.version, machine, results: rows };
  writeFileSync(new URL("postgresql-poll.json", folder), `${JSON.stringify(content, undefined, 2)}\n`);
}
