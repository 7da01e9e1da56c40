import type { DataPoint, Histogram } from "@dbintel/pdata";

/** Why a point did not become the value of a series; the `reason` of its drop. */
export type Rejection = "unsupported_type" | "no_value" | "out_of_order";

/** What a series shows: a number, or what a histogram has counted. */
export type Shown =
  | { readonly type: "number"; readonly value: bigint | number }
  | { readonly type: "histogram"; readonly histogram: Histogram };

/** The last value of one series. Deltas are added up, as Prometheus knows only totals. */
export class Series {
  /** As they stand between braces. */
  readonly labels: string;
  #shown: Shown | undefined;
  #timeUnixNano = 0n;
  /** When its last value came, on the clock of this process. */
  #updatedMs = 0;

  constructor(labels: string) {
    this.labels = labels;
  }

  get shown(): Shown | undefined {
    return this.#shown;
  }

  /** When the value was measured. */
  get timeUnixNano(): bigint {
    return this.#timeUnixNano;
  }

  get updatedMs(): number {
    return this.#updatedMs;
  }

  /**
   * Takes a point. A total that is older than the last one is not taken, and of deltas none that is not newer: it would
   * be counted twice when a sender repeats what it has sent.
   */
  take(point: DataPoint, nowMs: number): Rejection | undefined {
    const { temporality } = point.metric;
    const { timeUnixNano } = point;
    const isDelta = temporality === "delta";
    const last = this.#timeUnixNano;
    if (this.#shown !== undefined && (isDelta ? timeUnixNano <= last : timeUnixNano < last)) return "out_of_order";
    const next = isDelta ? this.#sum(point) : shownBy(point);
    if (typeof next === "string") return next;
    this.#shown = next;
    this.#timeUnixNano = timeUnixNano;
    this.#updatedMs = nowMs;
    return undefined;
  }

  #sum(point: DataPoint): Shown | Rejection {
    const delta = shownBy(point);
    const before = this.#shown;
    if (typeof delta === "string" || before === undefined) return delta;
    if (before.type === "number" && delta.type === "number") {
      return { type: "number", value: added(before.value, delta.value) };
    }
    if (before.type === "histogram" && delta.type === "histogram") return merged(before.histogram, delta.histogram);
    // Another type under the same name: it begins anew.
    return delta;
  }
}

/** DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK: the point says that there is no value. */
const noRecordedValue = 1;

function shownBy(point: DataPoint): Shown | Rejection {
  if ((point.flags & noRecordedValue) !== 0) return "no_value";
  const { type } = point.metric;
  if (type === "gauge" || type === "sum") {
    return point.value === undefined ? "no_value" : { type: "number", value: point.value };
  }
  const { distribution } = point;
  return distribution?.type === "histogram" ? { type: "histogram", histogram: distribution } : "unsupported_type";
}

function added(one: bigint | number, other: bigint | number): bigint | number {
  return typeof one === "bigint" && typeof other === "bigint" ? one + other : Number(one) + Number(other);
}

/** Buckets with other bounds cannot be added: the total begins anew, which Prometheus reads as a reset. */
function merged(total: Histogram, delta: Histogram): Shown {
  const sameBounds =
    total.bounds.length === delta.bounds.length && total.bounds.every((bound, at) => bound === delta.bounds[at]);
  if (!sameBounds) return { type: "histogram", histogram: delta };
  const sum = total.sum === undefined || delta.sum === undefined ? undefined : total.sum + delta.sum;
  const bucketCounts = total.bucketCounts.map((count, at) => count + (delta.bucketCounts[at] ?? 0n));
  return { type: "histogram", histogram: { ...delta, count: total.count + delta.count, sum, bucketCounts } };
}
