import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { formatHostPort } from "@dbintel/config";
import { TextScrubber } from "@dbintel/pii";
import type { Component, Host } from "@dbintel/pipeline";
import { closeServer, isLoopback, listen } from "@dbintel/pipeline/listen";
import { type Answer, readiness, statusReport } from "./answers.ts";
import type { HealthCheckConfig } from "./config.ts";

/** Serves readiness and component states. It reads the state of the collector at each request and keeps none itself. */
export class HealthCheck implements Component {
  readonly #config: HealthCheckConfig;
  readonly #host: Host;
  #server: Server | undefined;
  #texts: TextScrubber | undefined;
  #startedUnixNano = 0n;

  constructor(config: HealthCheckConfig, host: Host) {
    this.#config = config;
    this.#host = host;
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#server !== undefined) return;
    const { endpoint } = this.#config;
    const { logger } = this.#host;
    // Probes are small and short: whoever takes longer over one is not a probe.
    const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000, maxHeaderSize: 8192 });
    server.maxConnections = 200;
    server.on("request", (request, response) => this.#answer(request, response));
    const address = formatHostPort(await listen(server, { address: endpoint, setting: "endpoint of health_check" }));
    server.on("error", (error) => logger.warn({ error }, "a connection could not be accepted"));
    this.#server = server;
    this.#startedUnixNano = this.#host.clock.unixNano();
    if (!isLoopback(endpoint)) {
      logger.warn({ endpoint: address }, "health_check is reachable from other machines without authentication");
    }
    logger.info({ endpoint: address }, "answering health checks");
  }

  /** Whoever has asked is answered. */
  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    await closeServer(server, { clock: this.#host.clock, signal });
  }

  /** Made when it is first needed: probes alone never do. */
  get #scrubber(): TextScrubber {
    this.#texts ??= new TextScrubber();
    return this.#texts;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { status, body } = this.#route(request);
    const type = body.startsWith("{") ? "application/json" : "text/plain; charset=utf-8";
    const allow = status === 405 ? { allow: "GET, HEAD" } : {};
    const last = this.#server === undefined ? { connection: "close" } : {};
    const length = Buffer.byteLength(body);
    response.writeHead(status, { "content-type": type, "content-length": length, ...allow, ...last });
    response.end(request.method === "HEAD" ? undefined : body);
  }

  #route(request: IncomingMessage): Answer {
    const { path, response_body: bodies, status } = this.#config;
    if (request.method !== "GET" && request.method !== "HEAD") return { status: 405, body: "" };
    const [pathname, query] = (request.url ?? "/").split("?", 2);
    const { collector, clock } = this.#host;
    if (status.enabled && pathname === status.path) {
      const verbose = new URLSearchParams(query).has("verbose");
      return statusReport(collector, { verbose, scrubber: this.#scrubber });
    }
    if (pathname !== path) return { status: 404, body: "" };
    return readiness(collector, { bodies, startedUnixNano: this.#startedUnixNano, nowUnixNano: clock.unixNano() });
  }
}
