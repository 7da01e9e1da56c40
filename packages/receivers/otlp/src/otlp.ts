import type { IncomingMessage, ServerResponse } from "node:http";
import { formatHostPort, type HostPort } from "@dbintel/config";
import type { Component, Consumers, Host } from "@dbintel/pipeline";
import type { OtlpConfig } from "./config.ts";
import { GrpcExchange } from "./grpc/exchange.ts";
import { GrpcListener } from "./grpc/listener.ts";
import type { GrpcSettings } from "./grpc/settings.ts";
import { HttpExchange } from "./http/exchange.ts";
import { HttpListener } from "./http/listener.ts";
import type { HttpSettings } from "./http/settings.ts";
import { Intake } from "./intake.ts";

/** One protocol that is served. */
interface Service {
  readonly address: HostPort;
  /** Listens no more and resolves when all is answered; at the deadline what is left is aborted and cut off. */
  close(signal: AbortSignal): Promise<void>;
}

/** The receiver `otlp`: a server for each protocol, for all signals whose pipelines name it. */
export class OtlpReceiver implements Component {
  readonly #id: string;
  readonly #config: OtlpConfig;
  readonly #host: Host;
  readonly #intake: Intake;
  #running: readonly Service[] = [];

  constructor(args: {
    readonly id: string;
    readonly config: OtlpConfig;
    readonly host: Host;
    readonly next: Consumers;
  }) {
    this.#id = args.id;
    this.#config = args.config;
    this.#host = args.host;
    this.#intake = new Intake(args);
  }

  async start(): Promise<void> {
    if (this.#running.length > 0) return;
    const { http, grpc } = this.#config.protocols;
    try {
      if (http !== undefined) this.#serve("HTTP", http, await this.#openHttp(http));
      if (grpc !== undefined) this.#serve("gRPC", grpc, await this.#openGrpc(grpc));
    } catch (error) {
      await this.stop({ signal: AbortSignal.abort(error) });
      throw error;
    }
  }

  /** Stops listening and lets running requests finish; at the deadline they are aborted and their connections closed. */
  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const running = this.#running;
    this.#running = [];
    await Promise.all(running.map((service) => service.close(signal)));
  }

  #serve(protocol: string, settings: HttpSettings | GrpcSettings, service: Service): void {
    const { logger } = this.#host;
    this.#running = [...this.#running, service];
    if (settings.include_metadata) {
      const setting = `protocols.${protocol.toLowerCase()}.include_metadata`;
      logger.warn({}, `${setting} has no effect: client metadata is not kept`);
    }
    const endpoint = formatHostPort(service.address);
    logger.info({ endpoint, tls: settings.tls !== undefined }, `listening for OTLP/${protocol}`);
  }

  async #openHttp(settings: HttpSettings): Promise<Service> {
    const exchange = new HttpExchange({ id: this.#id, host: this.#host, settings, intake: this.#intake });
    const handler = (request: IncomingMessage, response: ServerResponse) => exchange.handle(request, response);
    const listener = await HttpListener.open(settings, handler, this.#host);
    const close = (signal: AbortSignal) => {
      const finished = exchange.close();
      return abortedWith(signal, exchange, listener.close(finished, signal));
    };
    return { address: listener.address, close };
  }

  async #openGrpc(settings: GrpcSettings): Promise<Service> {
    const exchange = new GrpcExchange({ id: this.#id, host: this.#host, settings, intake: this.#intake });
    const listener = await GrpcListener.open(settings, exchange.server, this.#host);
    const close = (signal: AbortSignal) => {
      exchange.close();
      return abortedWith(signal, exchange, listener.close(signal));
    };
    return { address: listener.address, close };
  }
}

/** Waits for the end of a listener; at the deadline the pipeline hears that nobody waits for its answers any more. */
async function abortedWith(
  signal: AbortSignal,
  exchange: { abort(reason: unknown): void },
  closed: Promise<void>,
): Promise<void> {
  const abort = () => exchange.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  await closed;
  signal.removeEventListener("abort", abort);
}
