import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Duplex } from "node:stream";
import type { HostPort } from "@dbintel/config";
import { encodeRpcStatus, type OtlpEncoding } from "@dbintel/pdata";
import type { Host, Timer } from "@dbintel/pipeline";
import { listen, ServerTls } from "@dbintel/pipeline/listen";
import { rpcCode } from "../failure.ts";
import { contentTypes, encodingOf } from "./media-type.ts";
import type { HttpSettings } from "./settings.ts";

/** Handles a request; never rejects. */
type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A listening HTTP or HTTPS server with bounds on connections and on how long they may say nothing. */
export class HttpListener {
  /** Where it listens: with the port that was chosen when the configured one is 0. */
  readonly address: HostPort;
  readonly #server: Server;
  readonly #reload: Timer | undefined;

  private constructor(args: {
    readonly server: Server;
    readonly address: HostPort;
    readonly reload: Timer | undefined;
  }) {
    this.#server = args.server;
    this.address = args.address;
    this.#reload = args.reload;
  }

  /** Resolves when the server listens. Rejects with `DBI_LISTEN` or, for a certificate that cannot be read, `DBI_FILE`. */
  static async open(settings: HttpSettings, handler: Handler, host: Host): Promise<HttpListener> {
    const tls = settings.tls === undefined ? undefined : await ServerTls.load(settings.tls);
    const options = serverOptions(settings);
    const secure = tls === undefined ? undefined : createSecureServer({ ...options, ...tls.options });
    const server = secure ?? createServer(options);
    server.maxConnections = settings.max_connections;
    const handle = (request: IncomingMessage, response: ServerResponse) => void handler(request, response);
    server.on("request", handle);
    // Without this listener Node invites the body before anybody has looked at its length.
    server.on("checkContinue", handle);
    server.on("clientError", onClientError);
    const address = await listen(server, { address: settings.endpoint, setting: "protocols.http.endpoint" });
    server.on("error", (error) => host.logger.warn({ error }, "a connection could not be accepted"));
    const reload = secure && tls?.follow(secure, host);
    return new HttpListener({ server, address, reload });
  }

  /** Stops listening, and closes every connection when `finished` resolves or `signal` is aborted. */
  async close(finished: Promise<void>, signal: AbortSignal): Promise<void> {
    this.#reload?.cancel();
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    const cut = () => this.#server.closeAllConnections();
    if (signal.aborted) cut();
    else signal.addEventListener("abort", cut, { once: true });
    // A connection that never sent a request is not idle for Node: without this it would keep the server open.
    void finished.then(cut);
    await closed;
    signal.removeEventListener("abort", cut);
  }
}

function serverOptions(settings: HttpSettings): ServerOptions {
  const headersTimeout = Math.ceil(settings.read_header_timeout);
  return {
    headersTimeout,
    // The body's deadline is the exchange's, which answers in the encoding of the request.
    requestTimeout: 0,
    keepAliveTimeout: Math.ceil(settings.idle_timeout),
    connectionsCheckingInterval:
      headersTimeout === 0 ? 5000 : Math.min(Math.max(Math.ceil(headersTimeout / 2), 50), 5000),
  };
}

/** What Node's parser throws: with the bytes that it stopped at. */
interface ClientError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer;
}

/** Bytes that are no HTTP, headers that are too long or never come: there is no request that could be handled. */
function onClientError(error: ClientError, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const [status, code] = clientErrors[error.code ?? ""] ?? ["400 Bad Request", rpcCode.invalidArgument];
  const encoding = writtenEncoding(error.rawPacket) ?? "json";
  const body = encodeRpcStatus({ code, message: `not a valid HTTP request: ${error.message}` }, encoding);
  const head = `Connection: close\r\nContent-Type: ${contentTypes[encoding]}\r\nContent-Length: ${body.length}`;
  socket.write(`HTTP/1.1 ${status}\r\n${head}\r\n\r\n`);
  socket.end(body);
}

const clientErrors: Readonly<Record<string, readonly [status: string, code: number]>> = {
  HPE_HEADER_OVERFLOW: ["431 Request Header Fields Too Large", rpcCode.resourceExhausted],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", rpcCode.deadlineExceeded],
};

/** The encoding that the headers name, as far as they came. */
function writtenEncoding(packet: Buffer | undefined): OtlpEncoding | undefined {
  const head = packet?.toString("latin1").split("\r\n\r\n", 1)[0] ?? "";
  return encodingOf(/^content-type:[ \t]*(.*)$/im.exec(head)?.[1]);
}
