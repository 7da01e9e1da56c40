import { feedback } from "@dbintel/feedback";
import { breakers } from "@dbintel/guard";
import type { Signal } from "@dbintel/pdata";
import type { Component, Consumers, Host } from "@dbintel/pipeline";
import { createPoller, type Poller, ProblemBoard } from "@dbintel/polling";
import { BreakerWatch, breakerGate, breakerSettings, guardedPoll, parseEndpoint, tlsOptions } from "@dbintel/watching";
import { type MysqlConfig, settingsWithoutEffect } from "./config.ts";
import { KnownServer } from "./connection/capabilities.ts";
import { type ConnectionSettings, DatabaseConnection } from "./connection/connection.ts";
import { watchedDatabase } from "./connection/problems.ts";
import { MetricPoll } from "./metrics/metric-poll.ts";
import { StatementPoll } from "./statements/statement-poll.ts";
import { StatementSource } from "./statements/statement-source.ts";
import { topQueryEvent } from "./statements/top-query-events.ts";

/** An overload makes no interval longer than this: its end should not be seen much later than it comes. */
const longestStretchedMs = 300_000;

/**
 * Watches one server over two connections: one polls its status, the other the summary of statements, each at its own
 * interval. What is not wired into a pipeline is not asked for.
 */
export class MysqlReceiver implements Component {
  readonly #config: MysqlConfig;
  readonly #host: Host;
  readonly #next: Consumers;
  readonly #breakers: BreakerWatch;
  #pollers: Poller[] = [];
  #connections: DatabaseConnection[] = [];

  constructor(args: { readonly config: MysqlConfig; readonly host: Host; readonly next: Consumers }) {
    this.#config = args.config;
    this.#host = args.host;
    this.#next = args.next;
    this.#breakers = new BreakerWatch({
      host: args.host,
      watched: watchedDatabase(args.config),
      settings: breakerSettings(args.config.circuit_breaker),
    });
  }

  async start(): Promise<void> {
    if (this.#pollers.length > 0) return;
    for (const setting of settingsWithoutEffect(this.#config)) {
      this.#host.logger.warn({ setting }, `${setting} is accepted for compatibility and has no effect`);
    }
    const settings = await this.#connectionSettings();
    await this.#breakers.start();
    const problems = new ProblemBoard(this.#host);
    if (this.#next.metrics !== undefined) this.#pollMetrics(settings, problems);
    if (this.#next.logs !== undefined && this.#config.events[topQueryEvent].enabled) {
      this.#pollStatements(settings, problems);
    }
    for (const poller of this.#pollers) poller.start();
  }

  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    await Promise.all(this.#pollers.map((poller) => poller.stop({ signal })));
    await Promise.all(this.#connections.map((connection) => connection.close()));
    await this.#breakers.stop();
    this.#pollers = [];
    this.#connections = [];
  }

  held(signal: Signal): number {
    return this.#pollers.reduce((sum, poller) => sum + poller.held(signal), 0);
  }

  async #connectionSettings(): Promise<ConnectionSettings> {
    const config = this.#config;
    return {
      ...parseEndpoint(config.endpoint),
      username: config.username,
      password: config.password,
      tls: await tlsOptions(config.tls),
      statementTimeoutMs: config.statement_timeout,
      lockTimeoutMs: config.lock_timeout,
      gate: breakerGate(this.#host, watchedDatabase(config)),
    };
  }

  #pollMetrics(settings: ConnectionSettings, problems: ProblemBoard): void {
    const config = this.#config;
    const connection = new DatabaseConnection(settings);
    const poll = new MetricPoll({
      ...this.#common(),
      server: new KnownServer(connection),
      enabled: ({ name, enabled }) => config.metrics[name]?.enabled ?? enabled,
    });
    this.#connections.push(connection);
    this.#pollers.push(
      createPoller({
        ...this.#schedule(problems),
        name: "metrics",
        interval: config.collection_interval,
        // The status costs the server less than the summary of statements, so it is asked first when it recovers.
        poll: guardedPoll({ ...this.#guarded("metrics"), cheapest: true, source: connection, poll }),
        intervalFactor: () =>
          this.#stretch(config.collection_interval) * this.#host.shared(feedback).savings.metricsIntervalFactor,
      }),
    );
  }

  #pollStatements(settings: ConnectionSettings, problems: ProblemBoard): void {
    const { collection_interval: interval, top_query_count: limit } = this.#config.top_query_collection;
    const connection = new DatabaseConnection(settings);
    const source = new StatementSource(new KnownServer(connection), this.#host.clock);
    const poll = new StatementPoll({
      ...this.#common(),
      source,
      limit,
      reportsSchema: (schema) => reportsSchema(this.#config, schema),
    });
    this.#connections.push(connection);
    this.#pollers.push(
      createPoller({
        ...this.#schedule(problems),
        name: "statements",
        interval,
        poll: guardedPoll({
          ...this.#guarded("statements"),
          cheapest: this.#next.metrics === undefined,
          source: connection,
          poll,
        }),
        intervalFactor: () => this.#stretch(interval),
      }),
    );
  }

  #common() {
    const { endpoint, username, resource_attributes: attributes } = this.#config;
    const enabled = (name: string) => attributes[name]?.enabled ?? true;
    return { host: this.#host, instance: { ...parseEndpoint(endpoint), enabled }, context: { endpoint, username } };
  }

  #schedule(problems: ProblemBoard) {
    const { initial_delay: initialDelay, timeout } = this.#config;
    return { host: this.#host, next: this.#next, problems, initialDelay, timeout };
  }

  #guarded(collectorClass: string) {
    return { host: this.#host, watched: watchedDatabase(this.#config), collectorClass };
  }

  /** How many times longer an interval is while the server is overloaded. */
  #stretch(intervalMs: number): number {
    const { endpoint, database } = watchedDatabase(this.#config);
    const { whole, intervalFactor } = this.#host.shared(breakers).database(endpoint, database);
    // While it is not closed the breaker alone says when the server is asked: longer intervals would add to its delay.
    return whole.state === "closed" ? Math.min(intervalFactor, Math.max(1, longestStretchedMs / intervalMs)) : 1;
  }
}

/** Statements without a schema are left out only where schemas are named. */
function reportsSchema({ databases, exclude_databases: excluded }: MysqlConfig, schema: string | null): boolean {
  if (schema === null) return databases.length === 0;
  return !excluded.includes(schema) && (databases.length === 0 || databases.includes(schema));
}
