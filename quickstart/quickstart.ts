import { setTimeout as delay } from "node:timers/promises";
import { freePort, startPostgres } from "@dbintel/e2e/servers";
import { startBackend } from "./backend.ts";
import { startCollector } from "./collector-process.ts";
import { LogLines } from "./log-lines.ts";
import { newRelic } from "./new-relic.ts";
import { Observer } from "./observation.ts";
import { preferredPort } from "./ports.ts";
import { report } from "./report.ts";
import { createShop } from "./shop.ts";
import { runWorkload } from "./workload.ts";

/** How long the telemetry of one poll may take to come together: events and metrics arrive in requests of their own. */
const gatheringMs = 500;

export interface QuickstartOptions {
  /** Milliseconds from the moment when everything runs; without it, until `stop` is aborted. */
  readonly forMs: number | undefined;
  readonly stop: AbortController;
  readonly env: NodeJS.ProcessEnv;
  readonly columns: () => number | undefined;
  readonly print: (text: string) => void;
}

/**
 * Runs PostgreSQL, a workload and the collector, and prints what the collector finds, until it is stopped.
 * Whatever it has started is gone when it resolves or rejects. Rejects when a part cannot start or ends by itself.
 */
export async function quickstart({ forMs, stop, env, columns, print }: QuickstartOptions): Promise<void> {
  const signal = stop.signal;
  await using running = new AsyncDisposableStack();

  print("Starting PostgreSQL 18 and filling its databases …");
  const postgres = running.use(await startPostgres({ settings }));
  const logins = await createShop(postgres);
  if (signal.aborted) return;

  const observer = new Observer();
  let reports = 0;
  let gathering: NodeJS.Timeout | undefined;
  const show = () => {
    gathering = undefined;
    reports++;
    print(report(observer.take(), { columns: columns() }));
  };
  const backendPort = await freePort();
  running.defer(() => clearTimeout(gathering));
  const backend = await startBackend(backendPort, {
    onLogs: (logs) => {
      if (observer.addLogs(logs)) gathering ??= setTimeout(show, gatheringMs);
    },
    onMetrics: (metrics) => observer.addMetrics(metrics),
  });
  running.defer(async () => void (await backend.stop()));

  const health = `localhost:${await preferredPort(13133)}`;
  const metricsPort = await preferredPort(8888);
  const shipping = newRelic(env);
  const lines = new LogLines(print);
  const collector = startCollector({
    configs: ["quickstart.yaml", ...(shipping === undefined ? [] : [shipping.config])],
    env: {
      POSTGRES_ENDPOINT: `${postgres.host}:${postgres.port}`,
      POSTGRES_PASSWORD: logins.collector.password,
      DBINTEL_QUICKSTART_ENDPOINT: `http://127.0.0.1:${backendPort}`,
      DBINTEL_QUICKSTART_HEALTH: health,
      DBINTEL_QUICKSTART_METRICS_PORT: String(metricsPort),
      ...shipping?.env,
    },
    healthUrl: `http://${health}`,
    onLine: (line) => lines.add(line),
  });
  running.defer(() => collector.stop());
  const ended = collector.ended.then((how) => {
    if (!signal.aborted) throw new Error(`the collector ended by itself: ${how}\n${lines.recent}`);
  });
  await Promise.race([collector.ready(signal), ended]);
  if (signal.aborted) return;

  const workload = runWorkload(postgres, logins, signal);
  running.defer(() => {
    stop.abort();
    return workload;
  });
  print(
    introduction({
      server: `PostgreSQL ${postgres.version} at ${postgres.host}:${postgres.port}`,
      health: `http://${health}`,
      metrics: `http://localhost:${metricsPort}/metrics`,
      backend: `http://127.0.0.1:${backendPort}`,
      shippedTo: shipping?.endpoint,
      forMs,
    }),
  );

  const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  const timeUp = forMs === undefined ? aborted : delay(forMs, undefined, { signal }).catch(() => {});
  await Promise.race([aborted, timeUp, ended, workload]);
  if (!signal.aborted && reports === 0) throw new Error(`the collector sent nothing\n${lines.recent}`);
  stop.abort();
  print("\nStopping …");
}

/** What a database that is watched should have on anyway; plans of slow statements go to the server's log. */
const settings = {
  "pg_stat_statements.track": "top",
  track_io_timing: true,
  "auto_explain.log_min_duration": "1s",
  "auto_explain.log_format": "json",
};

function introduction(about: {
  readonly server: string;
  readonly health: string;
  readonly metrics: string;
  readonly backend: string;
  readonly shippedTo: string | undefined;
  readonly forMs: number | undefined;
}): string {
  return [
    "",
    `database   ${about.server}: shop (used by shop_app) and warehouse (used by analyst)`,
    `collector  bin/dbintel run --config configs/quickstart.yaml`,
    `             health ${about.health} | its own metrics ${about.metrics}`,
    `telemetry  OTLP/HTTP to this screen, ${about.backend}`,
    ...(about.shippedTo === undefined ? [] : [`             and to New Relic, ${about.shippedTo}`]),
    "",
    `The first interval ends in about five seconds. ${about.forMs === undefined ? "" : `It all stops after ${about.forMs / 1000} s; `}Ctrl-C stops everything.`,
  ].join("\n");
}
