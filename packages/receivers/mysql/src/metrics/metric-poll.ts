import { type DbintelError, isDbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { metricsBuilder } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import type { PollResult } from "@dbintel/polling";
import { addMetric, type MetricDefinition, type StatementGuard } from "@dbintel/watching";
import type { KnownServer } from "../connection/capabilities.ts";
import { databaseProblem, type ProblemContext, performanceSchemaOff } from "../connection/problems.ts";
import type { ServerStart } from "../connection/server-start.ts";
import { type Instance, instanceResource, receiverScope } from "../resource.ts";
import { readOverview } from "./overview.ts";
import type { ServerQuery } from "./server-query.ts";
import { startedColumn } from "./status-definition.ts";
import { statusMetrics } from "./status-metrics.ts";

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
      const definitions = statusMetrics.filter(enabled);
      const asked = queries.filter(({ metrics, dear }) => metrics.some(enabled) && !(essentialsOnly && dear));
      const overview = await readOverview({ server, definitions, queries: asked, guard, signal });
      const timeUnixNano = overview.clockMicros * 1000n;
      const status = { ...overview.status, [startedColumn]: await this.#options.start.at(overview) };
      for (const definition of definitions) {
        addMetric({ metrics, definition, labels: undefined, rows: [status], timeUnixNano });
      }
      const problems: DbintelError[] = capabilities.performanceSchema ? [] : [performanceSchemaOff(context.endpoint)];
      for (const query of asked) {
        const sql = query.sql(capabilities);
        if (sql === undefined) continue;
        try {
          const work = () => server.connection.query(sql, [], signal);
          const ask = () => guard.ask({ collectorClass: query.name, cold: query.dear ?? false, work });
          const found = overview.rowsOf(query) ?? (await ask());
          const shaped = query.shape?.(found ?? [], capabilities) ?? found ?? [];
          const rows = shaped.map((row) => ({ ...row, [startedColumn]: status[startedColumn] }));
          for (const definition of query.metrics.filter(enabled)) {
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
}
