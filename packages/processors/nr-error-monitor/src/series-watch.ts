import { AttributeValues, Sketch } from "@dbintel/cardinality";
import { joinHash, type Metrics } from "@dbintel/pdata";
import { LRUCache } from "lru-cache";

/** Metrics whose series are counted; one beyond displaces that which was silent longest. */
const maxMetrics = 1000;
/** Metrics of many series whose attributes are looked into. */
const maxWide = 16;
/** Attribute names of one metric that are looked into. */
const maxNames = 64;
const seed = 1;

/** What is known of one metric today. */
interface Series {
  readonly all: Sketch;
  values: AttributeValues | undefined;
}

/** A metric with many series. */
export interface WideMetric {
  readonly metric: string;
  readonly series: number;
  /** The attribute with most values. */
  readonly attribute: string | undefined;
  readonly values: number;
}

/** Counts the series of each metric in a day of UTC, as New Relic does, and finds the attribute that makes them. */
export class SeriesWatch {
  readonly #warning: number;
  readonly #metrics = new LRUCache<string, Series>({ max: maxMetrics });
  #wide = 0;
  #day = -1;

  constructor(warning: number) {
    this.#warning = warning;
  }

  /** Counts the series of a batch. */
  count(metrics: Metrics, unixNano: bigint): void {
    this.#turnTo(Number(unixNano / 86_400_000_000_000n));
    let ordinal = -1;
    let producer = 0;
    let series: Series | undefined;
    const point = metrics.points();
    while (point.advance()) {
      const { metric, attributes } = point;
      if (series === undefined || metric.ordinal !== ordinal) {
        ordinal = metric.ordinal;
        producer = metric.resource.attributes.hashAll(seed);
        series = this.#of(metric.name);
      }
      series.all.add(joinHash(producer, attributes.hashAll(seed)));
      series.values?.measure(attributes);
    }
  }

  /** Metrics above the warning threshold, the one with most series first. */
  wide(): readonly WideMetric[] {
    const found: WideMetric[] = [];
    for (const [metric, series] of this.#metrics.entries()) {
      const estimate = Math.round(series.all.estimate);
      if (estimate < this.#warning) continue;
      if (series.values === undefined && this.#wide < maxWide) {
        // From now on: what made the series that are there is most likely what makes the next ones.
        series.values = new AttributeValues(maxNames);
        this.#wide++;
      }
      found.push({ metric, series: estimate, ...widest(series.values) });
    }
    return found.sort((a, b) => b.series - a.series);
  }

  /** Series of the metric with most. */
  get most(): number {
    let most = 0;
    for (const { all } of this.#metrics.values()) most = Math.max(most, Math.round(all.estimate));
    return most;
  }

  has(metric: string): boolean {
    return this.#metrics.has(metric);
  }

  #of(metric: string): Series {
    const found = this.#metrics.get(metric);
    if (found !== undefined) return found;
    const series = { all: new Sketch(), values: undefined };
    this.#metrics.set(metric, series);
    return series;
  }

  #turnTo(day: number): void {
    if (day === this.#day) return;
    this.#day = day;
    this.#metrics.clear();
    this.#wide = 0;
  }
}

function widest(values: AttributeValues | undefined): Pick<WideMetric, "attribute" | "values"> {
  let attribute: string | undefined;
  let most = 0;
  for (const name of values?.names() ?? []) {
    if (name.values.estimate <= most) continue;
    most = name.values.estimate;
    attribute = name.key.name;
  }
  return { attribute, values: Math.round(most) };
}
