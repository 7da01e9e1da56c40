import type { DataPoint, Metric, Metrics } from "@dbintel/pdata";
import { Conversion, type Total, type Undo } from "./conversion.ts";
import type { SeriesMemoryOptions } from "./series-memory.ts";
import { difference, setValue, type Value } from "./value.ts";

export const initialValues = ["auto", "keep", "drop"] as const;

/**
 * What becomes of the first total of a series: `drop` makes it the baseline of the next one, `keep` passes it on as a
 * change, and `auto` does so when the series has begun while it was followed.
 */
export type InitialValue = (typeof initialValues)[number];

export interface CumulativeToDeltaOptions extends SeriesMemoryOptions {
  readonly initialValue: InitialValue;
  /** Since when series are followed. */
  readonly startedUnixNano: bigint;
}

/**
 * Turns totals of monotonic sums and of histograms into the changes between them. Sums that may fall stay totals: their
 * level is what matters.
 */
export class CumulativeToDelta {
  readonly #conversion: Conversion;
  readonly #initialValue: InitialValue;
  readonly #startedUnixNano: bigint;

  constructor({ initialValue, startedUnixNano, ...memory }: CumulativeToDeltaOptions) {
    this.#initialValue = initialValue;
    this.#startedUnixNano = startedUnixNano;
    this.#conversion = new Conversion(memory, {
      to: "delta",
      applies: isMonotonicTotal,
      convert: (...args) => this.#change(...args),
    });
  }

  /** Series that are followed. */
  get size(): number {
    return this.#conversion.size;
  }

  /**
   * Changes the batch, of which `accepts` says which metrics. Drops totals without an earlier one (`baseline`), and
   * what comes twice or too late (`out_of_order`).
   */
  convert(metrics: Metrics, nowUnixNano: bigint, accepts: (metric: Metric) => boolean = () => true): Undo {
    return this.#conversion.convert(metrics, nowUnixNano, accepts);
  }

  #change(point: DataPoint, value: Value, last: Total | undefined): Total {
    const { startTimeUnixNano: startUnixNano, timeUnixNano } = point;
    if (last === undefined) {
      if (!this.#passesFirst(startUnixNano)) point.drop("baseline");
    } else {
      // A counter that was reset has a later start, or a total that has fallen: all of it was counted since.
      const change = startUnixNano > last.timeUnixNano ? undefined : difference(value, last.value);
      if (change !== undefined) setValue(point, change);
      if (startUnixNano < last.timeUnixNano) point.startTimeUnixNano = last.timeUnixNano;
    }
    return { value, startUnixNano, timeUnixNano };
  }

  /** A series that was forgotten and comes back looks like a new one, but most of its total was passed on already. */
  #passesFirst(startUnixNano: bigint): boolean {
    if (this.#initialValue !== "auto") return this.#initialValue === "keep";
    return startUnixNano >= this.#startedUnixNano && startUnixNano > this.#conversion.forgottenUnixNano;
  }
}

function isMonotonicTotal({ type, temporality, monotonic }: Metric): boolean {
  if (temporality !== "cumulative") return false;
  return type === "sum" ? monotonic : type === "histogram" || type === "exponential_histogram";
}
