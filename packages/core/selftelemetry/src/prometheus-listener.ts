import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { formatHostPort } from "@dbintel/config";
import type { Logger } from "@dbintel/pipeline";
import { isLoopback, listen } from "@dbintel/pipeline/listen";
import type { PrometheusSettings } from "./config.ts";
import type { PullReader } from "./pull-reader.ts";

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
const contentType = "text/plain; version=0.0.4; charset=utf-8";

/** Serves what a reader collects as Prometheus text on `/metrics`. */
export class PrometheusListener {
  readonly #reader: PullReader;
  readonly #settings: PrometheusSettings;
  readonly #logger: Logger;
  readonly #server: Server;

  constructor(options: {
    readonly reader: PullReader;
    readonly settings: PrometheusSettings;
    readonly logger: Logger;
  }) {
    this.#reader = options.reader;
    this.#settings = options.settings;
    this.#logger = options.logger;
    this.#server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000, maxHeaderSize: 8192 });
    this.#server.maxConnections = 100;
    this.#server.on("request", (request, response) => void this.#answer(request, response));
    this.#server.unref();
  }

  /** Binds and resolves with `host:port`. Rejects with `DBI_LISTEN`. */
  async listen(): Promise<string> {
    const { host, port } = this.#settings;
    const setting = "service.telemetry.metrics.readers, or set service.telemetry.metrics.level to none";
    const endpoint = formatHostPort(await listen(this.#server, { address: { host, port }, setting }));
    this.#server.on("error", (error) => this.#logger.warn({ error }, "a connection could not be accepted"));
    if (!isLoopback({ host, port })) {
      this.#logger.warn(
        { endpoint },
        "the collector's own metrics are served to other machines without authentication",
      );
    }
    return endpoint;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  /** What a scrape would get. */
  async text(): Promise<string> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    for (const error of errors) this.#logger.warn({ error }, "a metric of the collector could not be read");
    // Loaded at the first scrape: nothing else needs the serializer, and loading it takes longer than a scrape.
    const { prometheusText } = await import("./prometheus-text.ts");
    return prometheusText(resourceMetrics, this.#settings);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.split("?", 1)[0] !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    try {
      response.writeHead(200, { "content-type": contentType }).end(await this.text());
    } catch (error) {
      this.#logger.error({ error }, "own metrics could not be collected");
      response.writeHead(500).end();
    }
  }
}
