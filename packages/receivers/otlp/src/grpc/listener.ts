import { createServer, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { HostPort } from "@dbintel/config";
import type { Host, Timer } from "@dbintel/pipeline";
import { listen, ServerTls } from "@dbintel/pipeline/listen";
import { type ConnectionInjector, type Server, ServerCredentials } from "@grpc/grpc-js";
import type { GrpcSettings } from "./settings.ts";

/**
 * A socket that listens for gRPC. It is ours and not the library's, so that connections are bounded, a port in use is
 * told as everywhere else, and certificates are followed when their files change.
 */
export class GrpcListener {
  /** Where it listens: with the port that was chosen when the configured one is 0. */
  readonly address: HostPort;
  readonly #socket: NetServer;
  readonly #injector: ConnectionInjector;
  readonly #reload: Timer | undefined;
  readonly #connections: ReadonlySet<Socket>;

  private constructor(args: {
    readonly socket: NetServer;
    readonly address: HostPort;
    readonly injector: ConnectionInjector;
    readonly reload: Timer | undefined;
    readonly connections: ReadonlySet<Socket>;
  }) {
    this.address = args.address;
    this.#socket = args.socket;
    this.#injector = args.injector;
    this.#reload = args.reload;
    this.#connections = args.connections;
  }

  /** Resolves when the server listens. Rejects with `DBI_LISTEN` or, for a certificate that cannot be read, `DBI_FILE`. */
  static async open(settings: GrpcSettings, server: Server, host: Host): Promise<GrpcListener> {
    const tls = settings.tls === undefined ? undefined : await ServerTls.load(settings.tls);
    // TLS ends at our socket: what the library is handed is plain HTTP/2 either way.
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    const connections = new Set<Socket>();
    const accept = (connection: Socket) => {
      connections.add(connection);
      connection.once("close", () => connections.delete(connection));
      connection.on("error", () => connection.destroy());
      injector.injectConnection(connection);
    };
    const secure = tls && createTlsServer({ ...tls.options, ALPNProtocols: ["h2"] }, accept);
    const socket = secure ?? createServer(accept);
    socket.maxConnections = settings.max_connections;
    const address = await listen(socket, { address: settings.endpoint, setting: "protocols.grpc.endpoint" });
    socket.on("error", (error) => host.logger.warn({ error }, "a connection could not be accepted"));
    const reload = secure && tls?.follow(secure, host);
    return new GrpcListener({ socket, address, injector, reload, connections });
  }

  /**
   * Stops listening and tells senders to go elsewhere. A connection is closed when its calls are answered; all are when
   * `signal` is aborted.
   */
  async close(signal: AbortSignal): Promise<void> {
    this.#reload?.cancel();
    const closed = new Promise<void>((resolve) => {
      this.#socket.close(() => resolve());
    });
    const cut = () => {
      for (const connection of this.#connections) connection.destroy();
    };
    this.#injector.destroy();
    if (signal.aborted) cut();
    else signal.addEventListener("abort", cut, { once: true });
    await closed;
    signal.removeEventListener("abort", cut);
  }
}
