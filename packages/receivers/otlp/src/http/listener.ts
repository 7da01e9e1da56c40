import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Duplex } from "node:stream";
import type { HostPort } from "@dbintel/config";
import { DbintelError } from "@dbintel/errors";
import type { Logger } from "@dbintel/pipeline";
import { listen } from "@dbintel/pipeline/listen";
import type { HttpSettings, TlsSettings } from "./config.ts";

/** Handles a request; never rejects. */
type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A listening HTTP or HTTPS server with bounds on connections and on how long they may say nothing. */
export class Listener {
  /** Where it listens: with the port that was chosen when the configured one is 0. */
  readonly address: HostPort;
  readonly #server: Server;

  private constructor(server: Server, address: HostPort) {
    this.#server = server;
    this.address = address;
  }

  /** Resolves when the server listens. Rejects with `DBI_LISTEN` or, for a certificate that cannot be read, `DBI_FILE`. */
  static async open(settings: HttpSettings, handler: Handler, logger: Logger): Promise<Listener> {
    const server = await create(settings);
    server.maxConnections = settings.max_connections;
    const handle = (request: IncomingMessage, response: ServerResponse) => void handler(request, response);
    server.on("request", handle);
    // Without this listener Node invites the body before anybody has looked at its length.
    server.on("checkContinue", handle);
    server.on("clientError", onClientError);
    const address = await listen(server, { address: settings.endpoint, setting: "protocols.http.endpoint" });
    server.on("error", (error) => logger.warn({ error }, "a connection could not be accepted"));
    return new Listener(server, address);
  }

  /** Stops listening, and closes every connection when `finished` resolves or `signal` is aborted. */
  async close(finished: Promise<void>, signal: AbortSignal): Promise<void> {
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

async function create(settings: HttpSettings): Promise<Server> {
  const headersTimeout = Math.ceil(settings.read_header_timeout);
  const options: ServerOptions = {
    headersTimeout,
    // The body's deadline is the exchange's, which answers in the encoding of the request.
    requestTimeout: 0,
    keepAliveTimeout: Math.ceil(settings.idle_timeout),
    connectionsCheckingInterval:
      headersTimeout === 0 ? 5000 : Math.min(Math.max(Math.ceil(headersTimeout / 2), 50), 5000),
  };
  return settings.tls === undefined
    ? createServer(options)
    : createSecureServer({ ...options, ...(await secure(settings.tls)) });
}

async function secure(tls: TlsSettings) {
  const [cert, key, ca] = await Promise.all([
    pem("cert_file", tls.cert_file),
    pem("key_file", tls.key_file),
    tls.client_ca_file === undefined ? undefined : pem("client_ca_file", tls.client_ca_file),
  ]);
  const clients = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true };
  return { cert, key, minVersion: `TLSv${tls.min_version}` as const, ...clients };
}

async function pem(setting: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new DbintelError(`tls.${setting}: ${(cause as Error).message}`, {
      code: "DBI_FILE",
      hint: "Name a PEM file that the collector's user may read.",
      cause,
    });
  }
}

/** Bytes that are no HTTP, or headers that never come: there is no request whose encoding an answer could have. */
function onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = clientErrors[error.code ?? ""] ?? "400 Bad Request";
  const body = JSON.stringify({ code: 3, message: `not a valid HTTP request: ${error.message}` });
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

const clientErrors: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};
