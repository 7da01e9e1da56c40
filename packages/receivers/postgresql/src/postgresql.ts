import { ServerPlatform } from "@dbintel/instances";
import type { Signal } from "@dbintel/pdata";
import type { Component, Consumers, Host } from "@dbintel/pipeline";
import { breakerGate, breakerSettings, parseEndpoint, ServerWatch, tlsOptions } from "@dbintel/watching";
import { type PostgresqlConfig, settingsWithoutEffect } from "./config.ts";
import { KnownServer } from "./connection/capabilities.ts";
import { type ConnectionSettings, DatabaseConnection } from "./connection/connection.ts";
import { platformTraits } from "./connection/platforms.ts";
import { watchedDatabase } from "./connection/problems.ts";
import { parts } from "./parts.ts";
import { instanceResource } from "./resource.ts";

/**
 * Watches one server over two connections: one polls the statistics views and the sessions, the other
 * pg_stat_statements, each at its own interval. What is not wired into a pipeline is not asked for.
 */
export class PostgresqlReceiver implements Component {
  readonly #config: PostgresqlConfig;
  readonly #host: Host;
  readonly #next: Consumers;
  #watch: ServerWatch | undefined;

  constructor(args: { readonly config: PostgresqlConfig; readonly host: Host; readonly next: Consumers }) {
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
    const { endpoint, username, connect_database: database, initial_delay: initialDelay, timeout } = config;
    const context = { endpoint, username, database };
    const watched = watchedDatabase(context);
    const settings = { ...(await connectionSettings(config)), gate: breakerGate(host, watched) };
    const platform = new ServerPlatform(config.platform);
    const views = new KnownServer(new DatabaseConnection(settings, database), endpoint, platform);
    const breaker = breakerSettings(config.circuit_breaker);
    const watch = new ServerWatch({ host, next: this.#next, watched, breaker, initialDelay, timeout });
    watch.closes(views.connection);
    const resource = instanceResource({
      ...parseEndpoint(endpoint),
      enabled: (name) => config.resource_attributes[name]?.enabled ?? true,
      platform,
    });
    const reports = {
      reportsDatabase: (name: string) => reportsDatabase(config, platform, name),
      reportsUser: (name: string) => !platformTraits(platform.current).users.includes(name),
    };
    const server = { host, next: this.#next, config, watch, settings, views, resource, platform, context, ...reports };
    for (const part of parts) part(server);
    return watch;
  }
}

function reportsDatabase(config: PostgresqlConfig, platform: ServerPlatform, name: string): boolean {
  if (config.exclude_databases.includes(name)) return false;
  const { databases: provided } = platformTraits(platform.current);
  return config.databases.length === 0 ? !provided.includes(name) : config.databases.includes(name);
}

async function connectionSettings(config: PostgresqlConfig): Promise<ConnectionSettings> {
  const { host, port } = parseEndpoint(config.endpoint);
  return {
    host: config.transport === "unix" && !host.startsWith("/") ? `/${host}` : host,
    port,
    username: config.username,
    password: config.password,
    tls: config.transport === "unix" ? false : await tlsOptions(config.tls),
    statementTimeoutMs: config.statement_timeout,
    lockTimeoutMs: config.lock_timeout,
  };
}
