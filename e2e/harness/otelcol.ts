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

/** An OpenTelemetry Collector that takes OTLP/HTTP and writes what it decoded to one JSON file a signal. */
export interface OtelcolBackend extends AsyncDisposable {
  readonly endpoint: string;
  /** The parsed lines of a signal's file: one `ExportXServiceRequest` each, as the other side decoded it. */
  received(signal: "logs" | "metrics" | "traces"): Promise<readonly unknown[]>;
}

/** Starts the independent backend in `folder` and resolves when it listens. */
export async function startOtelcol(folder: string): Promise<OtelcolBackend> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const file = (signal: string) => join(folder, `${signal}.jsonl`);
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters: Object.fromEntries(
      ["logs", "metrics", "traces"].map((signal) => [
        `file/${signal}`,
        { path: file(signal), flush_interval: "100ms" },
      ]),
    ),
    service: {
      telemetry: { metrics: { level: "none" } },
      pipelines: Object.fromEntries(
        ["logs", "metrics", "traces"].map((signal) => [signal, { receivers: ["otlp"], exporters: [`file/${signal}`] }]),
      ),
    },
  };
  const configFile = join(folder, "otelcol.json");
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
    endpoint,
    async received(signal) {
      const text = await readFile(file(signal), "utf8").catch(() => "");
      // The last line may be half written while the collector runs.
      return text
        .slice(0, text.lastIndexOf("\n") + 1)
        .split("\n")
        .filter((line) => line !== "")
        .map((line): unknown => JSON.parse(line));
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
