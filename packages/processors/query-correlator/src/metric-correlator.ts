import type { DataPoint, Metrics } from "@dbintel/pdata";
import { type Component, type ConsumeContext, type Consumer, type Host, Snapshot } from "@dbintel/pipeline";
import type { Correlation } from "./correlation.ts";
import type { CorrelatorMetrics } from "./metrics.ts";
import { serverOf } from "./origin.ts";
import { parsedSnapshot, snapshotOf } from "./snapshot.ts";
import { savedTables } from "./tables/table-memory.ts";
import { type TableMetric, tableMetrics, tablePlace } from "./tables/table-metrics.ts";
import { timeMs } from "./time.ts";

/** Remembers what passing metrics tell about tables and connections. The metrics themselves pass unchanged. */
export class MetricCorrelator implements Component, Consumer<"metrics"> {
  readonly #next: Consumer<"metrics">;
  readonly #host: Host;
  readonly #correlation: Correlation;
  readonly #metrics: CorrelatorMetrics;
  readonly #enabled: boolean;
  readonly #snapshot: Snapshot;

  constructor(args: {
    readonly correlation: Correlation;
    readonly metrics: CorrelatorMetrics;
    readonly host: Host;
    readonly next: Consumer<"metrics">;
  }) {
    this.#next = args.next;
    this.#host = args.host;
    this.#correlation = args.correlation;
    this.#metrics = args.metrics;
    this.#enabled = args.correlation.config.tables.enabled;
    const { tables } = args.correlation;
    this.#snapshot = new Snapshot({
      host: args.host,
      name: "tables",
      loss: "nothing is known of any table until its metrics come",
      take: () => snapshotOf(tables.save()),
      restore: (bytes) => {
        const saved = parsedSnapshot(bytes, savedTables);
        if (saved !== undefined) tables.restore(saved);
        return saved !== undefined;
      },
    });
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {
    await this.#snapshot.load();
  }

  async stop(_options: { readonly signal: AbortSignal }): Promise<void> {
    await this.#snapshot.save();
  }

  consume(batch: Metrics, context: ConsumeContext): Promise<void> {
    if (this.#enabled) this.#remember(batch);
    this.#countConnections(batch);
    return this.#next.consume(batch, context);
  }

  #countConnections(batch: Metrics): void {
    const { connections, waits } = this.#correlation;
    for (const { server, ...known } of connections.read(batch, (point) => timeMs(point.timeUnixNano, this.#host))) {
      waits.connections({ database: server, ...known });
    }
  }

  #remember(batch: Metrics): void {
    const wanted = wantedMetrics(batch);
    if (wanted.size === 0) return;
    let taken = 0;
    const point = batch.points();
    while (point.advance()) {
      const known = wanted.get(point.metric.ordinal);
      if (known !== undefined && this.#take(point, known.name, known.metric)) taken++;
    }
    if (taken === 0) return;
    this.#correlation.changed();
    this.#metrics.tablePoints(taken);
  }

  #take(point: DataPoint, name: string, metric: TableMetric): boolean {
    const fact = metric.factOf(point);
    const { value } = point;
    if (fact === undefined || value === undefined) return false;
    const place = tablePlace(point);
    if (place === undefined) return false;
    const server = serverOf(point.attributes, point.resource.attributes);
    const table = this.#correlation.tables.at(server, place);
    if (table === undefined) return false;
    const { part: key } = metric;
    const part = key && (point.attributes.getString(key) ?? point.resource.attributes.getString(key));
    table.read(
      fact,
      part === undefined ? name : `${name} ${part}`,
      Number(value),
      timeMs(point.timeUnixNano, this.#host),
    );
    return true;
  }
}

/** The metrics of a batch that tell about tables, by their position. */
function wantedMetrics(batch: Metrics): ReadonlyMap<number, { readonly name: string; readonly metric: TableMetric }> {
  const wanted = new Map<number, { readonly name: string; readonly metric: TableMetric }>();
  for (const { ordinal, name } of batch.metrics()) {
    const metric = tableMetrics.get(name);
    if (metric !== undefined) wanted.set(ordinal, { name, metric });
  }
  return wanted;
}
