import type { DataPoint, Metric, Metrics, Temporality } from "@dbintel/pdata";
import { SeriesMemory, type SeriesMemoryOptions } from "./series-memory.ts";
import { measured, type Value } from "./value.ts";

/** The last total of a series. */
export interface Total {
  readonly value: Value;
  readonly startUnixNano: bigint;
  readonly timeUnixNano: bigint;
}

/** Forgets what a batch has told of its series: for one that was not taken and will come again. */
export type Undo = () => void;

/** The two directions differ in which metrics they change and in what a point becomes. */
export interface Direction {
  readonly to: Temporality;
  readonly applies: (metric: Metric) => boolean;
  /** Changes the point, or drops it, and returns the total of its series. */
  readonly convert: (point: DataPoint, value: Value, last: Total | undefined) => Total;
}

/** Brings metrics from one temporality to the other, with the last total of each series, within a bound. */
export class Conversion {
  readonly #totals: SeriesMemory<Total>;
  readonly #direction: Direction;

  constructor(memory: SeriesMemoryOptions, direction: Direction) {
    this.#totals = new SeriesMemory(memory);
    this.#direction = direction;
  }

  /** Series that are followed. */
  get size(): number {
    return this.#totals.size;
  }

  /** When the last of the series that were forgotten was seen; 0n when none was. */
  get forgottenUnixNano(): bigint {
    return this.#totals.forgottenUnixNano;
  }

  convert(metrics: Metrics, nowUnixNano: bigint, accepts: (metric: Metric) => boolean): Undo {
    const converted = new Set<number>();
    for (const metric of metrics.metrics()) {
      if (!this.#direction.applies(metric) || !accepts(metric)) continue;
      metric.temporality = this.#direction.to;
      converted.add(metric.ordinal);
    }
    if (converted.size === 0) return () => {};
    const undone: Undo[] = [];
    for (const point of metrics.points()) {
      if (converted.has(point.metric.ordinal)) this.#point(point, nowUnixNano, undone);
    }
    return () => {
      for (const undo of undone.reverse()) undo();
    };
  }

  #point(point: DataPoint, nowUnixNano: bigint, undone: Undo[]): void {
    const value = measured(point);
    if (value === undefined) return;
    const { key, state: last } = this.#totals.get(point, nowUnixNano);
    // What comes twice is counted once, and nothing is counted into a total that was passed on already.
    if (last !== undefined && point.timeUnixNano <= last.timeUnixNano) {
      point.drop("out_of_order");
      return;
    }
    const total = this.#direction.convert(point, value, last);
    this.#totals.set(key, total, nowUnixNano);
    undone.push(() => this.#totals.undo(key, total, last));
  }
}
