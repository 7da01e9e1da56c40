import { addNumbers, type DataPoint, type Distribution, joinDistributions, type NumberValue } from "@dbintel/pdata";

/** Why a point did not become the value of a series; the `reason` of its drop. */
export type Rejection = "unsupported_type" | "no_value" | "out_of_order";

/** What a series shows: a number, or what a histogram has counted. */
export type Shown =
  | { readonly type: "number"; readonly value: NumberValue }
  | { readonly type: "histogram"; readonly distribution: Distribution };

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
      return { type: "number", value: addNumbers(before.value, delta.value) };
    }
    // Another type under the same name, or other bounds: the total begins anew, which Prometheus reads as a reset.
    if (before.type === "number" || delta.type === "number") return delta;
    const distribution = joinDistributions(before.distribution, delta.distribution);
    return distribution === undefined ? delta : { type: "histogram", distribution };
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
  return distribution === undefined ? "unsupported_type" : { type: "histogram", distribution };
}
