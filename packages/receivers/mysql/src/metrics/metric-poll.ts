import { type DbintelError, isDbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { metricsBuilder } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import type { PollResult } from "@dbintel/polling";
import { addMetric, type MetricDefinition, type Row, type StatementGuard, type Value } from "@dbintel/watching";
import { type KnownServer, namedValues } from "../connection/capabilities.ts";
import { databaseProblem, type ProblemContext, performanceSchemaOff } from "../connection/problems.ts";
import { serverClock } from "../connection/server-clock.ts";
import { type Instance, instanceResource, receiverScope } from "../resource.ts";
import { ioQueries } from "./io-metrics.ts";
import { startedColumn, statusMetrics } from "./status-metrics.ts";

export interface MetricPollOptions {
  readonly host: Host;
  readonly server: KnownServer;
  readonly instance: Instance;
  readonly context: ProblemContext;
  readonly enabled: (definition: MetricDefinition) => boolean;
}

/** Settings that are metrics. */
const variables = ["innodb_buffer_pool_size"];
const startToleranceMicros = 3_000_000n;
/** What passed this is a difference below zero that the server could not show: its counters have no sign. */
const largestGauge = 2n ** 63n;

/** Polls the server's status and what its tables were used for. A query that fails is a problem of its own. */
export class MetricPoll {
  readonly #options: MetricPollOptions;

  #startedMicros: bigint | undefined;

  constructor(options: MetricPollOptions) {
    this.#options = options;
  }

  async poll(args: { readonly signal: AbortSignal; readonly guard: StatementGuard }): Promise<PollResult> {
    const { signal, guard } = args;
    const { host, server, context, instance, enabled } = this.#options;
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
      for (const query of ioQueries) {
        const definitions = query.metrics.filter(enabled);
        const sql = definitions.length === 0 || (essentialsOnly && query.dear) ? undefined : query.sql(capabilities);
        if (sql === undefined) continue;
        try {
          const work = () => server.connection.query(sql, [], signal);
          const found = await guard.ask({ collectorClass: query.name, cold: query.dear ?? false, work });
          const rows = (found ?? []).map((row) => ({ ...row, [startedColumn]: status[startedColumn] ?? null }));
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
    const status: Record<string, Value> = {};
    for (const [name, value] of [...namedValues(shown), ...namedValues(set)]) {
      if (/^\d{1,20}$/.test(value) && BigInt(value) < largestGauge) status[name] = BigInt(value);
    }
    status.pages_clean = difference(status, "innodb_buffer_pool_pages_data", "innodb_buffer_pool_pages_dirty");
    status.bytes_clean = difference(status, "innodb_buffer_pool_bytes_data", "innodb_buffer_pool_bytes_dirty");
    if (typeof status.uptime === "bigint")
      status[startedColumn] = this.#started(clockMicros - status.uptime * 1_000_000n);
    return { status, clockMicros };
  }

  /** The uptime is in whole seconds: what differs by few of them is the same start. */
  #started(micros: bigint): bigint {
    const known = this.#startedMicros;
    if (known === undefined || micros - known > startToleranceMicros || known - micros > startToleranceMicros) {
      this.#startedMicros = micros;
    }
    return this.#startedMicros ?? micros;
  }
}

/** Read one after the other, the two may disagree by a page. */
function difference(row: Row, whole: string, part: string): Value {
  const [all, some] = [row[whole], row[part]];
  return typeof all === "bigint" && typeof some === "bigint" ? (all > some ? all - some : 0n) : null;
}
