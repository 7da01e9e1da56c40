import { feedback } from "@dbintel/feedback";
import { breakers } from "@dbintel/guard";
import type { Signal } from "@dbintel/pdata";
import type { Component, Consumers, Host } from "@dbintel/pipeline";
import { createPoller, type Poller, type PollerOptions, ProblemBoard } from "@dbintel/polling";
import {
  BreakerWatch,
  breakerGate,
  breakerSettings,
  guardedPoll,
  type LastProblem,
  parseEndpoint,
  tlsOptions,
} from "@dbintel/watching";
import { ActivityPoll } from "./activity/activity-poll.ts";
import { querySampleEvent } from "./activity/sample-events.ts";
import { type PostgresqlConfig, settingsWithoutEffect } from "./config.ts";
import { KnownServer } from "./connection/capabilities.ts";
import { type ConnectionSettings, DatabaseConnection } from "./connection/connection.ts";
import { type ProblemContext, watchedDatabase } from "./connection/problems.ts";
import { MetricPoll } from "./metrics/metric-poll.ts";
import { PlanCollector } from "./plans/plan-collector.ts";
import { instanceResource } from "./resource.ts";
import { StatementPoll } from "./statements/statement-poll.ts";
import { StatementSource } from "./statements/statement-source.ts";
import { topQueryEvent } from "./statements/top-query-events.ts";

/** Databases of managed services that nobody but the provider may enter. */
const providerDatabases = new Set([
  "rdsadmin",
  "cloudsqladmin",
  "azure_maintenance",
  "azure_sys",
  "alloydbadmin",
  "alloydbmetadata",
]);

/** An overload makes no interval longer than this: its end should not be seen much later than it comes. */
const longestStretchedMs = 300_000;

/**
 * Watches one server over two connections: one polls the statistics views and the sessions, the other
 * pg_stat_statements, each at its own interval. What is not wired into a pipeline is not asked for.
 */
export class PostgresqlReceiver implements Component {
  readonly #config: PostgresqlConfig;
  readonly #host: Host;
  readonly #next: Consumers;
  #pollers: Poller[] = [];
  #connections: { close(): Promise<void> }[] = [];
  readonly #breakers: BreakerWatch;
  readonly #last: LastProblem = {};

  constructor(args: { readonly config: PostgresqlConfig; readonly host: Host; readonly next: Consumers }) {
    this.#config = args.config;
    this.#host = args.host;
    this.#next = args.next;
    this.#breakers = new BreakerWatch({
      host: args.host,
      watched: contextOf(args.config),
      settings: breakerSettings(args.config.circuit_breaker),
    });
  }

  async start(): Promise<void> {
    if (this.#pollers.length > 0) return;
    for (const setting of settingsWithoutEffect(this.#config)) {
      this.#host.logger.warn({ setting }, `${setting} is accepted for compatibility and has no effect`);
    }
    const gate = breakerGate(this.#host, contextOf(this.#config));
    const settings = { ...(await connectionSettings(this.#config)), gate };
    await this.#breakers.start();
    const problems = new ProblemBoard(this.#host);
    const { events, endpoint, connect_database } = this.#config;
    const hasLogs = this.#next.logs !== undefined;
    const views = new KnownServer(new DatabaseConnection(settings, connect_database), endpoint);
    this.#connections.push(views.connection);
    if (this.#next.metrics !== undefined) this.#pollMetrics(views, problems);
    if (hasLogs && events[topQueryEvent].enabled) this.#pollStatements(settings, problems);
    if (hasLogs && events[querySampleEvent].enabled) this.#pollActivity(views, settings, problems);
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

  #pollMetrics(views: KnownServer, problems: ProblemBoard): void {
    const { config, common } = this.#common(problems);
    const poll = new MetricPoll({
      ...common,
      server: views,
      enabled: ({ name, enabled }) => config.metrics[name]?.enabled ?? enabled,
      enabledLabel: (name) => config.resource_attributes[name]?.enabled ?? true,
    });
    // The views cost the server less than pg_stat_statements, so they are asked first when it recovers.
    const guarded = guardedPoll({
      ...common,
      collectorClass: "metrics",
      cheapest: true,
      source: views.connection,
      poll,
    });
    this.#add({
      ...common,
      name: "metrics",
      interval: config.collection_interval,
      poll: (args) => views.turn.take(args.signal, () => guarded(args)),
      intervalFactor: () =>
        this.#stretch(config.collection_interval) * this.#host.shared(feedback).savings.metricsIntervalFactor,
    });
  }

  #pollActivity(views: KnownServer, settings: ConnectionSettings, problems: ProblemBoard): void {
    const { config, common } = this.#common(problems);
    const { collection_interval: interval, max_rows_per_query: limit } = config.query_sample_collection;
    const poll = new ActivityPoll({ ...common, server: views, settings, limit, intervalMs: interval });
    const cheapest = this.#next.metrics === undefined;
    const guarded = guardedPoll({ ...common, collectorClass: "samples", cheapest, source: views.connection, poll });
    const inTurn: typeof guarded = (args) => views.turn.take(args.signal, () => guarded(args));
    this.#add({ ...common, name: "samples", interval, poll: inTurn });
  }

  #pollStatements(settings: ConnectionSettings, problems: ProblemBoard): void {
    const { config, common } = this.#common(problems);
    const { collection_interval: interval, top_n_query: limit } = config.top_query_collection;
    const source = new StatementSource(settings, config.endpoint, config.connect_database);
    this.#connections.push(source);
    const poll = new StatementPoll({ ...common, source, plans: this.#planCollector(settings), limit });
    const cheapest = this.#next.metrics === undefined && !config.events[querySampleEvent].enabled;
    const guarded = guardedPoll({ ...common, collectorClass: "statements", cheapest, source, poll });
    this.#add({ ...common, name: "statements", interval, poll: guarded });
  }

  #add(options: Omit<PollerOptions, "initialDelay" | "timeout">): void {
    const { initial_delay: initialDelay, timeout } = this.#config;
    const intervalFactor = () => this.#stretch(options.interval);
    this.#pollers.push(createPoller({ intervalFactor, ...options, initialDelay, timeout }));
  }

  #planCollector(settings: ConnectionSettings): PlanCollector | undefined {
    const {
      max_explain_each_interval: limit,
      query_plan_cache_size: cacheSize,
      query_plan_cache_ttl: cacheTtlMs,
      collection_interval: intervalMs,
    } = this.#config.top_query_collection;
    if (limit === 0) return undefined;
    const context = contextOf(this.#config);
    return new PlanCollector({ host: this.#host, settings, context, limit, cacheSize, cacheTtlMs, intervalMs });
  }

  /** How many times longer an interval is while the database is overloaded. */
  #stretch(intervalMs: number): number {
    const { endpoint, connect_database: database } = this.#config;
    const { whole, intervalFactor } = this.#host.shared(breakers).database(endpoint, database);
    // While it is not closed the breaker alone says when the database is asked: longer intervals would add to its delay.
    return whole.state === "closed" ? Math.min(intervalFactor, Math.max(1, longestStretchedMs / intervalMs)) : 1;
  }

  #common(problems: ProblemBoard) {
    const config = this.#config;
    const common = {
      host: this.#host,
      next: this.#next,
      problems,
      resource: instanceResource({
        ...parseEndpoint(config.endpoint),
        enabled: (name) => config.resource_attributes[name]?.enabled ?? true,
      }),
      context: contextOf(config),
      watched: watchedDatabase(contextOf(config)),
      last: this.#last,
      reportsDatabase: (name: string) => reportsDatabase(config, name),
    };
    return { config, common };
  }
}

function contextOf({ endpoint, username, connect_database: database }: PostgresqlConfig): ProblemContext {
  return { endpoint, username, database };
}

function reportsDatabase(config: PostgresqlConfig, name: string): boolean {
  if (config.exclude_databases.includes(name)) return false;
  return config.databases.length === 0 ? !providerDatabases.has(name) : config.databases.includes(name);
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
