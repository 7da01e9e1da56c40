import type { DataPoint, Distribution, Item, Metric, Metrics, NumberValue } from "@dbintel/pdata";
import { addNumbers, hashText, joinDistributions, joinHash } from "@dbintel/pdata";
import { LRUCache } from "lru-cache";
import { type FoldedSeries, MetricSeries, otherValue, type Producer } from "./metric-series.ts";
import { Totals } from "./totals.ts";
import { wideHash } from "./wide-hash.ts";

/** Metrics whose series are counted; one beyond displaces that which was silent longest. */
const maxMetrics = 1000;
/** DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK. */
const noRecordedValue = 1;

/**
 * How points of a metric are joined: `part` adds to what the batch holds already, `last` stands for it, `counts` are
 * histograms. Points of other metrics are not folded.
 */
type Kind = "part" | "total" | "last" | "counts";

/** What the points of one metric in one batch have in common. */
interface Family extends Producer {
  /** Of the metric in the batch. */
  readonly ordinal: number;
  /** `undefined` for what is not folded. */
  readonly kind: Kind | undefined;
  readonly monotonic: boolean;
  readonly series: MetricSeries;
}

interface Joined {
  /** Position among the points of the batch that are left. */
  readonly ordinal: number;
  /** Whether it stands for several points. */
  several: boolean;
  value: NumberValue | Distribution;
  timeUnixNano: bigint;
  startTimeUnixNano: bigint;
}

/**
 * Holds every metric to a number of series: the values of attributes of further ones become `other`, and points that
 * are then the same series become one. What the one is keeps sums exact:
 * - a delta sum is the sum of its parts;
 * - a cumulative sum is the running total of the increases of its parts, so that it does not matter which of them
 *   a batch holds; after a restart of the collector it begins again, as a reset counter does;
 * - of gauges, which do not add up, the last one counts;
 * - a delta histogram has the counts, sums and buckets of its parts, where these have the same buckets.
 * Cumulative histograms and summaries pass as they are.
 */
export class Folding {
  readonly #limit: number;
  readonly #series = new LRUCache<string, MetricSeries>({ max: maxMetrics });
  /** Made when the first cumulative series is folded: it takes some megabytes. */
  #totals: Totals | undefined;

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
    const joined = new Map<number, Joined>();
    let folded = 0;
    let ordinal = 0;
    let family: Family | undefined;
    const point = metrics.points();
    while (point.advance()) {
      const count = metrics.count;
      try {
        const { metric } = point;
        if (family?.ordinal !== metric.ordinal) family = this.#familyOf(metric);
        // Most points end here (benchmark `processors`).
        if (family.kind !== undefined && !family.series.hasPlace(point.attributes, family, share)) {
          if (this.#fold(point, family, share, joined, ordinal)) folded++;
        }
      } catch {
        failed(point);
      }
      if (metrics.count === count) ordinal++;
    }
    if (joined.size > 0) write(metrics, joined);
    return folded;
  }

  /** Begins a new window in which places are counted. */
  rotate(): void {
    for (const series of this.#series.values()) series.rotate();
  }

  /** Makes the point part of another series, or joins it with one of the batch and drops it; false when it stays. */
  #fold(point: DataPoint, family: Family, share: number, joined: Map<number, Joined>, ordinal: number): boolean {
    const own = countedBy(point);
    const folded = own === undefined ? undefined : family.series.fold(point.attributes, family, share);
    if (own === undefined || folded === undefined) return false;
    const before = joined.get(folded.id);
    const value = this.#joinedValue(point, own, family, folded, before);
    if (value === undefined) return false;
    if (before !== undefined) {
      before.value = value;
      before.several = true;
      const { timeUnixNano: time, startTimeUnixNano: start } = point;
      if (time > before.timeUnixNano) before.timeUnixNano = time;
      if (start !== 0n && start < before.startTimeUnixNano) before.startTimeUnixNano = start;
      point.drop("folded");
      return true;
    }
    for (const key of folded.keys) point.attributes.set(key, otherValue);
    const { timeUnixNano, startTimeUnixNano } = point;
    joined.set(folded.id, { ordinal, several: false, value, timeUnixNano, startTimeUnixNano });
    return true;
  }

  /** The value of the folded series as far as it is known by now; `undefined` where the point cannot be joined. */
  #joinedValue(
    point: DataPoint,
    own: NumberValue | Distribution,
    family: Family,
    folded: FoldedSeries,
    before: Joined | undefined,
  ): NumberValue | Distribution | undefined {
    if (typeof own === "object") {
      if (before === undefined) return own;
      return typeof before.value === "object" ? joinDistributions(before.value, own) : undefined;
    }
    if (family.kind === "last") return own;
    if (family.kind === "part") {
      return before === undefined || typeof before.value === "object" ? own : addNumbers(before.value, own);
    }
    const part = wideHash(point.attributes.hashAll(family.a), point.attributes.hashAll(family.b));
    this.#totals ??= new Totals();
    return this.#totals.rise({ folded: folded.id, part, value: own, monotonic: family.monotonic });
  }

  #familyOf(metric: Metric): Family {
    const { ordinal, name, unit, type, temporality, monotonic, resource, scope } = metric;
    const half = (seed: number) => {
      const producer = joinHash(resource.attributes.hashAll(seed), scope.attributes.hashAll(seed));
      const text = [scope.name, scope.version, name, unit, type, temporality].join("\0");
      return joinHash(producer, hashText(text, seed));
    };
    return { ordinal, kind: kindOf(metric), monotonic, series: this.#of(name), a: half(1), b: half(2) };
  }

  #of(metric: string): MetricSeries {
    const found = this.#series.get(metric);
    if (found !== undefined) return found;
    const series = new MetricSeries(this.#limit);
    this.#series.set(metric, series);
    return series;
  }
}

function kindOf({ type, temporality }: Metric): Kind | undefined {
  switch (type) {
    case "gauge":
      return "last";
    case "sum":
      return temporality === "cumulative" ? "total" : "part";
    case "histogram":
    case "exponential_histogram":
      return temporality === "delta" ? "counts" : undefined;
    default:
      return undefined;
  }
}

function countedBy(point: DataPoint): NumberValue | Distribution | undefined {
  if ((point.flags & noRecordedValue) !== 0) return undefined;
  return point.value ?? point.distribution;
}

/** A cursor does not go back, so the points that stand for several are written on a second walk. */
function write(metrics: Metrics, joined: ReadonlyMap<number, Joined>): void {
  const byOrdinal = new Map([...joined.values()].map((entry) => [entry.ordinal, entry] as const));
  let ordinal = 0;
  const point = metrics.points();
  while (point.advance()) {
    const entry = byOrdinal.get(ordinal++);
    if (entry === undefined) continue;
    const { several, value, timeUnixNano, startTimeUnixNano } = entry;
    if (typeof value !== "object") {
      if (point.value !== value) point.value = value;
    } else if (several) point.distribution = value;
    if (point.timeUnixNano !== timeUnixNano) point.timeUnixNano = timeUnixNano;
    if (point.startTimeUnixNano !== startTimeUnixNano) point.startTimeUnixNano = startTimeUnixNano;
  }
}
