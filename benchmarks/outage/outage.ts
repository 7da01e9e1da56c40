import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { eventually } from "../../e2e/harness/condition.ts";
import { DbintelProcess } from "../../e2e/harness/dbintel-process.ts";
import { freePort } from "../../e2e/harness/free-port.ts";
import { type ReadLedger, readLedgers } from "../../e2e/harness/ledgers.ts";
import { ownMetricsAt } from "../../e2e/harness/log-relay.ts";
import { residentMib } from "../pipeline/process-usage.ts";
import { NumberedLoad } from "./numbered-load.ts";
import { NumberedSink } from "./numbered-sink.ts";

const config = fileURLToPath(new URL("../../configs/durable-relay.yaml", import.meta.url));
const sampleMs = 1000;
/** Data that has not arrived this long after the backend is back is lost. */
const mostRecoveryMs = 30 * 60_000;

export interface OutageCommand {
  readonly recordsPerSecond: number;
  readonly recordsPerRequest: number;
  readonly seconds: {
    /** With a backend that is there. */
    readonly before: number;
    readonly outage: number;
    /** The load goes on for this long when the backend is back. */
    readonly after: number;
  };
  /** Values of `--set`, for example the capacity of the queue. */
  readonly settings: readonly string[];
}

/** One moment of the run. */
export interface OutageSample {
  readonly phase: "before" | "outage" | "recovery";
  /** Since the start of the load. */
  readonly second: number;
  readonly residentMib: number;
  /** Records that were acknowledged so far. */
  readonly accepted: number;
  readonly arrived: number;
}

export interface OutageReport {
  readonly samples: readonly OutageSample[];
  readonly accepted: number;
  /** Requests by answer; what is in those that were not answered with 200 stays with the sender. */
  readonly answers: Readonly<Record<string, number>>;
  readonly lost: number;
  readonly duplicated: number;
  /** From the return of the backend until it had all that was acknowledged before. */
  readonly recoverySeconds: number;
  /** The same for all that was acknowledged, the load after the return included. */
  readonly drainedSeconds: number;
  /** The exporter's account at the end. */
  readonly exporter: ReadLedger | undefined;
}

/**
 * `configs/durable-relay.yaml` under a steady load while its backend goes away and comes back. Each record tells by its
 * time which request it was in, so that what was acknowledged and what arrived can be compared as sets.
 */
export async function runOutage(command: OutageCommand): Promise<OutageReport> {
  const { recordsPerRequest, seconds } = command;
  const folder = await mkdtemp(join(tmpdir(), "dbintel-outage-"));
  const [port, health, metrics, backend] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const settings = [`extensions.health_check.endpoint=127.0.0.1:${health}`, ownMetricsAt(metrics), ...command.settings];
  const sink = new NumberedSink(backend);
  await sink.open();
  const dbintel = new DbintelProcess(
    ["run", "--config", config, ...settings.flatMap((setting) => ["--set", setting])],
    {
      OTLP_LISTEN: `127.0.0.1:${port}`,
      OTLP_ENDPOINT: `http://127.0.0.1:${backend}`,
      DBINTEL_STATE: join(folder, "state"),
    },
  );
  const load = new NumberedLoad({ port, recordsPerRequest });
  const stopLoad = new AbortController();
  const samples: OutageSample[] = [];
  let phase: OutageSample["phase"] = "before";
  const beginMs = performance.now();
  const second = () => (performance.now() - beginMs) / 1000;
  const sample = () =>
    samples.push({
      phase,
      second: second(),
      residentMib: residentMib(dbintel.pid),
      accepted: load.acceptedRecords,
      arrived: sink.records,
    });
  let sampler: NodeJS.Timeout | undefined;
  try {
    await eventually("the collector is ready", async () => {
      if (!dbintel.running) throw new Error(`dbintel ended:\n${dbintel.stderr}`);
      const answer = await fetch(`http://127.0.0.1:${health}`).catch(() => undefined);
      return answer?.status === 200 || undefined;
    });
    sampler = setInterval(sample, sampleMs);
    const sending = load.run(command.recordsPerSecond, stopLoad.signal);
    await pause(seconds.before * 1000);
    await sink.close();
    phase = "outage";
    await pause(seconds.outage * 1000);
    const before = [...load.accepted];
    await sink.open();
    phase = "recovery";
    const backAt = second();
    const loadEnds = pause(seconds.after * 1000).then(() => stopLoad.abort());
    const arrived = (numbers: Iterable<bigint>) => {
      if (!dbintel.running) throw new Error(`dbintel ended:\n${dbintel.stderr}`);
      return (
        Iterator.from(numbers).every((number) => (sink.arrived.get(number) ?? 0) >= recordsPerRequest) || undefined
      );
    };
    const patience = { deadlineMs: mostRecoveryMs, everyMs: 200 };
    await eventually("all of the outage has arrived", () => arrived(before), patience).catch(() => {});
    const recoverySeconds = second() - backAt;
    await loadEnds;
    await sending;
    await eventually("all has arrived", () => arrived(load.accepted), patience).catch(() => {});
    const drainedSeconds = second() - backAt;
    sample();
    const counts = [...load.accepted].map((number) => sink.arrived.get(number) ?? 0);
    const sum = (of: (count: number) => number) => counts.reduce((total, count) => total + of(count), 0);
    const exporter = await eventually("the account is closed", async () => {
      const ledgers = readLedgers(await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text());
      const found = ledgers.find(({ kind, signal }) => kind === "exporter" && signal === "logs");
      return found?.held === 0 ? found : undefined;
    }).catch(() => undefined);
    return {
      samples,
      accepted: load.acceptedRecords,
      answers: load.answers,
      lost: sum((count) => Math.max(0, recordsPerRequest - count)),
      duplicated: sum((count) => Math.max(0, count - recordsPerRequest)),
      recoverySeconds,
      drainedSeconds,
      exporter,
    };
  } finally {
    clearInterval(sampler);
    stopLoad.abort();
    await dbintel[Symbol.asyncDispose]();
    await sink.close();
    await rm(folder, { recursive: true, force: true });
  }
}
