import type { IncomingMessage, ServerResponse } from "node:http";
import type { Component, Consumers, Host } from "@dbintel/pipeline";
import { formatAddress } from "@dbintel/pipeline/listen";
import type { OtlpConfig } from "./config.ts";
import { Exchange } from "./exchange.ts";
import { Listener } from "./listener.ts";

/** The receiver `otlp`: one server for all signals whose pipelines name it. */
export class OtlpReceiver implements Component {
  readonly #id: string;
  readonly #config: OtlpConfig;
  readonly #host: Host;
  readonly #next: Consumers;
  #running: { readonly exchange: Exchange; readonly listener: Listener } | undefined;

  constructor(args: {
    readonly id: string;
    readonly config: OtlpConfig;
    readonly host: Host;
    readonly next: Consumers;
  }) {
    this.#id = args.id;
    this.#config = args.config;
    this.#host = args.host;
    this.#next = args.next;
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {
    const { http: settings } = this.#config.protocols;
    if (this.#running !== undefined || settings === undefined) return;
    this.#warn();
    const exchange = new Exchange({ id: this.#id, host: this.#host, settings, next: this.#next });
    const handler = (request: IncomingMessage, response: ServerResponse) => exchange.handle(request, response);
    const listener = await Listener.open(settings, handler, this.#host.logger);
    this.#running = { exchange, listener };
    const endpoint = formatAddress(listener.address);
    this.#host.logger.info({ endpoint, tls: settings.tls !== undefined }, "listening for OTLP/HTTP");
  }

  /** Stops listening and lets running requests finish; at the deadline they are aborted and their connections closed. */
  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    const { exchange, listener } = running;
    const finished = exchange.close();
    const abort = () => exchange.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    await listener.close(finished, signal);
    signal.removeEventListener("abort", abort);
  }

  #warn(): void {
    const { http } = this.#config.protocols;
    const { logger } = this.#host;
    if ("grpc" in this.#config.protocols) {
      logger.warn({}, "protocols.grpc is ignored: OTLP over gRPC is not available yet; OTLP/HTTP is served");
    }
    if (http?.include_metadata === true) {
      logger.warn({}, "protocols.http.include_metadata has no effect: client metadata is not kept");
    }
  }
}
