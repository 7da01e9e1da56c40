import { createSecureContext, type SecureContextOptions } from "node:tls";
import {
  createDelivery,
  type Delivery,
  type Sender,
  type SendOptions,
  ServerWarnings,
  secretsIn,
} from "@dbintel/delivery";
import { RetryableError } from "@dbintel/errors";
import type { Batch, Signal } from "@dbintel/pdata";
import {
  type ClientAuthenticator,
  type Component,
  type Consumers,
  type Host,
  type Timer,
  TlsFiles,
} from "@dbintel/pipeline";
import { type ChannelCredentials, type ChannelOptions, compressionAlgorithms, credentials } from "@grpc/grpc-js";
import type { OtlpGrpcConfig } from "./config.ts";
import { ExportClient } from "./export-client.ts";
import { parseTarget, type Target } from "./target.ts";
import { verdictOf } from "./verdict.ts";

/** A connection that carried no call for this long is closed, as that of Go's client is. */
const idleTimeoutMs = 30 * 60_000;

/** Sends OTLP over gRPC: one call a request, over a connection that stays open. */
export class OtlpGrpc implements Component, Sender {
  readonly consumers: Consumers;
  readonly #config: OtlpGrpcConfig;
  readonly #host: Host;
  readonly #delivery: Delivery;
  readonly #target: Target;
  readonly #secure: boolean;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #authenticator: ClientAuthenticator | undefined;
  readonly #warnings: ServerWarnings;
  #client: ExportClient | undefined;
  /** Looks for new certificates. */
  #following: Timer | undefined;

  constructor({ id, config, host }: { readonly id: string; readonly config: OtlpGrpcConfig; readonly host: Host }) {
    this.#config = config;
    this.#host = host;
    this.#delivery = createDelivery({ id, host, config, sender: this });
    this.consumers = this.#delivery.consumers;
    this.#target = targetOf(config);
    this.#secure = this.#target.secure ?? !config.tls.insecure;
    const headers = Object.entries(config.headers).map(
      ([name, value]) => [name.toLowerCase(), value.reveal()] as const,
    );
    this.#headers = Object.fromEntries(headers);
    this.#authenticator = config.auth && host.extensions.clientAuthenticator(config.auth.authenticator);
    this.#warnings = new ServerWarnings(host.logger);
  }

  async start(): Promise<void> {
    if (this.#client !== undefined) return;
    if (this.#secure) {
      const files = await TlsFiles.load(this.#config.tls);
      this.#connect(this.#encrypted(files.options));
      this.#following = files.follow(this.#host, (next) => this.#connect(this.#encrypted(next)));
    } else {
      this.#connect(credentials.createInsecure());
    }
    this.#warnOfPlainHeaders();
    await this.#delivery.start({ signal: new AbortController().signal });
  }

  async stop(options: { readonly signal: AbortSignal }): Promise<void> {
    await this.#delivery.stop(options);
    this.#following?.cancel();
    this.#client?.close();
    this.#client = undefined;
  }

  held(signal: Signal): number {
    return this.#delivery.held(signal);
  }

  async send(batch: Batch, { signal }: SendOptions): Promise<void> {
    const client = this.#client;
    if (client === undefined) throw new RetryableError("the exporter has not been started");
    const headers = { ...this.#headers, ...this.#authenticator?.credentials() };
    const answer = await client.export({ signal: batch.signal, message: batch.encode(), headers, ends: signal });
    const verdict = verdictOf(answer, {
      signal: batch.signal,
      label: this.#target.address,
      secrets: Object.values(headers).flatMap(secretsIn),
    });
    if (verdict.kind === "failed") throw verdict.error;
    if (verdict.warning !== undefined) this.#warnings.log(batch.signal, verdict.warning);
  }

  destinationOf(): string {
    return this.#target.address;
  }

  /** Calls from now on go over new connections; those under way end on the old ones. */
  #connect(security: ChannelCredentials): void {
    this.#client?.retire();
    this.#client = new ExportClient(this.#target.address, security, this.#options());
  }

  #encrypted(files: SecureContextOptions): ChannelCredentials {
    const rejectUnauthorized = !this.#config.tls.insecure_skip_verify;
    return credentials.createFromSecureContext(createSecureContext(files), { rejectUnauthorized });
  }

  #options(): ChannelOptions {
    const { compression, keepalive, balancer_name: balancer, authority, tls } = this.#config;
    const { name, version } = this.#host.build;
    return {
      "grpc.primary_user_agent": `${name}/${version}`,
      "grpc.client_idle_timeout_ms": idleTimeoutMs,
      // The limit of a message is the server's; ours is the batch size.
      "grpc.max_send_message_length": -1,
      "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ [balancer]: {} }] }),
      // Tried again by the delivery alone, which keeps account of it.
      "grpc.enable_retries": 0,
      ...(compression === "gzip" ? { "grpc.default_compression_algorithm": compressionAlgorithms.gzip } : {}),
      ...(keepalive.time === 0 ? {} : { "grpc.keepalive_time_ms": keepalive.time }),
      "grpc.keepalive_timeout_ms": keepalive.timeout,
      "grpc.keepalive_permit_without_calls": keepalive.permit_without_stream ? 1 : 0,
      ...(authority === undefined ? {} : { "grpc.default_authority": authority }),
      ...(tls.server_name_override === undefined ? {} : { "grpc.ssl_target_name_override": tls.server_name_override }),
    };
  }

  #warnOfPlainHeaders(): void {
    if (this.#secure || this.#target.loopback) return;
    if (Object.keys(this.#headers).length === 0 && this.#authenticator === undefined) return;
    const fields = { endpoint: this.#target.address };
    this.#host.logger.warn(fields, "headers, which may hold keys, travel unencrypted: use TLS");
  }
}

function targetOf({ endpoint }: OtlpGrpcConfig): Target {
  const target = parseTarget(endpoint);
  // The schema has accepted it.
  return "problem" in target ? { address: endpoint, secure: undefined, loopback: false } : target;
}
