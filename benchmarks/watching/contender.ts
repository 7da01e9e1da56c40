import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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

/** Until the first reading, texts, plans and sizes are done with. */
function warmUpSeconds({ intervalSeconds }: Watched): number {
  return 2.5 * intervalSeconds;
}

/** Lets contenders watch in turn, each as often as the other; one row for each with the medians and what it sends. */
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
  const made: Row[] = [];
  for (const [contender, usages] of measured) {
    const figures = { ...mediansOf(usages), ...(await outputOf(watched, contender)) };
    made.push({ name: `${name}, ${contender.name}`, figures });
  }
  const [ours, theirs] = made.map(({ figures }) => figures["collector CPU ms"] ?? Number.NaN);
  return made.map((row, index) =>
    index === 0 && theirs !== undefined ? { ...row, ratio: theirs / (ours ?? 1) } : row,
  );
}

/** One turn of a contender. */
export async function measure(watched: Watched, contender: Contender): Promise<Usage> {
  const { intervals, intervalSeconds, execute } = watched;
  const cpu = await watched.serverCpu();
  await using proxy = await countingProxy(watched.target);
  await using collector = await start(watched, { contender, port: proxy.port, exporters: { nop: {} } });
  await execute(warmUpSeconds(watched));
  const pid = collector.child.pid ?? Number.NaN;
  proxy.take();
  const before = { collector: cpuSeconds(pid), server: cpu.ms() };
  await execute(intervals * intervalSeconds);
  const wire = proxy.take();
  return {
    "collector CPU ms": (1000 * (cpuSeconds(pid) - before.collector)) / intervals,
    "RSS MiB": residentMib(pid),
    "server CPU ms": (cpu.ms() - before.server) / intervals,
    "waiting ms": wire.waitedMs / intervals,
    "wire in KB": wire.received / intervals / 1000,
    "wire out KB": wire.sent / intervals / 1000,
  };
}

/** What a contender sends in one interval, on average. */
async function outputOf(watched: Watched, contender: Contender): Promise<Usage> {
  const folder = await mkdtemp(join(tmpdir(), "dbintel-bench-out-"));
  const path = (signal: string) => join(folder, `${signal}.jsonl`);
  const seconds = warmUpSeconds(watched) + watched.intervals * watched.intervalSeconds;
  {
    await using proxy = await countingProxy(watched.target);
    const exporters = { "file/logs": { path: path("logs") }, "file/metrics": { path: path("metrics") } };
    await using _ = await start(watched, { contender, port: proxy.port, exporters });
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

async function start(
  { receiver, settings }: Watched,
  args: { readonly contender: Contender; readonly port: number; readonly exporters: Readonly<Record<string, unknown>> },
) {
  const { contender, exporters } = args;
  const folder = await mkdtemp(join(tmpdir(), "dbintel-bench-"));
  const file = join(folder, "collector.yaml");
  const of = (signal: string) => Object.keys(exporters).filter((name) => !name.includes("/") || name.endsWith(signal));
  const pipelines = Object.fromEntries(
    (contender.signals ?? ["logs", "metrics"]).map((signal) => [
      signal,
      { receivers: [receiver], exporters: of(signal) },
    ]),
  );
  const config = {
    receivers: { [receiver]: merged(settings(args.port), contender.settings) },
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
