import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo, Server, Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { type Batch, type Logs, logsBuilder } from "@dbintel/pdata";
import type { SettingsOf } from "@dbintel/pipeline";
import { createTestHost, settle, type TestHost } from "@dbintel/pipeline/testing";
import { otlpHttp } from "../src/index.ts";

export const never = new AbortController().signal;

/** A request as a server saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export type Behaviour = (seen: Seen) => Reply;

/** A real HTTP server on a free loopback port that keeps what it saw. */
export class TestServer implements AsyncDisposable {
  readonly seen: Seen[] = [];
  connections = 0;
  /** The names in the certificates that connections showed. */
  readonly clients: string[] = [];
  behaviour: Behaviour = () => ({});
  readonly #server: Server & { closeAllConnections(): void };
  readonly #scheme: "http" | "https";

  private constructor(tls: ServerOptions | undefined) {
    const handler = (request: IncomingMessage, response: ServerResponse) => void this.#handle(request, response);
    // Idle connections stay open, however slow the machine is.
    const options = { ...tls, keepAliveTimeout: 0 };
    this.#server = tls === undefined ? createServer(options, handler) : createTlsServer(options, handler);
    this.#scheme = tls === undefined ? "http" : "https";
    this.#server.on(tls === undefined ? "connection" : "secureConnection", (socket: Socket | TLSSocket) => {
      this.connections++;
      const subject = socket instanceof TLSSocket ? socket.getPeerCertificate().subject : undefined;
      if (typeof subject?.CN === "string") this.clients.push(subject.CN);
    });
  }

  static async listen(options: { readonly tls?: ServerOptions; readonly port?: number } = {}): Promise<TestServer> {
    const server = new TestServer(options.tls);
    server.#server.listen(options.port ?? 0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method = "", url = "", headers } = request;
    const seen = { method, url, headers, body: Buffer.concat(chunks) };
    this.seen.push(seen);
    const reply = this.behaviour(seen);
    response.writeHead(reply.status ?? 200, reply.headers);
    response.end(reply.body);
  }
}

/** Answers one after the other; the last one again and again. */
export function inOrder(...replies: readonly Reply[]): Behaviour {
  let index = 0;
  return () => replies[Math.min(index++, replies.length - 1)] ?? {};
}

/** Records whose bodies are `prefix`0, `prefix`1, … */
export function logs(count: number, prefix = "r", padding = 0): Logs {
  const builder = logsBuilder()
    .resource({ attributes: { "service.name": "test" } })
    .scope({ name: "test" });
  for (let index = 0; index < count; index++) builder.record({ body: `${prefix}${index}`.padEnd(padding, ".") });
  return builder.build();
}

export interface Exporter extends AsyncDisposable {
  readonly host: TestHost;
  readonly sent: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly held: number;
  start(): Promise<void>;
  consume(batch: Batch): Promise<void>;
  stop(signal?: AbortSignal): Promise<void>;
}

/** A started exporter on a fake clock: real sockets, but its timeouts and waits pass only when a test says so. */
export async function startExporter(
  config: SettingsOf<typeof otlpHttp>,
  extensions: ReadonlyMap<string, object> = new Map(),
): Promise<Exporter> {
  const host = createTestHost({ extensions });
  const configured = otlpHttp(config);
  const component = configured.definition.create({ id: "otlp_http", config: configured.config, host });
  const start = () => component.start({ signal: never });
  await start();
  const stop = (signal: AbortSignal = never) => component.stop({ signal });
  return {
    host,
    get sent() {
      return host.accounting.of("logs").sent;
    },
    get dropped() {
      return Object.fromEntries(host.accounting.of("logs").dropped);
    },
    get held() {
      return component.held?.("logs") ?? 0;
    },
    consume: async (batch) => {
      if (batch.signal === "logs") await component.consumers.logs?.consume(batch, { signal: never });
      else if (batch.signal === "metrics") await component.consumers.metrics?.consume(batch, { signal: never });
      else await component.consumers.traces?.consume(batch, { signal: never });
    },
    start,
    stop,
    [Symbol.asyncDispose]: () => stop(AbortSignal.abort()),
  };
}

/** Lets real I/O happen until the condition holds; the test's own timeout bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await settle();
}
