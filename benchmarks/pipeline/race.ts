/**
 * Whole collectors between senders and a sink on loopback, taking turns in the same run: what relay benchmarks are made
 * of. CPU time and memory are the operating system's figures for the collector's process.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "../../e2e/harness/condition.ts";
import { freePort } from "../../e2e/harness/free-port.ts";
import { type CollectorCommand, type RunningCollector, startCollector } from "./contender.ts";
import type { LoadCommand, LoadReport } from "./load.ts";
import { cpuSeconds, residentMib } from "./process-usage.ts";
import type { Measurement, Turn } from "./relay-report.ts";
import type { SinkCommand, SinkReport } from "./sink.ts";

const warmUpSeconds = 3;
/** Memory is read this often. */
const sampleMs = 250;
/** Data that has not reached the sink this long after the last request is lost. */
const drainMs = 60_000;

/** What one start of a collector may use. */
export interface Place {
  /** Where it takes OTLP/HTTP. */
  readonly receiver: number;
  /** Where it sends OTLP/HTTP. */
  readonly sink: number;
  /** Two more ports. */
  readonly metrics: number;
  readonly health: number;
  /** A folder of its own, which is there and empty. */
  readonly folder: string;
}

/** A collector with its configuration. */
export interface Contestant {
  readonly name: string;
  command(place: Place): Promise<CollectorCommand>;
}

export interface Load {
  readonly name: string;
  readonly command: Omit<LoadCommand, "port">;
}

interface RaceArgs {
  readonly contestants: readonly Contestant[];
  /** The first one also warms a collector up. */
  readonly loads: readonly [Load, ...Load[]];
  readonly rounds: number;
  /** How many records of a load have to reach the sink. */
  readonly expected: (sent: LoadReport) => number;
}

/** Each contestant once a round: a fresh process takes all of the loads. */
export async function race(args: RaceArgs): Promise<readonly Turn[]> {
  const folder = await mkdtemp(join(tmpdir(), "dbintel-relay-"));
  const sink = startScript("sink.ts");
  try {
    const [{ port: sinkPort }] = await once(sink, "message");
    const turns: Turn[] = [];
    for (let round = 0; round < args.rounds; round++) {
      for (const contestant of args.contestants) {
        const own = await mkdtemp(join(folder, "run-"));
        const ports = { receiver: await freePort(), metrics: await freePort(), health: await freePort() };
        const place = { ...ports, sink: sinkPort, folder: own };
        turns.push(...(await turnsOf(contestant, place, { ...args, sink })));
        await rm(own, { recursive: true });
      }
    }
    return turns;
  } finally {
    sink.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

async function turnsOf(
  contestant: Contestant,
  place: Place,
  { loads, expected, sink }: RaceArgs & { readonly sink: ChildProcess },
): Promise<readonly Turn[]> {
  const collector = await startCollector(contestant.name, await contestant.command(place), place.receiver);
  const run = (load: Load["command"]) => measure(collector, { port: place.receiver, ...load }, { expected, sink });
  try {
    await run({ ...loads[0].command, seconds: warmUpSeconds });
    const turns: Turn[] = [];
    for (const { name, command } of loads) {
      turns.push({ contestant: contestant.name, load: name, measurement: await run(command) });
    }
    return turns;
  } finally {
    await collector.stop();
  }
}

/** Runs one load and returns what it cost the collector. */
async function measure(
  collector: RunningCollector,
  load: LoadCommand,
  { expected, sink }: Pick<RaceArgs, "expected"> & { readonly sink: ChildProcess },
): Promise<Measurement> {
  await ask<SinkReport>(sink, "reset");
  const senders = startScript("load.ts");
  const resident: number[] = [];
  const sampler = setInterval(() => resident.push(residentMib(collector.pid)), sampleMs);
  const cpuBefore = cpuSeconds(collector.pid);
  const sent = await ask<LoadReport>(senders, load);
  const arrived = await drained(sink, expected(sent));
  const cpu = cpuSeconds(collector.pid) - cpuBefore;
  clearInterval(sampler);
  senders.disconnect();
  const { records, p50Ms, p99Ms } = arrived;
  const counts = { ...sent, expected: expected(sent), arrived: records };
  return { ...counts, cpuSeconds: cpu, residentMib: resident, p50Ms, p99Ms };
}

async function drained(sink: ChildProcess, expected: number): Promise<SinkReport> {
  const read = () => ask<SinkReport>(sink, "report");
  const all = async () => {
    const report = await read();
    return report.records >= expected ? report : undefined;
  };
  return eventually("everything has arrived", all, { deadlineMs: drainMs, everyMs: 20 }).catch(read);
}

function startScript(name: string): ChildProcess {
  const script = fileURLToPath(new URL(name, import.meta.url));
  return fork(script, { execArgv: ["--conditions=@dbintel/source"], serialization: "advanced" });
}

async function ask<Answer>(child: ChildProcess, question: SinkCommand | LoadCommand): Promise<Answer> {
  const answer = once(child, "message");
  child.send(question);
  return (await answer)[0];
}
