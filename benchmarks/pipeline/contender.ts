import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { eventually } from "../../e2e/harness/condition.ts";
import { otelcolAvailable, otelcolBinary } from "../../e2e/harness/otelcol.ts";

const dbintel = fileURLToPath(new URL("../../bin/dbintel", import.meta.url));

/** A collector that takes part: ours, and the peers that are built on this machine. */
export interface Contender {
  readonly name: string;
  readonly version: string;
  readonly command: string;
  readonly args: (configFile: string) => readonly string[];
}

/** `dbintel` and, where it has been built, the OpenTelemetry Collector. */
export function contenders(): readonly Contender[] {
  const run = (file: string) => ["run", "--config", file];
  const ours: Contender = { name: "dbintel", version: versionOf(dbintel), command: dbintel, args: run };
  if (!otelcolAvailable()) return [ours];
  const args = (file: string) => ["--config", file];
  return [ours, { name: "otelcol", version: versionOf(otelcolBinary), command: otelcolBinary, args }];
}

function versionOf(command: string): string {
  return execFileSync(command, ["--version"], { encoding: "utf8" }).trim();
}

/** A collector that takes OTLP/HTTP on a port. */
export interface RunningCollector {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a collector and resolves when it takes requests. */
export async function startCollector(
  contender: Contender,
  configFile: string,
  port: number,
): Promise<RunningCollector> {
  const child = spawn(contender.command, contender.args(configFile), { stdio: ["ignore", "pipe", "pipe"] });
  const log = lastLines(child);
  const exited = once(child, "close");
  const { pid } = child;
  if (pid === undefined) throw new Error(`${contender.command} cannot be started`);
  await eventually(`${contender.name} listens`, async () => {
    if (child.exitCode !== null) throw new Error(`${contender.name} ended:\n${log()}`);
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
