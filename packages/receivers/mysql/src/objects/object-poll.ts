import { type DbintelError, isDbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { type MetricsBuilder, metricsBuilder } from "@dbintel/pdata";
import type { PollResult } from "@dbintel/polling";
import { KeptRests, type MetricDefinition, type StatementGuard } from "@dbintel/watching";
import type { KnownServer } from "../connection/capabilities.ts";
import { databaseProblem, performanceSchemaOff, tooManyTables } from "../connection/problems.ts";
import { startedServer } from "../connection/server-start.ts";
import { instanceResource, receiverScope } from "../resource.ts";
import type { WatchedServer } from "../watched-server.ts";
import type { ObjectCollection } from "./settings.ts";
import { addSizes, sizeMetrics, TableSizes } from "./table-sizes.ts";
import { usageKinds } from "./usage-kinds.ts";
import { UsageMetrics } from "./usage-metrics.ts";

export interface ObjectPollOptions
  extends Pick<WatchedServer, "host" | "instance" | "context" | "start" | "reportsSchema"> {
  readonly server: KnownServer;
  readonly settings: ObjectCollection;
  readonly enabled: (definition: MetricDefinition) => boolean;
}

/** Tells what tables and indexes are used for, and how large they are. What fails of it is a problem of its own. */
export class ObjectPoll {
  readonly #options: ObjectPollOptions;
  readonly #kept: KeptRests;
  readonly #usages: readonly { readonly name: string; readonly usage: UsageMetrics }[];
  readonly #sizeMetrics: readonly MetricDefinition[];
  readonly #sizes: TableSizes;

  constructor(options: ObjectPollOptions) {
    this.#options = options;
    const { host, settings, enabled, reportsSchema } = options;
    const kept = new KeptRests(host);
    this.#kept = kept;
    this.#usages = usageKinds
      .map((kind) => ({ kind, metrics: kind.metrics.filter(enabled) }))
      .filter(({ metrics }) => metrics.length > 0)
      .map(({ kind, metrics }) => {
        const limit = kind.name === "indexes" ? settings.max_indexes : settings.max_tables;
        return { name: kind.name, usage: new UsageMetrics({ kind, metrics, limit, reportsSchema, kept }) };
      });
    this.#sizeMetrics = sizeMetrics.filter(enabled);
    this.#sizes = new TableSizes({
      ...{ clock: host.clock, savings: () => host.shared(feedback).savings, reportsSchema },
      ...{ intervalMs: settings.size_interval, mostTables: settings.max_sized_tables },
    });
  }

  async poll({ signal, guard }: PollArgs): Promise<PollResult> {
    const { host, server, start, instance, context } = this.#options;
    if (host.shared(feedback).savings.essentialsOnly) return { batches: [] };
    try {
      const capabilities = await server.capabilities(signal);
      const metrics = metricsBuilder()
        .resource(instanceResource(instance, capabilities))
        .scope(receiverScope(host.build, capabilities));
      const problems: DbintelError[] = [];
      const attempt = async (work: () => Promise<void>) => {
        try {
          await work();
        } catch (error) {
          signal.throwIfAborted();
          if (!isDbintelError(error)) throw error;
          problems.push(error);
        }
      };
      const { clockMicros, startedMicros } = await startedServer(server.connection, start, signal);
      const taken: (() => void)[] = [];
      const look = {
        ...{ connection: server.connection, metrics, timeUnixNano: clockMicros * 1000n, startedMicros, signal },
        onTaken: (action: () => void) => void taken.push(action),
      };
      if (!capabilities.performanceSchema) problems.push(performanceSchemaOff(context.endpoint));
      for (const { name, usage } of this.#usages) {
        if (!capabilities.performanceSchema) break;
        await attempt(async () => {
          await guard.ask({ collectorClass: name, cold: true, work: () => usage.add(look) });
        });
      }
      await attempt(() => this.#addSizes({ signal, guard }, metrics, clockMicros * 1000n));
      const { tooMany } = this.#sizes;
      if (tooMany !== undefined) problems.push(tooManyTables(context.endpoint, tooMany));
      const commit = () => {
        for (const action of taken) action();
      };
      return { batches: [metrics.build()], problems, commit };
    } catch (error) {
      throw databaseProblem(error, context);
    }
  }

  forget(): void {
    this.#kept.forget();
    for (const { usage } of this.#usages) usage.forget();
  }

  close(): Promise<void> {
    return this.#kept.close();
  }

  async #addSizes({ signal, guard }: PollArgs, metrics: MetricsBuilder, timeUnixNano: bigint): Promise<void> {
    const { server, settings } = this.#options;
    const definitions = this.#sizeMetrics;
    if (definitions.length === 0) return;
    const rows = await this.#sizes.rows({ connection: server.connection, guard, signal });
    addSizes({ metrics, definitions, rows, limit: settings.max_tables, timeUnixNano });
  }
}

interface PollArgs {
  readonly signal: AbortSignal;
  readonly guard: StatementGuard;
}
