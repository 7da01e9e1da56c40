/**
 * Milliseconds from `dbintel run` to the first 200 of its health check, with and without own metrics, beside the
 * OpenTelemetry Collector on the same configurations in the same run, where it has been built
 * (`benchmarks/peers/otelcol/build.sh`).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../e2e/harness/free-port.ts";
import { otelcolAvailable, otelcolBinary } from "../../e2e/harness/otelcol.ts";
import { median, type Row, report } from "../harness/results.ts";

const rounds = 11;
const dbintel = fileURLToPath(new URL("../../bin/dbintel", import.meta.url));

/** The own metrics as they are by default, but on any port, or none. */
const ownMetrics = {
  "own metrics on": (port: number) =>
    `level: normal, readers: [{ pull: { exporter: { prometheus: { host: 127.0.0.1, port: ${port} } } } }]`,
  "own metrics off": () => "level: none",
};
type OwnMetrics = keyof typeof ownMetrics;

const configOf = (health: number, otlp: number, metrics: string) => `
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:${otlp}" } } } }
processors: { memory_limiter: { check_interval: 1s, limit_mib: 400, spike_limit_mib: 80 }, batch: }
exporters: { otlp_http: { endpoint: "http://127.0.0.1:9" } }
extensions: { health_check: { endpoint: "127.0.0.1:${health}" } }
service:
  extensions: [health_check]
  telemetry: { metrics: { ${metrics} } }
  pipelines: { logs: { receivers: [otlp], processors: [memory_limiter, batch], exporters: [otlp_http] } }
`;

function healthy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("error", () => resolve(false));
  });
}

async function startOnce(command: string, args: readonly string[], metrics: OwnMetrics): Promise<number> {
  const [health, otlp, own] = [await freePort(), await freePort(), await freePort()];
  const file = join(folder, "startup.yaml");
  await writeFile(file, configOf(health, otlp, ownMetrics[metrics](own)));
  const start = performance.now();
  const child = spawn(command, [...args, `--config=${file}`], { stdio: "ignore" });
  const closed = once(child, "exit");
  let elapsedMs = 0;
  while (!(await healthy(health))) {
    elapsedMs = performance.now() - start;
    if (child.exitCode !== null || elapsedMs > 20_000) throw new Error(`${command} did not become ready`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  elapsedMs = performance.now() - start;
  child.kill("SIGTERM");
  await closed;
  return elapsedMs;
}

const folder = await mkdtemp(join(tmpdir(), "dbintel-startup-"));
const rows: Row[] = [];
for (const metrics of ["own metrics on", "own metrics off"] as const) rows.push(...(await compare(metrics)));
await rm(folder, { recursive: true });
report("startup", rows);

async function compare(metrics: OwnMetrics): Promise<Row[]> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await startOnce(dbintel, ["run"], metrics));
    if (otelcolAvailable()) theirs.push(await startOnce(otelcolBinary, [], metrics));
  }
  const row = (name: string, times: readonly number[]): Row => ({
    name: `${name}, ${metrics}`,
    figures: { "median ms": median(times), "max ms": Math.max(...times) },
  });
  if (theirs.length === 0) return [row("dbintel", ours)];
  return [{ ...row("dbintel", ours), ratio: median(theirs) / median(ours) }, row("OpenTelemetry Collector", theirs)];
}
