import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { formatHostPort } from "@dbintel/config";
import type { Component, Host, Timer } from "@dbintel/pipeline";
import { closeServer, listen, ServerTls } from "@dbintel/pipeline/listen";
import { type Answer, Refusal } from "./answer.ts";
import { AuditLog } from "./audit-log.ts";
import type { AdminConfig } from "./config.ts";
import { Gatekeeper } from "./gatekeeper.ts";
import { Routes } from "./routes.ts";
import { visitorOf } from "./visitor.ts";

/** Requests are small: headers of 8 KiB in ten seconds are more than any of them needs. */
const limits = { headersTimeout: 10_000, requestTimeout: 10_000, maxHeaderSize: 8192 };
const mostConnections = 200;

/** Everything that a start makes and a stop takes back. */
interface Service {
  readonly server: Server;
  readonly routes: Routes;
  readonly gatekeeper: Gatekeeper;
  readonly audit: AuditLog;
  readonly closing: AbortController;
  readonly certificates: Timer | undefined;
}

/** The HTTP server for those who operate the collector. */
export class Admin implements Component {
  readonly #config: AdminConfig;
  readonly #host: Host;
  #service: Service | undefined;

  constructor(config: AdminConfig, host: Host) {
    this.#config = config;
    this.#host = host;
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#service !== undefined) return;
    const {
      endpoint,
      tls: tlsSettings,
      audit: { file },
    } = this.#config;
    const { logger } = this.#host;
    const gatekeeper = new Gatekeeper(this.#config, this.#host);
    const tls = tlsSettings && (await ServerTls.load(tlsSettings));
    const audit = new AuditLog(this.#host, file);
    await audit.open();
    const closing = new AbortController();
    const routes = new Routes({ config: this.#config, host: this.#host, audit, closing: closing.signal });
    const secure = tls && createSecureServer({ ...limits, ...tls.options });
    const server = secure ?? createServer(limits);
    server.maxConnections = mostConnections;
    server.on("request", (request, response) => void this.#answer(request, response));
    try {
      const address = formatHostPort(await listen(server, { address: endpoint, setting: "endpoint of admin" }));
      server.on("error", (error) => logger.warn({ error }, "a connection could not be accepted"));
      logger.info({ endpoint: address, tls: tls !== undefined }, "the admin endpoint answers");
    } catch (error) {
      await audit.close();
      throw error;
    }
    const certificates = secure && tls?.follow(secure, this.#host);
    this.#service = { server, routes, gatekeeper, audit, closing, certificates };
  }

  /** Requests that came in are answered; taps end. */
  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const service = this.#service;
    if (service === undefined) return;
    service.certificates?.cancel();
    service.closing.abort();
    await closeServer(service.server, { clock: this.#host.clock, signal });
    this.#service = undefined;
    await service.audit.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer | undefined;
    try {
      answer = await this.#visit(request, response);
    } catch (error) {
      answer = error instanceof Refusal ? error.answer : this.#defect(error);
    }
    if (answer === undefined || response.headersSent) return;
    const { status, body, headers } = answer;
    const [text, type] =
      typeof body === "string" ? [body, "text/plain; charset=utf-8"] : [JSON.stringify(body), "application/json"];
    const last = this.#service === undefined || this.#service.closing.signal.aborted;
    response.writeHead(status, {
      "content-type": type,
      "content-length": Buffer.byteLength(text),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...(last ? { connection: "close" } : {}),
      ...headers,
    });
    response.end(request.method === "HEAD" ? undefined : text);
  }

  async #visit(request: IncomingMessage, response: ServerResponse): Promise<Answer | undefined> {
    const service = this.#service;
    if (service === undefined) throw new Refusal(503, "the endpoint is closing");
    const { routes, gatekeeper } = service;
    gatekeeper.checkWay(request);
    const url = URL.parse(request.url ?? "/", "http://localhost");
    if (url === null) throw new Refusal(400, "the target of the request is no URL");
    const route = Object.hasOwn(routes.byPath, url.pathname) ? routes.byPath[url.pathname] : undefined;
    // Strangers are not told which paths there are.
    if (route?.open !== true) await gatekeeper.admit(request);
    if (route === undefined) throw new Refusal(404, "there is nothing at this path");
    const method = request.method === "HEAD" ? "GET" : (request.method ?? "");
    const handle = Object.hasOwn(route.methods, method) ? route.methods[method] : undefined;
    if (handle === undefined) {
      const allow = Object.keys(route.methods).flatMap((name) => (name === "GET" ? ["GET", "HEAD"] : [name]));
      throw new Refusal(405, "this path does not take the method", { allow: allow.join(", ") });
    }
    return handle({ url, request, response, who: visitorOf(request) });
  }

  #defect(error: unknown): Answer {
    this.#host.logger.error({ error }, "a request to the admin endpoint could not be answered");
    return { status: 500, body: { error: "the collector could not answer; its log says why" } };
  }
}
