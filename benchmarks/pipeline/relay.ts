/**
 * The relay benchmark: OTLP/HTTP in, filter, batch, OTLP/HTTP out, through whole processes on loopback. Our collector
 * and, where `benchmarks/peers/otelcol/build.sh` has built it, the OpenTelemetry Collector read the same YAML and take
 * turns in the same run.
 *
 *     npm run bench -- relay [--seconds=15] [--rounds=3] [--rate=10000] [--senders=160]
 *
 * Each turn starts a collector, warms it up, then measures a steady load (`--rate` records a second) and a closed loop
 * (`--senders` senders that wait for each answer). CPU time and memory are the operating system's figures for the
 * collector's process. Every accepted record that passes the filter must reach the sink exactly once: the run fails
 * otherwise.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { eventually } from "../../e2e/harness/condition.ts";
import { freePort } from "../../e2e/harness/free-port.ts";
import { report } from "../harness/results.ts";
import { type Contender, contenders, type RunningCollector, startCollector } from "./contender.ts";
import type { LoadCommand, LoadReport } from "./load.ts";
import { cpuSeconds, residentMib } from "./process-usage.ts";
import { relayConfig } from "./relay-config.ts";
import { type Measurement, rowsOf, type Turn } from "./relay-report.ts";
import type { SinkCommand, SinkReport } from "./sink.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "15" },
    rounds: { type: "string", default: "3" },
    rate: { type: "string", default: "10000" },
    "records-per-request": { type: "string", default: "100" },
    senders: { type: "string", default: "160" },
    check: { type: "boolean" },
  },
});
const seconds = Number(values.seconds);
const recordsPerRequest = Number(values["records-per-request"]);
const warmUpSeconds = 3;
/** Memory is read this often. */
const sampleMs = 250;
/** Data that has not reached the sink this long after the last request is lost. */
const drainMs = 15_000;

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const startScript = (name: string) =>
  fork(script(name), { execArgv: ["--conditions=@dbintel/source"], serialization: "advanced" });

async function ask<Answer>(child: ChildProcess, question: SinkCommand | LoadCommand): Promise<Answer> {
  const answer = once(child, "message");
  child.send(question);
  return (await answer)[0];
}

/** Runs one load and returns what it cost the collector. */
async function measure(collector: RunningCollector, sink: ChildProcess, load: LoadCommand): Promise<Measurement> {
  await ask<SinkReport>(sink, "reset");
  const senders = startScript("load.ts");
  const resident: number[] = [];
  const sampler = setInterval(() => resident.push(residentMib(collector.pid)), sampleMs);
  const cpuBefore = cpuSeconds(collector.pid);
  const sent = await ask<LoadReport>(senders, load);
  const arrived = await drained(sink, sent.expected);
  const cpu = cpuSeconds(collector.pid) - cpuBefore;
  clearInterval(sampler);
  senders.disconnect();
  const { records, p50Ms, p99Ms } = arrived;
  return { ...sent, arrived: records, cpuSeconds: cpu, residentMib: resident, p50Ms, p99Ms };
}

async function drained(sink: ChildProcess, expected: number): Promise<SinkReport> {
  const read = () => ask<SinkReport>(sink, "report");
  const all = async () => {
    const report = await read();
    return report.records >= expected ? report : undefined;
  };
  return eventually("everything has arrived", all, { deadlineMs: drainMs, everyMs: 20 }).catch(read);
}

async function turn(contender: Contender, sink: ChildProcess, sinkPort: number, folder: string): Promise<Turn> {
  const port = await freePort();
  const file = join(folder, `${contender.name}.yaml`);
  await writeFile(file, relayConfig({ receiver: port, sink: sinkPort, metrics: await freePort() }));
  const collector = await startCollector(contender, file, port);
  const load = { port, recordsPerRequest, seconds };
  const steady: LoadCommand = { ...load, mode: { steady: Number(values.rate) } };
  const closed: LoadCommand = { ...load, mode: { closed: Number(values.senders) } };
  try {
    await measure(collector, sink, { ...steady, seconds: warmUpSeconds });
    return {
      contender: contender.name,
      steady: await measure(collector, sink, steady),
      closed: await measure(collector, sink, closed),
    };
  } finally {
    await collector.stop();
  }
}

const folder = await mkdtemp(join(tmpdir(), "dbintel-relay-"));
const sink = startScript("sink.ts");
const [{ port: sinkPort }] = await once(sink, "message");
const all = contenders();
const turns: Turn[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  for (const contender of all) turns.push(await turn(contender, sink, sinkPort, folder));
}
sink.kill();
await rm(folder, { recursive: true });

console.log(
  `${values.rate} records/s in requests of ${recordsPerRequest} for ${seconds} s, then ${values.senders} senders in a ` +
    `closed loop for ${seconds} s; medians of ${values.rounds} rounds`,
);
report(
  "relay",
  rowsOf(
    turns,
    all.map(({ name }) => name),
  ),
  Object.fromEntries(all.map(({ name, version }) => [name, version])),
);
const unequal = turns.flatMap(({ steady, closed }) => [steady, closed]).filter((run) => run.arrived !== run.expected);
if (unequal.length > 0) {
  console.error(`${unequal.length} runs delivered more or less than they accepted`);
  process.exitCode = 1;
}
