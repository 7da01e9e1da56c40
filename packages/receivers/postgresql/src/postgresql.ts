import type { Signal } from "@dbintel/pdata";
import type { Component, Consumers, Host } from "@dbintel/pipeline";
import { breakerSettings, ServerWatch } from "@dbintel/watching";
import { type PostgresqlConfig, settingsWithoutEffect } from "./config.ts";
import { watchedDatabase } from "./connection/problems.ts";
import { parts } from "./parts.ts";
import { problemContext, watchedServer } from "./server.ts";

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
    const [config, host, next] = [this.#config, this.#host, this.#next];
    const { initial_delay: initialDelay, timeout } = config;
    const watched = watchedDatabase(problemContext(config));
    const breaker = breakerSettings(config.circuit_breaker);
    const watch = new ServerWatch({ host, next, watched, breaker, initialDelay, timeout });
    const server = await watchedServer({ config, host, next, watch });
    for (const part of parts) part(server);
    return watch;
  }
}
