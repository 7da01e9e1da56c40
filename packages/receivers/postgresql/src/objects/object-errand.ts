import type { Host } from "@dbintel/pipeline";
import { addMetric, KeptRests, type MetricDefinition } from "@dbintel/watching";
import type { Errand, Visit } from "../visits/errand.ts";
import { type DatabaseQuery, objectQueries } from "./database-queries.ts";
import { indexKind } from "./indexes.ts";
import { named, RelationMetrics } from "./relation-metrics.ts";
import type { ObjectCollection } from "./settings.ts";
import { tableKind } from "./tables.ts";

export interface ObjectErrandOptions {
  readonly host: Host;
  readonly settings: ObjectCollection;
  readonly enabled: (definition: MetricDefinition) => boolean;
  /** Whether this attribute of data points is sent. */
  readonly enabledLabel: (name: string) => boolean;
}

/** Asks each database for its tables, indexes and functions, and for what works on them. */
export class ObjectErrand implements Errand {
  readonly name = "objects";
  readonly intervalMs: number;
  readonly #options: ObjectErrandOptions;
  readonly #kept: KeptRests;
  readonly #relations: readonly RelationMetrics[];
  readonly #queries: readonly DatabaseQuery[];

  constructor(options: ObjectErrandOptions) {
    this.#options = options;
    const { host, settings, enabled, enabledLabel } = options;
    const kept = new KeptRests(host);
    this.#kept = kept;
    this.intervalMs = settings.collection_interval;
    const kinds = [
      { kind: tableKind, limit: settings.max_tables },
      { kind: indexKind, limit: settings.max_indexes },
    ];
    this.#relations = kinds.map(
      (each) => new RelationMetrics({ ...each, enabledLabel, kept, metrics: each.kind.metrics.filter(enabled) }),
    );
    this.#queries = objectQueries.filter(({ metrics }) => metrics.some(enabled));
  }

  forget(): void {
    this.#kept.forget();
    for (const relations of this.#relations) relations.forget();
  }

  close(): Promise<void> {
    return this.#kept.close();
  }

  async run(visit: Visit): Promise<void> {
    for (const relations of this.#relations) await relations.add(visit);
    for (const query of this.#queries) await this.#ask(query, visit);
  }

  async #ask(query: DatabaseQuery, { connection, capabilities, metrics, timeUnixNano, signal }: Visit): Promise<void> {
    const { settings, enabled, enabledLabel } = this.#options;
    const sql = query.sql(capabilities);
    if (sql === undefined) return;
    const values = query.limited === undefined ? [] : [settings.max_functions];
    const rows = (await connection.query(sql, values, signal)).map(named);
    const labels = Object.fromEntries(Object.entries(query.labels ?? {}).filter(([name]) => enabledLabel(name)));
    for (const definition of query.metrics.filter(enabled)) {
      addMetric({ metrics, definition, labels, rows, timeUnixNano });
    }
  }
}
