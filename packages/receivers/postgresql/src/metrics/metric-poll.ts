import { type DbintelError, isDbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { metricsBuilder, type ResourceInit } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import type { PollResult } from "@dbintel/polling";
import type { MetricDefinition, Row, StatementGuard } from "@dbintel/watching";
import { addMetric, text } from "@dbintel/watching";
import type { Capabilities, KnownServer } from "../connection/capabilities.ts";
import { databaseProblem, type ProblemContext } from "../connection/problems.ts";
import { receiverScope } from "../resource.ts";
import { DatabaseSizes } from "./database-sizes.ts";
import { metricQueries } from "./metric-catalogue.ts";
import type { MetricQuery } from "./metric-definition.ts";
import { sizeQuery } from "./metrics-database.ts";
import { readOverview } from "./overview.ts";

export interface MetricPollOptions {
  readonly host: Host;
  readonly server: KnownServer;
  readonly resource: ResourceInit;
  readonly context: ProblemContext;
  readonly enabled: (definition: MetricDefinition) => boolean;
  /** Whether this attribute of data points is sent. */
  readonly enabledLabel: (name: string) => boolean;
  readonly reportsDatabase: (name: string) => boolean;
}

interface Planned {
  readonly query: MetricQuery;
  readonly metrics: readonly MetricDefinition[];
}

/** Polls the statistics views. A query that fails is a problem of its own; the others are still sent. */
export class MetricPoll {
  readonly #options: MetricPollOptions;
  readonly #planned: readonly Planned[];
  readonly #sizes: DatabaseSizes;

  constructor(options: MetricPollOptions) {
    this.#options = options;
    const { host } = options;
    this.#sizes = new DatabaseSizes({ clock: host.clock, savings: () => host.shared(feedback).savings });
    this.#planned = [...metricQueries, sizeQuery]
      .map((query) => ({ query: this.#labelled(query), metrics: query.metrics.filter(options.enabled) }))
      .filter(({ metrics }) => metrics.length > 0);
  }

  async poll(args: { readonly signal: AbortSignal; readonly guard: StatementGuard }): Promise<PollResult> {
    const { signal, guard } = args;
    const { host, server, context, resource, reportsDatabase } = this.#options;
    const { connection } = server;
    const { essentialsOnly } = host.shared(feedback).savings;
    try {
      const capabilities = await server.capabilities(signal);
      const metrics = metricsBuilder().resource(resource).scope(receiverScope(host.build, capabilities.version));
      const queries = this.#planned.map(({ query }) => query);
      const overview = await readOverview({ queries, connection, capabilities, guard, signal });
      const { timeUnixNano } = overview;
      const problems: DbintelError[] = [];
      for (const { query, metrics: definitions } of this.#planned) {
        if (essentialsOnly && query.dear) continue;
        try {
          const rows = overview.rowsOf(query) ?? (await this.#rows({ query, capabilities, guard, signal }));
          const reported = rows.filter((row) => {
            const database = text(row, "database");
            return database === undefined || reportsDatabase(database);
          });
          for (const definition of definitions) {
            addMetric({ metrics, definition, labels: query.labels, rows: reported, timeUnixNano });
          }
        } catch (error) {
          signal.throwIfAborted();
          if (!isDbintelError(error)) throw error;
          problems.push(error);
        }
      }
      return { batches: [metrics.build()], problems };
    } catch (error) {
      throw databaseProblem(error, context);
    }
  }

  /** None when the query is held back, or not due. */
  async #rows(args: {
    readonly query: MetricQuery;
    readonly capabilities: Capabilities;
    readonly guard: StatementGuard;
    readonly signal: AbortSignal;
  }): Promise<readonly Row[]> {
    const { query, capabilities, guard, signal } = args;
    const { server, reportsDatabase } = this.#options;
    const { connection } = server;
    if (query.name === sizeQuery.name) return this.#sizes.rows({ connection, reportsDatabase, guard, signal });
    const sql = query.sql(capabilities);
    if (sql === undefined) return [];
    const work = () => connection.query(sql, [], signal);
    return (await guard.ask({ collectorClass: query.name, cold: query.dear ?? false, work })) ?? [];
  }

  #labelled(query: MetricQuery): MetricQuery {
    const labels = Object.entries(query.labels ?? {}).filter(([name]) => this.#options.enabledLabel(name));
    return { ...query, labels: Object.fromEntries(labels) };
  }
}
