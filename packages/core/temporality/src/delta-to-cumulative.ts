import type { DataPoint, Metric, Metrics } from "@dbintel/pdata";
import { Conversion, type Total, type Undo } from "./conversion.ts";
import type { SeriesMemoryOptions } from "./series-memory.ts";
import { setValue, sum, type Value } from "./value.ts";

/** Turns changes of sums and histograms into totals since the first change of each series. */
export class DeltaToCumulative {
  readonly #conversion: Conversion;

  constructor(memory: SeriesMemoryOptions) {
    this.#conversion = new Conversion(memory, {
      to: "cumulative",
      applies: ({ temporality }) => temporality === "delta",
      convert: totalOf,
    });
  }

  /** Series that are followed. */
  get size(): number {
    return this.#conversion.size;
  }

  /** Changes the batch, of which `accepts` says which metrics. Drops what comes twice or too late (`out_of_order`). */
  convert(metrics: Metrics, nowUnixNano: bigint, accepts: (metric: Metric) => boolean = () => true): Undo {
    return this.#conversion.convert(metrics, nowUnixNano, accepts);
  }
}

function totalOf(point: DataPoint, change: Value, last: Total | undefined): Total {
  const { timeUnixNano } = point;
  // What cannot be added, such as buckets with other bounds, begins a new total.
  const value = last === undefined ? undefined : sum(last.value, change);
  const startUnixNano = last === undefined || value === undefined ? startOf(point) : last.startUnixNano;
  const total = { value: value ?? change, startUnixNano, timeUnixNano };
  setValue(point, total.value);
  point.startTimeUnixNano = startUnixNano;
  return total;
}

/** A total without a start would be one of unknown age. */
function startOf({ startTimeUnixNano, timeUnixNano }: DataPoint): bigint {
  return startTimeUnixNano === 0n ? timeUnixNano : startTimeUnixNano;
}
