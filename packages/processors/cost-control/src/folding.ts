import type { DataPoint, Item, Metrics } from "@dbintel/pdata";
import { LRUCache } from "lru-cache";
import { hashAttributes, joinHash } from "./hash.ts";
import { MetricSeries, producerHash } from "./metric-series.ts";

/** Metrics whose series are counted; one beyond displaces that which was silent longest. */
const maxMetrics = 1000;
/** Folded cumulative series whose last value is remembered. */
const maxTotals = 100_000;

type Value = bigint | number;

interface Merged {
  /** Position among the points of the batch that are left. */
  readonly ordinal: number;
  value: Value;
  timeUnixNano: bigint;
  startTimeUnixNano: bigint;
}

/**
 * Holds every metric to a number of series: the values of attributes of further ones become `other`, and points that
 * are then the same series become one. What the one is keeps sums exact:
 * - a delta sum is the sum of its parts;
 * - a cumulative sum is the running total of the increases of its parts, so that it does not matter which of them
 *   a batch holds; after a restart of the collector it begins again, as a reset counter does;
 * - of gauges, which do not add up, the last one counts.
 * Histograms and summaries pass as they are: their buckets cannot be added through the lens.
 */
export class Folding {
  readonly #limit: number;
  readonly #series = new LRUCache<string, MetricSeries>({ max: maxMetrics });
  readonly #last = new LRUCache<number, Value>({ max: maxTotals });
  readonly #totals = new LRUCache<number, Value>({ max: maxTotals });

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Series of the metric with the most of them, in this window. */
  get cardinality(): number {
    let most = 0;
    for (const series of this.#series.values()) most = Math.max(most, series.cardinality);
    return most;
  }

  /**
   * Folds within `share` of the limit; answers how many points became part of another series. A point that cannot be
   * read is handed to `failed`, which may drop it.
   */
  apply(metrics: Metrics, share: number, failed: (item: Item) => void): number {
    const merged = new Map<number, Merged>();
    let folded = 0;
    let ordinal = 0;
    for (const point of metrics.points()) {
      let found: Folded | undefined;
      try {
        found = this.#fold(point, share);
      } catch {
        const count = metrics.count;
        failed(point);
        if (metrics.count < count) continue;
      }
      if (found !== undefined) {
        folded++;
        const before = merged.get(found.series);
        if (before !== undefined) {
          join(before, point, found.value, found.kind);
          point.drop("folded");
          continue;
        }
        const { timeUnixNano, startTimeUnixNano } = point;
        merged.set(found.series, { ordinal, value: found.value, timeUnixNano, startTimeUnixNano });
      }
      ordinal++;
    }
    if (merged.size > 0) write(metrics, merged);
    return folded;
  }

  /** Begins a new window in which places are counted. */
  rotate(): void {
    for (const series of this.#series.values()) series.rotate();
  }

  /** The series that the point became part of, and the value of that series as far as it is known by now. */
  #fold(point: DataPoint, share: number): Folded | undefined {
    const { type, name, temporality } = point.metric;
    const value = point.value;
    if ((type !== "sum" && type !== "gauge") || value === undefined) return undefined;
    const producer = producerHash(name, hashAttributes(point.resource.attributes), point.scope.name);
    const part = temporality === "cumulative" ? joinHash(producer, hashAttributes(point.attributes)) : 0;
    if (!this.#of(name).admit(point.attributes, producer, share)) return undefined;
    const series = joinHash(producer, hashAttributes(point.attributes));
    if (type === "gauge") return { series, kind: "last", value };
    if (temporality !== "cumulative") return { series, kind: "part", value };
    const total = add(this.#totals.get(series) ?? 0n, this.#increase(part, value, point.metric.monotonic));
    this.#totals.set(series, total);
    return { series, kind: "last", value: total };
  }

  #of(metric: string): MetricSeries {
    const found = this.#series.get(metric);
    if (found !== undefined) return found;
    const series = new MetricSeries(this.#limit);
    this.#series.set(metric, series);
    return series;
  }

  /** What a cumulative series has added since it was last seen; all of it after a reset. */
  #increase(series: number, value: Value, monotonic: boolean): Value {
    const before = this.#last.get(series);
    this.#last.set(series, value);
    if (before === undefined || (monotonic && value < before)) return value;
    return subtract(value, before);
  }
}

/** `part`: adds to what the batch holds already; `last`: stands for it. */
interface Folded {
  readonly series: number;
  readonly kind: "part" | "last";
  readonly value: Value;
}

function join(merged: Merged, point: DataPoint, value: Value, kind: Folded["kind"]): void {
  merged.value = kind === "last" ? value : add(merged.value, value);
  if (point.timeUnixNano > merged.timeUnixNano) merged.timeUnixNano = point.timeUnixNano;
  const start = point.startTimeUnixNano;
  if (start !== 0n && start < merged.startTimeUnixNano) merged.startTimeUnixNano = start;
}

/** A cursor does not go back, so the points that stand for several are written on a second walk. */
function write(metrics: Metrics, merged: ReadonlyMap<number, Merged>): void {
  const byOrdinal = new Map([...merged.values()].map((entry) => [entry.ordinal, entry] as const));
  let ordinal = 0;
  for (const point of metrics.points()) {
    const entry = byOrdinal.get(ordinal++);
    if (entry === undefined) continue;
    if (point.value !== entry.value) point.value = entry.value;
    if (point.timeUnixNano !== entry.timeUnixNano) point.timeUnixNano = entry.timeUnixNano;
    if (point.startTimeUnixNano !== entry.startTimeUnixNano) point.startTimeUnixNano = entry.startTimeUnixNano;
  }
}

/** Integers stay integers as long as they fit into `as_int`. */
function add(a: Value, b: Value): Value {
  if (typeof a !== "bigint" || typeof b !== "bigint") return Number(a) + Number(b);
  const sum = a + b;
  return BigInt.asIntN(64, sum) === sum ? sum : Number(sum);
}

function subtract(a: Value, b: Value): Value {
  return typeof a === "bigint" && typeof b === "bigint" ? a - b : Number(a) - Number(b);
}
