import { type DbintelError, isDbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { metricsBuilder } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import type { PollResult } from "@dbintel/polling";
import { addMetric, integer, type MetricDefinition, type Row, type StatementGuard } from "@dbintel/watching";
import { type KnownServer, namedValues } from "../connection/capabilities.ts";
import { databaseProblem, type ProblemContext, performanceSchemaOff } from "../connection/problems.ts";
import { serverClock } from "../connection/server-clock.ts";
import type { ServerStart } from "../connection/server-start.ts";
import { type Instance, instanceResource, receiverScope } from "../resource.ts";
import type { ServerQuery } from "./server-query.ts";
import { startedColumn } from "./status-definition.ts";
import { statusMetrics } from "./status-metrics.ts";
import { statusRow } from "./status-row.ts";

export interface MetricPollOptions {
  readonly host: Host;
  readonly server: KnownServer;
  readonly start: ServerStart;
  readonly instance: Instance;
  readonly context: ProblemContext;
  /** What is asked beside the status. */
  readonly queries: readonly ServerQuery[];
  readonly enabled: (definition: MetricDefinition) => boolean;
}

/** Settings that are metrics. */
const variables = ["innodb_buffer_pool_size", "innodb_log_file_size", "max_connections", "max_prepared_stmt_count"];

/** Polls the server's status and what else it counts as a whole. A query that fails is a problem of its own. */
export class MetricPoll {
  readonly #options: MetricPollOptions;

  constructor(options: MetricPollOptions) {
    this.#options = options;
  }

  async poll(args: { readonly signal: AbortSignal; readonly guard: StatementGuard }): Promise<PollResult> {
    const { signal, guard } = args;
    const { host, server, context, instance, queries, enabled } = this.#options;
    const { essentialsOnly } = host.shared(feedback).savings;
    try {
      const capabilities = await server.capabilities(signal);
      const metrics = metricsBuilder()
        .resource(instanceResource(instance, capabilities))
        .scope(receiverScope(host.build, capabilities));
      const { status, clockMicros } = await this.#status(signal);
      const timeUnixNano = clockMicros * 1000n;
      for (const definition of statusMetrics.filter(enabled)) {
        addMetric({ metrics, definition, labels: undefined, rows: [status], timeUnixNano });
      }
      const problems: DbintelError[] = capabilities.performanceSchema ? [] : [performanceSchemaOff(context.endpoint)];
      for (const query of queries) {
        const definitions = query.metrics.filter(enabled);
        const sql = definitions.length === 0 || (essentialsOnly && query.dear) ? undefined : query.sql(capabilities);
        if (sql === undefined) continue;
        try {
          const work = () => server.connection.query(sql, [], signal);
          const found = await guard.ask({ collectorClass: query.name, cold: query.dear ?? false, work });
          const shaped = query.shape?.(found ?? [], capabilities) ?? found ?? [];
          const rows = shaped.map((row) => ({ ...row, [startedColumn]: status[startedColumn] ?? null }));
          for (const definition of definitions) {
            addMetric({ metrics, definition, labels: query.labels, rows, timeUnixNano });
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

  /** All of SHOW GLOBAL STATUS as one row. */
  async #status(signal: AbortSignal): Promise<{ readonly status: Row; readonly clockMicros: bigint }> {
    const { connection } = this.#options.server;
    const clockMicros = await serverClock(connection, signal);
    const shown = await connection.query("SHOW GLOBAL STATUS WHERE TRUE", [], signal);
    const set = await connection.query("SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)", [variables], signal);
    const status = statusRow([...namedValues(shown), ...namedValues(set)]);
    const uptimeSeconds = integer(status, "uptime");
    const started = uptimeSeconds === undefined ? null : await this.#options.start.at({ clockMicros, uptimeSeconds });
    return { status: { ...status, [startedColumn]: started }, clockMicros };
  }
}
