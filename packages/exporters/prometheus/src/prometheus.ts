import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { formatHostPort } from "@dbintel/config";
import { RefusedError } from "@dbintel/errors";
import type { Metrics } from "@dbintel/pdata";
import {
  type Component,
  type Consumers,
  every,
  type Host,
  type ServerAuthenticator,
  type Timer,
} from "@dbintel/pipeline";
import { headerOf, listen, ServerTls } from "@dbintel/pipeline/listen";
import type { PrometheusConfig } from "./config.ts";
import { contentTypes, exposition, type Format } from "./exposition.ts";
import { Families } from "./families.ts";
import { seriesLabels } from "./labels.ts";
import { metricName } from "./metric-name.ts";
import { Targets } from "./targets.ts";

const gzipAsync = promisify(gzip);
/** Scrapers are few; more connections are somebody else's. */
const mostConnections = 100;
/** A scraper sends a line and some headers. */
const requestTimeoutMs = 10_000;

/** Keeps the last value of each series and serves them. */
export class PrometheusExporter implements Component {
  readonly consumers: Consumers;
  readonly #config: PrometheusConfig;
  readonly #host: Host;
  readonly #families: Families;
  readonly #targets: Targets;
  readonly #authenticator: ServerAuthenticator | undefined;
  #running: { readonly server: Server; readonly timers: readonly Timer[] } | undefined;

  constructor({ config, host }: { readonly config: PrometheusConfig; readonly host: Host }) {
    this.#config = config;
    this.#host = host;
    const bounds = { maxSeries: config.max_series, expirationMs: config.metric_expiration };
    this.#families = new Families(bounds);
    this.#targets = new Targets(bounds);
    this.#authenticator = config.auth && host.extensions.serverAuthenticator(config.auth.authenticator);
    this.consumers = { metrics: { consume: async (batch) => this.#take(batch) } };
    host.meter
      .createObservableGauge("dbintel_exporter_prometheus_series", { description: "Series served", unit: "{series}" })
      .addCallback((result) => result.observe(this.#families.size));
  }

  async start(): Promise<void> {
    if (this.#running !== undefined) return;
    const { endpoint, tls: settings, metric_expiration: expirationMs } = this.#config;
    const { clock, logger } = this.#host;
    const tls = settings === undefined ? undefined : await ServerTls.load(settings);
    const options = { headersTimeout: requestTimeoutMs, requestTimeout: requestTimeoutMs, maxHeaderSize: 16_384 };
    const secure = tls && createSecureServer({ ...options, ...tls.options });
    const server = secure ?? createServer(options);
    server.maxConnections = mostConnections;
    server.on("request", (request, response) => void this.#answer(request, response));
    const address = await listen(server, { address: endpoint, setting: "endpoint of prometheus" });
    server.on("error", (error) => logger.warn({ error }, "a connection could not be accepted"));
    const expire = every(clock, Math.min(expirationMs, 60_000), () => this.#expire());
    const reload = secure && tls?.follow(secure, this.#host);
    this.#running = { server, timers: reload === undefined ? [expire] : [expire, reload] };
    logger.info({ endpoint: formatHostPort(address), path: this.#config.path }, "serving metrics for Prometheus");
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    for (const timer of running.timers) timer.cancel();
    const { promise, resolve } = Promise.withResolvers<void>();
    running.server.close(() => resolve());
    running.server.closeAllConnections();
    await promise;
  }

  /** A point that cannot be served is dropped, with the reason; the others count as sent. */
  #take(batch: Metrics): void {
    if (this.#running === undefined) {
      throw new RefusedError("the exporter is not running", { code: "DBI_SHUTTING_DOWN" });
    }
    const { namespace, const_labels: constant, add_metric_suffixes: suffixes } = this.#config;
    const resource = this.#config.resource_to_telemetry_conversion.enabled;
    const labelOptions = { constant, scope: !this.#config.without_scope_info, resource };
    const nowMs = this.#host.clock.monotonicMs();
    for (const point of batch.points()) {
      const rejection = this.#families.take({
        point,
        name: metricName(point.metric, { namespace, suffixes }),
        labels: seriesLabels(point, labelOptions),
        nowMs,
      });
      if (rejection !== undefined) point.drop(rejection);
    }
    if (!resource) for (const each of batch.resources()) this.#targets.see(each.attributes, constant, nowMs);
    this.#host.accounting.sent("metrics", batch.count);
  }

  #expire(): void {
    const nowMs = this.#host.clock.monotonicMs();
    this.#families.expire(nowMs);
    this.#targets.expire(nowMs);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const admitted = (await this.#authenticator?.admits((name) => headerOf(request, name))) ?? true;
      if (!admitted) {
        response.writeHead(401, { "www-authenticate": this.#authenticator?.challenge ?? "" }).end();
      } else if (request.method !== "GET" && request.method !== "HEAD") {
        response.writeHead(405, { allow: "GET, HEAD" }).end();
      } else if (request.url?.split("?", 1)[0] !== this.#config.path) {
        response.writeHead(404).end();
      } else {
        await this.#serve(request, response);
      }
    } catch (error) {
      this.#host.logger.error({ error }, "metrics could not be served");
      response.destroy();
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#expire();
    const format: Format =
      this.#config.enable_open_metrics && headerOf(request, "accept")?.includes("application/openmetrics-text")
        ? "openMetrics"
        : "text";
    const options = { format, timestamps: this.#config.send_timestamps };
    const text = [...exposition(this.#families.all(), this.#targets.all(), options)].join("");
    const zipped = headerOf(request, "accept-encoding")?.includes("gzip") ?? false;
    const body = zipped ? await gzipAsync(text, { level: 1 }) : Buffer.from(text);
    const encoding = zipped ? { "content-encoding": "gzip" } : {};
    response.writeHead(200, { "content-type": contentTypes[format], "content-length": body.length, ...encoding });
    response.end(request.method === "HEAD" ? undefined : body);
  }
}
