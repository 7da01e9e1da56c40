import {
  attributeKey,
  attributeKeys,
  type Batch,
  type DataPoint,
  type Item,
  type Logs,
  type Metric,
  type Metrics,
  type Traces,
} from "@dbintel/pdata";
import { AttributeRules } from "./attribute-rules.ts";
import type { Breach, BreachAction, BreachCode } from "./breach.ts";
import { Levels } from "./levels.ts";
import { type ContractLimits, documentedLimits } from "./limits.ts";
import { metricBreach, pointBreach, shortMetricName } from "./metric-rules.ts";

const nanosecondsPerMs = 1_000_000n;

export interface ContractOptions {
  readonly limits?: ContractLimits;
  /** Whether to mend what can be mended and drop what New Relic would; else everything is only reported. */
  readonly fix: boolean;
  /** Attributes of an item that are never removed when there are too many. */
  readonly keep?: readonly string[];
  /** Attributes of a resource, of which it must have one to belong to an entity; none are asked for by default. */
  readonly entity?: readonly string[];
  /** Called for each breach, while the batch is walked: it must not keep it. */
  readonly onBreach: (breach: Breach) => void;
}

/** Checks batches against what New Relic documents, in one walk; what is well is neither decoded nor changed. */
export class Contract {
  readonly #limits: ContractLimits;
  readonly #fix: boolean;
  readonly #keep: ReadonlySet<string>;
  readonly #entity: ReturnType<typeof attributeKeys> | undefined;
  readonly #onBreach: (breach: Breach) => void;
  readonly #rules: AttributeRules;
  readonly #levels = new Levels();
  /** Where the walk is. */
  #signal: Batch["signal"] = "logs";
  #metricName: string | undefined;
  #now = 0n;
  #earliest = 0n;
  #latest = 0n;
  /** Attributes that each item gets from its resource and its scope. */
  #shared = { resource: -1, scope: -1, attributes: 0 };

  constructor(options: ContractOptions) {
    const { limits = documentedLimits, fix, keep = [], entity = [] } = options;
    this.#limits = limits;
    this.#fix = fix;
    this.#keep = new Set(keep);
    this.#entity = entity.length === 0 ? undefined : attributeKeys(entity);
    this.#onBreach = options.onBreach;
    this.#rules = new AttributeRules({
      limits,
      fix,
      found: (code, action, attribute) => this.#tell(code, action, attribute),
    });
  }

  /** Checks a batch, and mends it where that is wanted. */
  check(batch: Batch, nowUnixNano: bigint): void {
    this.#signal = batch.signal;
    this.#metricName = undefined;
    this.#now = nowUnixNano;
    this.#earliest = nowUnixNano - BigInt(this.#limits.maxPastMs) * nanosecondsPerMs;
    this.#latest = nowUnixNano + BigInt(this.#limits.maxFutureMs) * nanosecondsPerMs;
    this.#shared = { resource: -1, scope: -1, attributes: 0 };
    for (const resource of batch.resources()) {
      this.#rules.check(resource.attributes);
      if (this.#entity !== undefined && resource.attributes.firstOf(this.#entity) < 0) {
        this.#tell("missing_attribute", "reported");
      }
    }
    for (const scope of batch.scopes()) this.#rules.check(scope.attributes);
    if (batch.signal === "metrics") this.#checkMetrics(batch);
    else if (batch.signal === "logs") this.#checkLogs(batch);
    else this.#checkTraces(batch);
  }

  #checkLogs(logs: Logs): void {
    const record = logs.records();
    while (record.advance()) {
      // A record without a time of its own gets that of its arrival.
      const time = record.timeUnixNano === 0n ? record.observedTimeUnixNano : record.timeUnixNano;
      if (time !== 0n && this.#dropsByTime(record, time)) continue;
      this.#rules.check(record.attributes);
      this.#checkItem(record);
    }
  }

  #checkTraces(traces: Traces): void {
    const span = traces.spans();
    while (span.advance()) {
      if (this.#dropsByTime(span, span.endTimeUnixNano)) continue;
      this.#rules.check(span.attributes);
      for (const { attributes } of span.events()) this.#rules.check(attributes);
      for (const { attributes } of span.links()) this.#rules.check(attributes);
      this.#checkItem(span);
    }
  }

  #checkMetrics(metrics: Metrics): void {
    // Metrics whose points become levels, by ordinal.
    const converted = new Set<number>();
    for (const metric of metrics.metrics()) {
      if (this.#checkMetric(metric) === "converted") converted.add(metric.ordinal);
    }
    let ordinal = -1;
    let name = attributeKey("");
    const point = metrics.points();
    while (point.advance()) {
      const { metric } = point;
      if (metric.ordinal !== ordinal) {
        ordinal = metric.ordinal;
        name = attributeKey(metric.name);
        this.#metricName = name.name;
      }
      if (this.#dropsByTime(point, point.timeUnixNano) || this.#dropsByValue(point)) continue;
      if (converted.has(ordinal) && !this.#levels.convert(point, this.#now)) {
        this.#drop(point, "delta_not_monotonic");
        continue;
      }
      this.#rules.check(point.attributes);
      this.#rules.checkNames(point.attributes, name);
      this.#checkItem(point);
    }
  }

  #checkMetric(metric: Metric): "converted" | undefined {
    const { name } = metric;
    this.#metricName = shortMetricName(name, this.#limits.metricNameLength);
    if (name !== this.#metricName) {
      this.#tell("metric_name_too_long", this.#fix ? "repaired" : "reported");
      if (this.#fix) metric.name = this.#metricName;
    }
    const code = metricBreach(metric);
    if (code === undefined) return undefined;
    if (this.#fix && code === "delta_not_monotonic") {
      this.#tell(code, "repaired");
      metric.temporality = "cumulative";
      return "converted";
    }
    // Summaries are taken, as something else: that is for whoever sends them to know.
    const drops = this.#fix && code !== "summary";
    this.#tell(code, drops ? "dropped" : "reported");
    if (drops) metric.drop(code);
    return undefined;
  }

  /** What all items have in common. */
  #checkItem(item: Item): void {
    const { attributes, itemBytes } = this.#limits;
    this.#rules.checkCount(item.attributes, attributes[this.#signal] - this.#sharedAttributes(item), this.#keep);
    // What to do about it is known to whoever sends it: the delivery cuts its texts, and keeps what is too large even so.
    if (item.byteSize > itemBytes) this.#tell("item_too_large", "reported");
  }

  /** How many attributes the item gets from its resource and its scope. */
  #sharedAttributes({ resource, scope }: Item): number {
    const shared = this.#shared;
    if (shared.resource !== resource.ordinal || shared.scope !== scope.ordinal) {
      shared.resource = resource.ordinal;
      shared.scope = scope.ordinal;
      shared.attributes = resource.attributes.size + scope.attributes.size;
    }
    return shared.attributes;
  }

  #dropsByTime(item: Item, time: bigint): boolean {
    if (time < this.#earliest) return this.#drop(item, "timestamp_too_old");
    if (time <= this.#latest) return false;
    // That they are dropped is documented for metrics only.
    if (this.#signal === "metrics") return this.#drop(item, "timestamp_in_future");
    this.#tell("timestamp_in_future", "reported");
    return false;
  }

  #dropsByValue(point: DataPoint): boolean {
    const code = pointBreach(point);
    return code !== undefined && this.#drop(point, code);
  }

  /** True when the item is gone. */
  #drop(item: Item, code: BreachCode): boolean {
    this.#tell(code, this.#fix ? "dropped" : "reported");
    if (this.#fix) item.drop(code);
    return this.#fix;
  }

  #tell(code: BreachCode, action: BreachAction, attribute?: string): void {
    const metric = this.#metricName;
    this.#onBreach({
      code,
      action,
      signal: this.#signal,
      ...(metric === undefined ? {} : { metric }),
      ...(attribute === undefined ? {} : { attribute }),
    });
  }
}
