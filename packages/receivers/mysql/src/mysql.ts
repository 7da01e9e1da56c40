import { ServerPlatform } from "@dbintel/instances";
import type { Signal } from "@dbintel/pdata";
import type { Component, Consumers, Host } from "@dbintel/pipeline";
import { breakerGate, breakerSettings, parseEndpoint, ServerWatch, tlsOptions } from "@dbintel/watching";
import { type MysqlConfig, settingsWithoutEffect } from "./config.ts";
import { KnownServer } from "./connection/capabilities.ts";
import { type ConnectionSettings, DatabaseConnection } from "./connection/connection.ts";
import { watchedDatabase } from "./connection/problems.ts";
import { parts } from "./parts.ts";

/**
 * Watches one server over two connections: one polls its status, the other the summary of statements, each at its own
 * interval. What is not wired into a pipeline is not asked for.
 */
export class MysqlReceiver implements Component {
  readonly #config: MysqlConfig;
  readonly #host: Host;
  readonly #next: Consumers;
  #watch: ServerWatch | undefined;

  constructor(args: { readonly config: MysqlConfig; readonly host: Host; readonly next: Consumers }) {
    this.#config = args.config;
    this.#host = args.host;
    this.#next = args.next;
  }

  async start(): Promise<void> {
    if (this.#watch !== undefined) return;
    const { logger } = this.#host;
    for (const setting of settingsWithoutEffect(this.#config)) {
      logger.warn({ setting }, `${setting} is accepted for compatibility and has no effect`);
    }
    this.#watch = await this.#watchServer();
    await this.#watch.start();
  }

  async stop(options: { readonly signal: AbortSignal }): Promise<void> {
    await this.#watch?.stop(options);
    this.#watch = undefined;
  }

  held(signal: Signal): number {
    return this.#watch?.held(signal) ?? 0;
  }

  async #watchServer(): Promise<ServerWatch> {
    const config = this.#config;
    const host = this.#host;
    const next = this.#next;
    const { endpoint, username, initial_delay: initialDelay, timeout, resource_attributes: attributes } = config;
    const watched = watchedDatabase(config);
    const settings = { ...(await connectionSettings(config)), gate: breakerGate(host, watched) };
    const platform = new ServerPlatform(config.platform);
    const status = new KnownServer(new DatabaseConnection(settings), platform);
    const breaker = breakerSettings(config.circuit_breaker);
    const watch = new ServerWatch({ host, next, watched, breaker, initialDelay, timeout });
    watch.closes(status.connection);
    const instance = { ...parseEndpoint(endpoint), enabled: (name: string) => attributes[name]?.enabled ?? true };
    const context = { endpoint, username };
    for (const part of parts) part({ host, next, config, watch, settings, status, instance, platform, context });
    return watch;
  }
}

async function connectionSettings(config: MysqlConfig): Promise<ConnectionSettings> {
  return {
    ...parseEndpoint(config.endpoint),
    username: config.username,
    password: config.password,
    tls: await tlsOptions(config.tls),
    statementTimeoutMs: config.statement_timeout,
    lockTimeoutMs: config.lock_timeout,
  };
}
