import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "../../e2e/harness/condition.ts";
import { otelcolAvailable, otelcolBinary } from "../../e2e/harness/otelcol.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));

/** A collector that takes part: ours, and the peers that are built on this machine. */
export interface Contender {
  readonly name: string;
  readonly version: string;
  readonly program: string;
  readonly args: (configFile: string) => readonly string[];
}

/** How a collector is started. */
export interface CollectorCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** `dbintel` and, where it has been built, the OpenTelemetry Collector. */
export function contenders(): readonly Contender[] {
  if (!otelcolAvailable()) return [ownContender()];
  const args = (file: string) => ["--config", file];
  return [ownContender(), { name: "otelcol", version: versionOf(otelcolBinary), program: otelcolBinary, args }];
}

/** `dbintel` of a checkout that is built; default: of this one. */
export function ownContender(folder = checkout): Contender {
  const program = join(folder, "bin/dbintel");
  return { name: "dbintel", version: versionOf(program), program, args: (file) => ["run", "--config", file] };
}

function versionOf(program: string): string {
  return execFileSync(program, ["--version"], { encoding: "utf8" }).trim();
}

/** A collector that takes OTLP/HTTP on a port. */
export interface RunningCollector {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a collector and resolves when it takes requests. */
export async function startCollector(
  name: string,
  { program, args, env }: CollectorCommand,
  port: number,
): Promise<RunningCollector> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  const log = lastLines(child);
  const exited = once(child, "close");
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} cannot be started`);
  await eventually(`${name} listens`, async () => {
    if (child.exitCode !== null) throw new Error(`${name} ended:\n${log()}`);
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body: "{}" };
    const answer = await fetch(`http://127.0.0.1:${port}/v1/logs`, init).catch(() => undefined);
    return answer?.ok === true ? true : undefined;
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await exited;
  };
  return { pid, stop };
}

/** The end of what a process prints, for the message when it ends too early. */
function lastLines(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (more: string) => {
      text = (text + more).slice(-4000);
    });
  }
  return () => text;
}
