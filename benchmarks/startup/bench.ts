/**
 * Milliseconds from `dbintel run` to the first 200 of its health check, beside the OpenTelemetry Collector on the same
 * configuration in the same run, where it has been built (`benchmarks/peers/otelcol/build.sh`).
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
import { median, report } from "../harness/results.ts";

const rounds = 11;
const dbintel = fileURLToPath(new URL("../../bin/dbintel", import.meta.url));

const configOf = (health: number, otlp: number) => `
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:${otlp}" } } } }
processors: { memory_limiter: { check_interval: 1s, limit_mib: 400, spike_limit_mib: 80 }, batch: }
exporters: { otlp_http: { endpoint: "http://127.0.0.1:9" } }
extensions: { health_check: { endpoint: "127.0.0.1:${health}" } }
service:
  extensions: [health_check]
  telemetry: { metrics: { level: none } }
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

async function startOnce(command: string, args: readonly string[], folder: string): Promise<number> {
  const [health, otlp] = [await freePort(), await freePort()];
  const file = join(folder, "startup.yaml");
  await writeFile(file, configOf(health, otlp));
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
const ours: number[] = [];
const theirs: number[] = [];
for (let round = 0; round < rounds; round++) {
  ours.push(await startOnce(dbintel, ["run"], folder));
  if (otelcolAvailable()) theirs.push(await startOnce(otelcolBinary, [], folder));
}
await rm(folder, { recursive: true });
report("startup", [
  {
    name: "dbintel",
    figures: { "median ms": median(ours), "max ms": Math.max(...ours) },
    ...(theirs.length === 0 ? {} : { ratio: median(theirs) / median(ours) }),
  },
  ...(theirs.length === 0
    ? []
    : [{ name: "OpenTelemetry Collector", figures: { "median ms": median(theirs), "max ms": Math.max(...theirs) } }]),
]);
