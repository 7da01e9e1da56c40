import { eventually } from "./condition.ts";
import { DbintelProcess } from "./dbintel-process.ts";
import { freePort } from "./free-port.ts";
import { type ReadLedger, readLedgers } from "./ledgers.ts";
import { postLogs, type SentRecord } from "./log-client.ts";

/** The setting, for `--set`, that has the collector serve its own metrics at a port of this machine. */
export function ownMetricsAt(port: number): string {
  return `service.telemetry.metrics.readers=[{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${port}}}}}]`;
}

/** The built command as a relay of logs: from OTLP/HTTP, by the exporter `otlp_http`, to a backend that reads JSON. */
export class LogRelay implements AsyncDisposable {
  readonly process: DbintelProcess;
  readonly #logsUrl: string;
  readonly #metricsUrl: string;

  private constructor(dbintel: DbintelProcess, port: number, metricsPort: number) {
    this.process = dbintel;
    this.#logsUrl = `http://127.0.0.1:${port}/v1/logs`;
    this.#metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
  }

  static async start(args: {
    /** Where the backend is. */
    readonly endpoint: string;
    /** Configuration that is laid over the plain one, as YAML. */
    readonly overlay: string;
    /** A program with its arguments that turns into the command. */
    readonly by?: readonly string[];
  }): Promise<LogRelay> {
    const [port, metricsPort] = [await freePort(), await freePort()];
    const plain = `
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } } }
exporters: { otlp_http: { endpoint: "${args.endpoint}", encoding: json, compression: none } }
service: { pipelines: { logs: { receivers: [otlp], exporters: [otlp_http] } } }
`;
    const configuration = [plain, args.overlay].flatMap((text) => ["--config", `yaml:${text}`]);
    const run = ["run", ...configuration, "--set", ownMetricsAt(metricsPort)];
    return new LogRelay(new DbintelProcess(run, {}, args.by), port, metricsPort);
  }

  /** Sends records in one request: the status, `undefined` where nobody answers. */
  send(records: readonly SentRecord[]): Promise<number | undefined> {
    return postLogs(this.#logsUrl, records);
  }

  /** Sends records until they are acknowledged: at the start nobody listens yet. */
  async sendFirst(records: readonly SentRecord[], options?: { readonly deadlineMs: number }): Promise<void> {
    const probe = async () => {
      if (!this.process.running) throw new Error(`dbintel ended:\n${this.process.stderr}`);
      return (await this.send(records)) === 200 || undefined;
    };
    await eventually("the receiver answers", probe, options);
  }

  /** The collector's own metrics as Prometheus text. */
  async metrics(): Promise<string> {
    return (await fetch(this.#metricsUrl)).text();
  }

  async ledgers(): Promise<readonly ReadLedger[]> {
    return readLedgers(await this.metrics());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.process[Symbol.asyncDispose]();
  }
}
