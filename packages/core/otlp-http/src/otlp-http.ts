import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import {
  createDelivery,
  type Delivery,
  type Sender,
  type SendOptions,
  ServerWarnings,
  secretsIn,
} from "@dbintel/delivery";
import { RetryableError } from "@dbintel/errors";
import { type Batch, type Signal, signals } from "@dbintel/pdata";
import {
  type ClientAuthenticator,
  type Component,
  type Consumers,
  type Host,
  type Timer,
  TlsFiles,
} from "@dbintel/pipeline";
import type { OtlpHttpConfig } from "./config.ts";
import { type Endpoint, endpointOf, isLoopback, queryValues } from "./endpoint.ts";
import { payloadOf } from "./payload.ts";
import { post } from "./post.ts";
import { verdictOf } from "./verdict.ts";

/** An idle connection is closed after this long; Go's `idle_conn_timeout`. */
const idleTimeoutMs = 90_000;

/** The connections of one life of the exporter. */
interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  /** Looks for new certificates. */
  readonly following: Timer;
}

export interface OtlpHttpArgs {
  readonly id: string;
  readonly config: OtlpHttpConfig;
  readonly host: Host;
  /**
   * The most bytes of a request before compression that the destination is known to take: larger ones are cut as after
   * the answer 413, without asking. Default: no limit.
   */
  readonly maxRequestBytes?: number | undefined;
}

/** Sends OTLP over HTTP: one POST a request, over connections that stay open. */
export class OtlpHttp implements Component, Sender {
  readonly consumers: Consumers;
  readonly #config: OtlpHttpConfig;
  readonly #host: Host;
  readonly #delivery: Delivery;
  readonly #endpoints: ReadonlyMap<Signal, Endpoint>;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #secrets: readonly string[];
  readonly #authenticator: ClientAuthenticator | undefined;
  readonly #warnings: ServerWarnings;
  readonly #maxRequestBytes: number | undefined;
  #agents: Agents | undefined;

  constructor({ id, config, host, maxRequestBytes }: OtlpHttpArgs) {
    this.#config = config;
    this.#host = host;
    this.#maxRequestBytes = maxRequestBytes;
    this.#delivery = createDelivery({ id, host, config, sender: this });
    this.#endpoints = new Map(
      signals.flatMap((signal) => {
        const endpoint = endpointOf(config, signal);
        return endpoint === undefined ? [] : [[signal, endpoint] as const];
      }),
    );
    this.consumers = Object.fromEntries(
      [...this.#endpoints.keys()].map((signal) => [signal, this.#delivery.consumers[signal]]),
    );
    const values = Object.entries(config.headers).map(([name, value]) => [name.toLowerCase(), value.reveal()] as const);
    this.#headers = { "user-agent": `${host.build.name}/${host.build.version}`, ...Object.fromEntries(values) };
    const queries = [...this.#endpoints.values()].flatMap(({ url }) => queryValues(url));
    this.#secrets = [...values.map(([, value]) => value), ...queries].flatMap(secretsIn);
    this.#warnings = new ServerWarnings(host.logger);
    this.#authenticator = config.auth && host.extensions.clientAuthenticator(config.auth.authenticator);
  }

  async start(): Promise<void> {
    if (this.#agents !== undefined) return;
    const { insecure_skip_verify: unverified, server_name_override: servername } = this.#config.tls;
    const files = await TlsFiles.load(this.#config.tls);
    const tls = {
      ...files.options,
      rejectUnauthorized: !unverified,
      ...(servername === undefined ? {} : { servername }),
    };
    const { enabled, num_consumers: senders } = this.#config.sending_queue;
    const maxSockets = enabled ? senders * signals.length : Number.POSITIVE_INFINITY;
    const options = { keepAlive: true, maxSockets, timeout: idleTimeoutMs };
    const https = new HttpsAgent({ ...options, ...tls });
    // Connections are pooled by what they were made with: one with the old certificate carries nothing new.
    const following = files.follow(this.#host, (next) => Object.assign(https.options, next));
    this.#agents = { http: new HttpAgent(options), https, following };
    this.#warnOfPlainHeaders();
    await this.#delivery.start({ signal: new AbortController().signal });
  }

  async stop(options: { readonly signal: AbortSignal }): Promise<void> {
    await this.#delivery.stop(options);
    this.#agents?.following.cancel();
    this.#agents?.http.destroy();
    this.#agents?.https.destroy();
    this.#agents = undefined;
  }

  held(signal: Signal): number {
    return this.#delivery.held(signal);
  }

  async send(batch: Batch, { signal }: SendOptions): Promise<void> {
    const endpoint = this.#endpoints.get(batch.signal);
    const agents = this.#agents;
    if (endpoint === undefined || agents === undefined) {
      throw new RetryableError("the exporter has not been started");
    }
    const { url, label } = endpoint;
    const { body, headers } = await payloadOf(batch, this.#config, this.#maxRequestBytes);
    signal.throwIfAborted();
    const agent = url.protocol === "https:" ? agents.https : agents.http;
    const credentials = this.#authenticator?.credentials() ?? {};
    const answer = await post({
      ...{ url, label, body, agent, signal },
      headers: { ...this.#headers, ...credentials, ...headers },
    });
    const verdict = verdictOf({
      answer,
      signal: batch.signal,
      label,
      encoding: this.#config.encoding === "json" ? "json" : "protobuf",
      nowUnixNano: this.#host.clock.unixNano(),
      secrets: [...this.#secrets, ...Object.values(credentials).flatMap(secretsIn)],
    });
    if (verdict.kind === "failed") throw verdict.error;
    if (verdict.warning !== undefined) this.#warnings.log(batch.signal, verdict.warning);
  }

  destinationOf(signal: Signal): string {
    return this.#endpoints.get(signal)?.label ?? `no endpoint for ${signal}`;
  }

  #warnOfPlainHeaders(): void {
    if (Object.keys(this.#config.headers).length === 0 && this.#authenticator === undefined) return;
    for (const { url, label } of this.#endpoints.values()) {
      if (url.protocol === "https:" || isLoopback(url)) continue;
      this.#host.logger.warn({ endpoint: label }, "headers, which may hold keys, travel unencrypted: use https://");
    }
  }
}
