import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "./condition.ts";
import { freePort } from "./free-port.ts";

/** The OpenTelemetry Collector that `benchmarks/peers/otelcol/build.sh` builds. */
export const otelcolBinary = fileURLToPath(new URL("../../.cache/otelcol/otelcol", import.meta.url));

/** Whether the OpenTelemetry Collector has been built on this machine. */
export function otelcolAvailable(): boolean {
  return existsSync(otelcolBinary);
}

const signals = ["logs", "metrics", "traces"] as const;

/** An OpenTelemetry Collector that takes OTLP and writes what it decoded to one JSON file a signal. */
export interface OtelcolBackend extends AsyncDisposable {
  /** For OTLP/HTTP. */
  readonly endpoint: string;
  /** For OTLP/gRPC. */
  readonly grpcEndpoint: string;
  /** The parsed lines of a signal's file: one `ExportXServiceRequest` each, as the other side decoded it. */
  received(signal: (typeof signals)[number]): Promise<readonly unknown[]>;
}

/** Starts the independent backend in `folder` and resolves when it listens. */
export async function startOtelcol(folder: string): Promise<OtelcolBackend> {
  const [port, grpcPort] = [await freePort(), await freePort()];
  const endpoint = `http://127.0.0.1:${port}`;
  const grpcEndpoint = `127.0.0.1:${grpcPort}`;
  const file = (signal: string) => join(folder, `${signal}.jsonl`);
  const listen = { http: { endpoint: `127.0.0.1:${port}` }, grpc: { endpoint: grpcEndpoint } };
  const running = await run(join(folder, "otelcol.json"), endpoint, {
    receivers: { otlp: { protocols: listen } },
    exporters: Object.fromEntries(
      signals.map((signal) => [`file/${signal}`, { path: file(signal), flush_interval: "100ms" }]),
    ),
    pipelines: Object.fromEntries(
      signals.map((signal) => [signal, { receivers: ["otlp"], exporters: [`file/${signal}`] }]),
    ),
  });
  return {
    endpoint,
    grpcEndpoint,
    async received(signal) {
      const text = await readFile(file(signal), "utf8").catch(() => "");
      // The last line may be half written while the collector runs.
      return text
        .slice(0, text.lastIndexOf("\n") + 1)
        .split("\n")
        .filter((line) => line !== "")
        .map((line): unknown => JSON.parse(line));
    },
    ...running,
  };
}

/** An OpenTelemetry Collector that sends on what it takes: the client of a scenario, with exporters of its own. */
export interface OtelcolClient extends AsyncDisposable {
  /** What is posted here goes out by OTLP/HTTP. */
  readonly http: string;
  /** What is posted here goes out by OTLP/gRPC. */
  readonly grpc: string;
}

/** Starts a client in `folder` that sends to these, and resolves when it listens. */
export async function startOtelcolClient(
  folder: string,
  to: { readonly http: string; readonly grpc: string },
): Promise<OtelcolClient> {
  const ports = { http: await freePort(), grpc: await freePort() };
  const listen = (port: number) => ({ protocols: { http: { endpoint: `127.0.0.1:${port}` } } });
  const http = `http://127.0.0.1:${ports.http}`;
  const running = await run(join(folder, "otelcol-client.json"), http, {
    receivers: { "otlp/http": listen(ports.http), "otlp/grpc": listen(ports.grpc) },
    exporters: {
      otlp_http: { endpoint: to.http },
      otlp_grpc: { endpoint: to.grpc, tls: { insecure: true } },
    },
    pipelines: Object.fromEntries(
      signals.flatMap((signal) => [
        [`${signal}/http`, { receivers: ["otlp/http"], exporters: ["otlp_http"] }],
        [`${signal}/grpc`, { receivers: ["otlp/grpc"], exporters: ["otlp_grpc"] }],
      ]),
    ),
  });
  return { http, grpc: `http://127.0.0.1:${ports.grpc}`, ...running };
}

/** Starts the program and resolves when something answers at `endpoint`. */
async function run(
  configFile: string,
  endpoint: string,
  { pipelines, ...components }: Readonly<Record<"receivers" | "exporters" | "pipelines", object>>,
): Promise<AsyncDisposable> {
  const config = { ...components, service: { telemetry: { metrics: { level: "none" } }, pipelines } };
  await writeFile(configFile, JSON.stringify(config));
  const child = spawn(otelcolBinary, [`--config=${configFile}`], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const exited = once(child, "close");
  await eventually("the OpenTelemetry Collector listens", async () => {
    if (child.exitCode !== null) throw new Error(`the OpenTelemetry Collector ended:\n${log}`);
    const answer = await fetch(`${endpoint}/v1/logs`, { method: "POST", body: "" }).catch(() => undefined);
    return answer === undefined ? undefined : true;
  });
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
