import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pass } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../../e2e/harness/free-port.ts";
import { otelcolBinary } from "../../e2e/harness/otelcol.ts";
import { median, type Row } from "../harness/results.ts";
import { cpuSeconds, residentMib } from "../pipeline/process-usage.ts";
import { countingProxy } from "./counting-proxy.ts";

/** A collector that watches the server. */
export interface Contender {
  readonly name: string;
  readonly command: string;
  readonly args: (config: string) => readonly string[];
  /** Settings of the receiver beside those that all have. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Default: both. */
  readonly signals?: readonly string[];
}

/** Figures of one interval by their names, units in them. */
export type Usage = Readonly<Record<string, number>>;

/** What is watched, how often, and what happens there meanwhile. */
export interface Watched {
  readonly receiver: "postgresql" | "mysql";
  readonly target: { readonly host: string; readonly port: number };
  /** Settings of the receiver that all contenders have, for a server behind this port. */
  readonly settings: (port: number) => Readonly<Record<string, unknown>>;
  /** The interval that figures are for, and how many of them a turn has. */
  readonly intervalSeconds: number;
  readonly intervals: number;
  /** Keeps the server busy for so long. */
  readonly execute: (seconds: number) => Promise<void>;
  /** Counts the server's CPU for the collector, from now on. */
  readonly serverCpu: () => Promise<{ ms(): number }>;
}

export const dbintelCommand = {
  name: "dbintel",
  command: fileURLToPath(new URL("../../bin/dbintel", import.meta.url)),
  args: (config: string) => ["run", "--config", config],
} as const;

/** The OpenTelemetry Collector with these settings of its receiver; none where it has not been built. */
export function otelcolContender(settings: Contender["settings"]): readonly Contender[] {
  const args = (config: string) => [`--config=${config}`];
  return existsSync(otelcolBinary) ? [{ name: "otelcol", command: otelcolBinary, args, settings }] : [];
}

const idleSeconds = 5;
/** Of the collectors themselves. */
const telemetry = { logs: { level: "error" }, metrics: { level: "none" } };

/** Until the first readings, texts, plans and sizes are done with. */
function warmUpSeconds({ intervalSeconds }: Watched): number {
  return 3 * intervalSeconds;
}

/**
 * Lets contenders watch in turn, each as often as the other; one row for each with the medians and what it sends, and
 * one that says how many times more the peer takes of each.
 */
export async function compare(
  watched: Watched,
  {
    name,
    contenders,
    rounds,
  }: { readonly name: string; readonly contenders: readonly Contender[]; readonly rounds: number },
): Promise<Row[]> {
  const measured = new Map<Contender, Usage[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [contender, usages] of measured) usages.push(await measure(watched, contender));
  }
  const costs = [...measured].map(([contender, usages]) => ({ contender, figures: mediansOf(usages) }));
  const made: Row[] = [];
  for (const { contender, figures } of costs) {
    made.push({
      name: `${name}, ${contender.name}`,
      figures: { ...figures, ...(await outputOf(watched, contender)) },
    });
  }
  const [ours, theirs] = costs;
  if (ours === undefined || theirs === undefined) return made;
  const quotients = Object.fromEntries(
    Object.entries(theirs.figures).map(([figure, value]) => [figure, value / (ours.figures[figure] ?? Number.NaN)]),
  );
  return [
    ...made,
    { name: `${name}, quotient`, figures: quotients, ratio: quotients["collector CPU ms"] ?? Number.NaN },
  ];
}

/** What memory a process has that does nothing: Node's own, and those of the contenders. */
export async function memoryOfNothing(contenders: readonly Contender[]): Promise<Row[]> {
  const memory = async (name: string, process: RunningProcess): Promise<Row> => {
    await using running = process;
    await pass(1000 * idleSeconds);
    return { name: `nothing to do, ${name}`, figures: { "RSS MiB": residentMib(running.pid) } };
  };
  const made = [await memory("Node", run("node", process.execPath, ["--eval", "setInterval(() => {}, 1e6)"]))];
  for (const contender of contenders) {
    const endpoint = `127.0.0.1:${await freePort()}`;
    const running = await start(contender, {
      receivers: { otlp: { protocols: { http: { endpoint } } } },
      exporters: { nop: {} },
      service: { telemetry, pipelines: { logs: { receivers: ["otlp"], exporters: ["nop"] } } },
    });
    made.push(await memory(contender.name, running));
  }
  return made;
}

/** One turn of a contender. */
export async function measure(watched: Watched, contender: Contender): Promise<Usage> {
  const { intervals, intervalSeconds, execute } = watched;
  const cpu = await watched.serverCpu();
  await using proxy = await countingProxy(watched.target);
  await using collector = await start(contender, configuration(watched, contender, proxy.port, { nop: {} }));
  await execute(warmUpSeconds(watched));
  const { pid } = collector;
  const first = proxy.take();
  const before = { collector: cpuSeconds(pid), server: cpu.ms(), atMs: performance.now() };
  await execute(intervals * intervalSeconds);
  const wire = proxy.take();
  // On a busy machine the load takes longer than it should.
  const measured = (performance.now() - before.atMs) / 1000 / intervalSeconds;
  return {
    "collector CPU ms": (1000 * (cpuSeconds(pid) - before.collector)) / measured,
    "RSS MiB": residentMib(pid),
    "server CPU ms": (cpu.ms() - before.server) / measured,
    "waiting ms": wire.waitedMs / measured,
    "wire in KB": wire.received / measured / 1000,
    "wire out KB": wire.sent / measured / 1000,
    "start in KB": first.received / 1000,
    "start out KB": first.sent / 1000,
  };
}

/** What a contender sends in one interval, on average. */
async function outputOf(watched: Watched, contender: Contender): Promise<Usage> {
  const folder = await mkdtemp(join(tmpdir(), "dbintel-bench-out-"));
  const path = (signal: string) => join(folder, `${signal}.jsonl`);
  const seconds = warmUpSeconds(watched) + watched.intervals * watched.intervalSeconds;
  {
    const exporters = { "file/logs": { path: path("logs") }, "file/metrics": { path: path("metrics") } };
    await using proxy = await countingProxy(watched.target);
    await using _ = await start(contender, configuration(watched, contender, proxy.port, exporters));
    await watched.execute(seconds);
  }
  const read = async (signal: string) => readFile(path(signal), "utf8").catch(() => "");
  const [logs, metrics] = [await read("logs"), await read("metrics")];
  await rm(folder, { recursive: true });
  const count = (text: string, part: RegExp) => (text.match(part)?.length ?? 0) / (seconds / watched.intervalSeconds);
  return {
    metrics: new Set(metrics.match(/"name":"[\w.]+","description"/g)).size,
    "data points": count(metrics, /"as(Int|Double)":/g),
    "log records": count(logs, /"eventName":/g),
  };
}

export function mediansOf(usages: readonly Usage[]): Usage {
  const names = Object.keys(usages[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(usages.map((usage) => usage[name] ?? Number.NaN))]));
}

function configuration(
  { receiver, settings }: Watched,
  contender: Contender,
  port: number,
  exporters: Readonly<Record<string, unknown>>,
) {
  const of = (signal: string) => Object.keys(exporters).filter((name) => !name.includes("/") || name.endsWith(signal));
  const pipelines = Object.fromEntries(
    (contender.signals ?? ["logs", "metrics"]).map((signal) => [
      signal,
      { receivers: [receiver], exporters: of(signal) },
    ]),
  );
  return {
    receivers: { [receiver]: merged(settings(port), contender.settings) },
    exporters,
    service: { telemetry, pipelines },
  };
}

/** A process that is measured. Disposing of it rejects when it has ended by itself. */
interface RunningProcess extends AsyncDisposable {
  readonly pid: number;
}

async function start({ name, command, args }: Contender, config: object): Promise<RunningProcess> {
  const folder = await mkdtemp(join(tmpdir(), "dbintel-bench-"));
  const file = join(folder, "collector.yaml");
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config));
  const running = run(name, command, args(file));
  return {
    pid: running.pid,
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

function run(name: string, command: string, args: readonly string[]): RunningProcess {
  const child = spawn(command, args, { stdio: "ignore" });
  const exited = once(child, "close");
  return {
    pid: child.pid ?? Number.NaN,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** The settings of both; of a group those of both. */
function merged(
  common: Readonly<Record<string, unknown>>,
  own: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const isGroup = (value: unknown): value is Readonly<Record<string, unknown>> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const joined = Object.entries(own).map(([name, value]) => {
    const other = common[name];
    return [name, isGroup(value) && isGroup(other) ? { ...other, ...value } : value] as const;
  });
  return { ...common, ...Object.fromEntries(joined) };
}

/** The number behind `--name=` on the command line. */
export function option(name: string, otherwise: number): number {
  const given = process.argv.find((arg) => arg.startsWith(`--${name}=`));
  return given === undefined ? otherwise : Number(given.slice(name.length + 3));
}
