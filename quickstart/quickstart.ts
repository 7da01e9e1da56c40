import { setTimeout as delay } from "node:timers/promises";
import { startPostgres } from "@dbintel/e2e/servers";
import { type BillingServer, startBilling } from "./billing-server.ts";
import { runBilling } from "./billing-workload.ts";
import { startCollector } from "./collector-process.ts";
import { LogLines } from "./log-lines.ts";
import { newRelic } from "./new-relic.ts";
import { preferredPort } from "./ports.ts";
import { type Screen, startScreen } from "./screen.ts";
import { createShop } from "./shop.ts";
import { runWorkload } from "./workload.ts";

export interface QuickstartOptions {
  /** Milliseconds from the moment when everything runs; without it, until `stop` is aborted. */
  readonly forMs: number | undefined;
  /** Whether MariaDB is shown where the machine has MySQL too. */
  readonly mariadb: boolean;
  readonly stop: AbortController;
  readonly env: NodeJS.ProcessEnv;
  readonly columns: () => number | undefined;
  readonly print: (text: string) => void;
}

/**
 * Runs PostgreSQL, where the machine has it MySQL or MariaDB, a workload for each and the collector, and prints what the
 * collector finds, until it is stopped.
 * Whatever it has started is gone when it resolves or rejects. Rejects when a part cannot start or ends by itself.
 */
export async function quickstart({ forMs, mariadb, stop, env, columns, print }: QuickstartOptions): Promise<void> {
  const signal = stop.signal;
  await using running = new AsyncDisposableStack();

  print("Starting PostgreSQL 18 and filling its databases …");
  const starting = startBilling({ mariadb, print });
  running.defer(async () => (await starting)?.[Symbol.asyncDispose]());
  const postgres = running.use(await startPostgres({ settings }));
  const logins = await createShop(postgres);
  const billing = await starting;
  if (signal.aborted) return;

  const named = (name: string) => () => (billing === undefined ? undefined : name);
  const screen = running.use(await startScreen({ server: named("PostgreSQL"), columns, print }));
  const billingScreen = billing && running.use(await startScreen({ server: named(billing.name), columns, print }));

  const health = `localhost:${await preferredPort(13133)}`;
  const metricsPort = await preferredPort(8888);
  const shipping = newRelic(env);
  const lines = new LogLines(print);
  const collector = startCollector({
    configs: [
      "quickstart.yaml",
      ...(billing === undefined ? [] : ["quickstart-mysql.yaml"]),
      ...(shipping === undefined ? [] : [shipping.config]),
    ],
    env: {
      POSTGRES_ENDPOINT: `${postgres.host}:${postgres.port}`,
      POSTGRES_PASSWORD: logins.collector.password,
      DBINTEL_QUICKSTART_ENDPOINT: screen.endpoint,
      ...(billing && billingScreen && billingEnv(billing, billingScreen, shipping !== undefined)),
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

  const workload = Promise.all([
    runWorkload(postgres, logins, signal),
    billing && runBilling(billing.server, billing.logins, signal),
  ]);
  running.defer(() => {
    stop.abort();
    return workload.then(() => {});
  });
  print(
    introduction({
      servers: [
        `PostgreSQL ${postgres.version} at ${postgres.host}:${postgres.port}: shop (used by shop_app) and warehouse (used by analyst)`,
        ...(billing === undefined
          ? []
          : [`${billing.name} at ${billing.server.host}:${billing.server.port}: billing (used by billing_app)`]),
      ],
      configs: billing === undefined ? ["quickstart.yaml"] : ["quickstart.yaml", "quickstart-mysql.yaml"],
      health: `http://${health}`,
      metrics: `http://localhost:${metricsPort}/metrics`,
      backends: [screen, ...(billingScreen === undefined ? [] : [billingScreen])].map(({ endpoint }) => endpoint),
      shippedTo: shipping?.endpoint,
      forMs,
    }),
  );

  const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  const timeUp = forMs === undefined ? aborted : delay(forMs, undefined, { signal }).catch(() => {});
  await Promise.race([aborted, timeUp, ended, workload]);
  const reports = screen.reports + (billingScreen?.reports ?? 0);
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

/** What quickstart-mysql.yaml leaves open. */
function billingEnv({ server, logins }: BillingServer, { endpoint }: Screen, isShipped: boolean) {
  return {
    MYSQL_ENDPOINT: `${server.host}:${server.port}`,
    MYSQL_PASSWORD: logins.collector.password,
    DBINTEL_QUICKSTART_MYSQL_ENDPOINT: endpoint,
    ...(isShipped ? { DBINTEL_QUICKSTART_MYSQL_EXPORTERS: "[otlp_http/mysql, otlp_http/newrelic]" } : {}),
  };
}

function introduction(about: {
  readonly servers: readonly string[];
  readonly configs: readonly string[];
  readonly health: string;
  readonly metrics: string;
  readonly backends: readonly string[];
  readonly shippedTo: string | undefined;
  readonly forMs: number | undefined;
}): string {
  return [
    "",
    ...about.servers.map((server) => `database   ${server}`),
    `collector  bin/dbintel run ${about.configs.map((name) => `--config configs/${name}`).join(" ")}`,
    `             health ${about.health} | its own metrics ${about.metrics}`,
    `telemetry  OTLP/HTTP to this screen, ${about.backends.join(" and ")}`,
    ...(about.shippedTo === undefined ? [] : [`             and to New Relic, ${about.shippedTo}`]),
    "",
    `The first interval ends in about five seconds. ${about.forMs === undefined ? "" : `It all stops after ${about.forMs / 1000} s; `}Ctrl-C stops everything.`,
  ].join("\n");
}
