import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@dbintel/e2e/free-port";
import { readBuildInfo } from "../src/build.ts";
import { main } from "../src/cli.ts";
import { startFrom } from "../src/collector.ts";
import { readConfiguration, usableReading } from "../src/configuration.ts";

/** How a command ended and what it said. */
export interface CommandRun {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: string;
}

/** Runs a command within this process, as on a terminal where `columns` are given. */
export async function command(
  args: readonly string[],
  around: {
    readonly env?: Readonly<Record<string, string>>;
    readonly columns?: number;
    /** Called with what is printed, as it is. */
    readonly printed?: (text: string) => void;
  } = {},
): Promise<CommandRun> {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = {
    env: around.env ?? {},
    columns: around.columns,
    print: (text: string) => {
      out.push(text);
      around.printed?.(text);
    },
    printError: (text: string) => void err.push(text),
  };
  return { code: await main(args, terminal), out, err: err.join("\n") };
}

/** A collector within this process that listens on ports of its own. */
export interface Running extends AsyncDisposable {
  readonly admin: string;
  /** Sends log records with these bodies and resolves with the status of the answer. */
  send(...bodies: readonly string[]): Promise<number>;
}

/** Starts a collector whose exporters are `sink`, which takes everything, and `down`, whose backend is not there. */
export async function startRunning(options: {
  readonly scheme?: string;
  readonly extensions: string;
  readonly started?: string;
  /** Of the admin endpoint. Default: one that is free. */
  readonly port?: number;
}): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), "dbintel-running-"));
  const [otlp, admin, down] = [await freePort(), options.port ?? (await freePort()), await freePort()];
  const prometheus = `pull: { exporter: { prometheus: { host: localhost, port: ${await freePort()} } } }`;
  const file = join(folder, "collector.yaml");
  await writeFile(
    file,
    `receivers:
  otlp: { protocols: { http: { endpoint: "localhost:${otlp}" } } }
processors:
  filter: { logs: { log_record: ['body == "noise"'] } }
exporters:
  nop/sink: {}
  otlp_http/down: { endpoint: "http://127.0.0.1:${down}", sending_queue: { queue_size: 7 } }
extensions:
${options.extensions.replace("ADMIN", `localhost:${admin}`)}
service:
  extensions: ${options.started ?? "[admin]"}
  telemetry: { logs: { level: error }, metrics: { readers: [{ ${prometheus} }] } }
  pipelines:
    logs: { receivers: [otlp], processors: [filter], exporters: [nop/sink, otlp_http/down] }
`,
  );
  const source = { config: [file], set: [] };
  const problems: string[] = [];
  const printError = (text: string) => void problems.push(text);
  const reading = await usableReading(source, { env: {}, columns: undefined, print: printError, printError });
  if (reading === undefined) throw new Error(problems.join("\n"));
  const read = () => readConfiguration(source, { env: {} });
  const collector = await startFrom(reading, { build: readBuildInfo(), read, stopDeadlineMs: 1 });
  return {
    admin: `${options.scheme ?? "http"}://localhost:${admin}`,
    async send(...bodies) {
      const logRecords = bodies.map((text) => ({ body: { stringValue: text } }));
      const answer = await fetch(`http://localhost:${otlp}/v1/logs`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }),
      });
      return answer.status;
    },
    async [Symbol.asyncDispose]() {
      await collector.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
