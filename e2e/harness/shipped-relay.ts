import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { ownMetricsAt } from "./log-relay.ts";

/** What a relay of `configs/` runs with in a scenario. */
export interface ShippedRelay {
  readonly env: Readonly<Record<string, string>>;
  /** File that is laid over the shipped one: a backend that reads JSON, and short waits. */
  readonly overlay: string;
  /** `--config` and `--set`, for every command that reads the configuration. */
  readonly args: readonly string[];
  readonly logsUrl: string;
  readonly metricsUrl: string;
}

/** Prepares a relay with a file of `configs/`: its state and what is laid over it are in `folder`. */
export async function shippedRelay(folder: string, config: string, endpoint: string): Promise<ShippedRelay> {
  const [port, healthPort, metricsPort] = [await freePort(), await freePort(), await freePort()];
  const overlay = join(folder, "overlay.yaml");
  await writeFile(
    overlay,
    `
extensions: { health_check: { endpoint: "127.0.0.1:${healthPort}" } }
exporters:
  otlp_http:
    encoding: json
    compression: none
    retry_on_failure: { initial_interval: 50ms, max_interval: 200ms, max_elapsed_time: 1s }
`,
  );
  return {
    env: { OTLP_LISTEN: `127.0.0.1:${port}`, OTLP_ENDPOINT: endpoint, DBINTEL_STATE: join(folder, "state") },
    overlay,
    args: ["--config", config, "--config", overlay, "--set", ownMetricsAt(metricsPort)],
    logsUrl: `http://127.0.0.1:${port}/v1/logs`,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
  };
}
