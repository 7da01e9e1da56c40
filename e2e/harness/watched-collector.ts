import { readFile } from "node:fs/promises";
import { eventually } from "./condition.ts";
import { DbintelProcess } from "./dbintel-process.ts";
import { freePort } from "./free-port.ts";
import { type ReadLedger, readLedgers } from "./ledgers.ts";
import { ownMetricsAt } from "./log-relay.ts";
import { type RecordingBackend, startRecordingBackend } from "./recording-backend.ts";

const deadline = { deadlineMs: 100_000 };

/** The built command with a configuration of `configs/` and a backend that remembers what it was sent. */
export class WatchedCollector implements AsyncDisposable {
  readonly backend: RecordingBackend;
  readonly process: DbintelProcess;
  readonly #metricsUrl: string;

  private constructor(backend: RecordingBackend, dbintel: DbintelProcess, metricsUrl: string) {
    this.backend = backend;
    this.process = dbintel;
    this.#metricsUrl = metricsUrl;
  }

  /** Starts it; `settings` are values of `--set`. The exporter of the configuration is `otlp_http`. */
  static async start(args: {
    readonly config: string;
    readonly settings: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  }): Promise<WatchedCollector> {
    const backend = await startRecordingBackend();
    const [port, healthPort] = [await freePort(), await freePort()];
    const hasHealth = (await readFile(args.config, "utf8")).includes("health_check:");
    const settings = [
      ...args.settings,
      ...(hasHealth ? [`extensions.health_check.endpoint=127.0.0.1:${healthPort}`] : []),
      "processors.batch.timeout=50ms",
      "exporters.otlp_http.encoding=json",
      "exporters.otlp_http.compression=none",
      "service.telemetry.logs.encoding=json",
      ownMetricsAt(port),
    ].flatMap((setting) => ["--set", setting]);
    const env = { ...args.env, OTLP_ENDPOINT: backend.endpoint };
    const dbintel = new DbintelProcess(["run", "--config", args.config, ...settings], env);
    return new WatchedCollector(backend, dbintel, `http://127.0.0.1:${port}/metrics`);
  }

  /** Waits for a condition; tells what the collector logged when it does not come. */
  async until<T>(what: string, probe: () => T | undefined | Promise<T | undefined>): Promise<T> {
    try {
      return await eventually(
        what,
        () => {
          if (!this.process.running) throw new Error("the collector has ended");
          return probe();
        },
        deadline,
      );
    } catch (cause) {
      throw new Error(`${String(cause)}; the collector said:\n${this.process.stderr}`, { cause });
    }
  }

  /** The lines that it has logged, as objects. */
  get lines(): readonly Readonly<Record<string, unknown>>[] {
    const complete = this.process.stderr.slice(0, this.process.stderr.lastIndexOf("\n") + 1);
    return complete
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  }

  /** Its own metrics as Prometheus text. */
  async metrics(): Promise<string> {
    return (await fetch(this.#metricsUrl)).text();
  }

  /** The ledgers of all components, at a moment when every item is accounted for; rejects when none comes. */
  balancedLedgers(): Promise<readonly ReadLedger[]> {
    return this.until("received = sent + refused + dropped + held, everywhere", async () => {
      const ledgers = readLedgers(await this.metrics());
      const balanced = ledgers.every((one) => one.received === one.sent + one.refused + one.dropped + one.held);
      return balanced ? ledgers : undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
    await this.backend[Symbol.asyncDispose]();
  }
}
