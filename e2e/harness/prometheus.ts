import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe } from "vitest";
import { eventually } from "./condition.ts";
import { freePort } from "./free-port.ts";

const folder = fileURLToPath(new URL("../../.cache/prometheus/usr/bin", import.meta.url));

/** Checks rules and runs their tests. */
export const promtool = join(folder, "promtool");

/** A suite that needs Prometheus; skipped by name where `e2e/servers/prometheus-install.sh` has not brought it. */
export function describePrometheus(name: string, suite: () => void): void {
  describe.skipIf(!existsSync(promtool))(`${name} [Prometheus]`, suite);
}

/** A series with its last value, as `GET /api/v1/query` tells it. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** An alert that is pending or firing. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: string;
}

export interface Prometheus extends AsyncDisposable {
  /** Of the last scrape of each job: nothing when it went well. */
  scrapeErrors(): Promise<Readonly<Record<string, string>>>;
  query(expression: string): Promise<readonly Sample[]>;
  alerts(): Promise<readonly Alert[]>;
}

/** What is scraped, by the name of the job, and what is made of it. */
export interface Scraping {
  readonly jobs: Readonly<Record<string, string>>;
  readonly ruleFiles: readonly string[];
}

/** Starts a Prometheus that keeps its data in `folder`, looks each second, and resolves when it is ready. */
export async function startPrometheus(folder: string, { jobs, ruleFiles }: Scraping): Promise<Prometheus> {
  const configFile = join(folder, "prometheus.json");
  const config = {
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: ruleFiles,
    scrape_configs: Object.entries(jobs).map(([job_name, target]) => ({
      job_name,
      static_configs: [{ targets: [target] }],
    })),
  };
  await writeFile(configFile, JSON.stringify(config));
  const listen = `127.0.0.1:${await freePort()}`;
  const settings = {
    "config.file": configFile,
    "storage.tsdb.path": join(folder, "tsdb"),
    "web.listen-address": listen,
  };
  const args = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  const child = spawn(join(promtool, "../prometheus"), args, { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const exited = once(child, "close");
  await eventually("Prometheus is ready", async () => {
    if (child.exitCode !== null) throw new Error(`Prometheus ended:\n${log}`);
    const answer = await fetch(`http://${listen}/-/ready`).catch(() => undefined);
    return answer?.ok === true ? true : undefined;
  });
  const ask = async (path: string) => {
    const response = await fetch(`http://${listen}/api/v1/${path}`);
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return ((await response.json()) as { readonly data: unknown }).data;
  };
  return {
    async scrapeErrors() {
      const { activeTargets } = (await ask("targets")) as {
        activeTargets: readonly { scrapePool: string; health: string; lastError: string }[];
      };
      return Object.fromEntries(
        activeTargets
          .filter(({ health }) => health !== "up")
          .map(({ scrapePool, health, lastError }) => [scrapePool, lastError || health]),
      );
    },
    async query(expression) {
      const { result } = (await ask(`query?query=${encodeURIComponent(expression)}`)) as {
        result: readonly { metric: Readonly<Record<string, string>>; value: readonly [number, string] }[];
      };
      return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    async alerts() {
      return ((await ask("alerts")) as { readonly alerts: readonly Alert[] }).alerts;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
