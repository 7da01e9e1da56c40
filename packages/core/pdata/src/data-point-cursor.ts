import type { Attributes, Cursor, DataPoint, Distribution, Metric, Resource, Scope } from "./api.ts";
import { AttributesView } from "./attributes-view.ts";
import { POINT } from "./batch-index.ts";
import type { BatchState } from "./batch-state.ts";
import { LevelCursor } from "./cursor.ts";
import { readExponentialHistogram, readHistogram, writeExponentialHistogram, writeHistogram } from "./distribution.ts";
import { fieldAt, getFixed64, getUint32, removeField, replaceField, setFixed64, setUint32 } from "./fields.ts";
import { MetricView } from "./metric-view.ts";
import { valueError } from "./pdata-error.ts";
import { ElementPlace } from "./place.ts";
import { Parents } from "./resource-view.ts";
import { afterField, afterVarint } from "./wire.ts";

/** The field numbers that differ between the kinds of data points, by the field number of the metric's data. */
interface Layout {
  readonly attributes: number;
  readonly flags: number;
  /** Number points have `as_double` (4) and `as_int` (6), the others `count` (4) and `sum` (5). */
  readonly isNumber: boolean;
  /** A summary's sum is always there, a histogram's may be missing. */
  readonly sumIsOptional: boolean;
  readonly distribution?: Distribution["type"];
}

const number: Layout = { attributes: 7, flags: 8, isNumber: true, sumIsOptional: false };
const layouts = new Map<number, Layout>([
  [5, number],
  [7, number],
  [9, { attributes: 9, flags: 10, isNumber: false, sumIsOptional: true, distribution: "histogram" }],
  [10, { attributes: 1, flags: 10, isNumber: false, sumIsOptional: true, distribution: "exponential_histogram" }],
  [11, { attributes: 7, flags: 8, isNumber: false, sumIsOptional: false }],
]);

/** The tags of `as_double` (4) and `as_int` (6), both FIXED64. */
const AS_DOUBLE_TAG = 0x21;
const AS_INT_TAG = 0x31;

/**
 * NumberDataPoint               => start_time(2) FIXED64, time(3) FIXED64, oneof as_double(4) DOUBLE | as_int(6) SFIXED64,
 *                                  exemplars(5) [Exemplar], attributes(7) [KeyValue], flags(8) UINT32
 * HistogramDataPoint            => start_time(2), time(3), count(4) FIXED64, sum(5) optional DOUBLE,
 *                                  bucket_counts(6) [FIXED64], explicit_bounds(7) [DOUBLE], exemplars(8) [Exemplar],
 *                                  attributes(9) [KeyValue], flags(10) UINT32, min(11), max(12) optional DOUBLE
 * ExponentialHistogramDataPoint => attributes(1) [KeyValue], start_time(2), time(3), count(4) FIXED64,
 *                                  sum(5) optional DOUBLE, scale(6) SINT32, zero_count(7) FIXED64, positive(8),
 *                                  negative(9) Buckets, flags(10) UINT32, exemplars(11) [Exemplar], min(12),
 *                                  max(13) optional DOUBLE, zero_threshold(14) DOUBLE
 * SummaryDataPoint              => start_time(2), time(3), count(4) FIXED64, sum(5) DOUBLE,
 *                                  quantile_values(6) [ValueAtQuantile], attributes(7) [KeyValue], flags(8) UINT32
 */
export class DataPointCursor extends LevelCursor implements Cursor, DataPoint {
  readonly #attributes: AttributesView;
  readonly #place: ElementPlace;
  readonly #parents: Parents;
  readonly #metric: MetricView;
  /** The metric that the point belongs to, and what its points look like. */
  #metricElement = -1;
  #layout = number;

  constructor(state: BatchState) {
    super(state, POINT);
    this.#place = new ElementPlace(state, POINT);
    this.#parents = new Parents(state);
    this.#metric = new MetricView(state);
    this.#attributes = new AttributesView(this.#place, number.attributes);
  }

  protected moved(): void {
    this.#place.moveTo(this.element);
    const { index } = this.state;
    const metric = index.point.parent[this.element] as number;
    if (metric === this.#metricElement) return;
    this.#metricElement = metric;
    this.#layout = layouts.get(index.item.dataField[metric] as number) ?? number;
    this.#attributes.field = this.#layout.attributes;
  }

  get attributes(): Attributes {
    return this.#attributes;
  }

  get metric(): Metric {
    return this.#metric.at(this.#metricElement);
  }

  get byteSize(): number {
    this.#place.sync();
    return this.#place.end - this.#place.start;
  }

  get resource(): Resource {
    return this.#parents.resourceOf(this.#container);
  }

  get scope(): Scope {
    return this.#parents.scopeAt(this.#container);
  }

  get #container(): number {
    return this.state.index.item.parent[this.#metricElement] as number;
  }

  drop(reason: string): void {
    this.state.drop(POINT, this.element, reason);
  }

  get startTimeUnixNano(): bigint {
    return getFixed64(this.#place, 2);
  }

  set startTimeUnixNano(value: bigint) {
    setFixed64(this.#place, 2, value);
  }

  get timeUnixNano(): bigint {
    return getFixed64(this.#place, 3);
  }

  set timeUnixNano(value: bigint) {
    setFixed64(this.#place, 3, value);
  }

  get flags(): number {
    return getUint32(this.#place, this.#layout.flags);
  }

  set flags(value: number) {
    setUint32(this.#place, this.#layout.flags, value);
  }

  get value(): bigint | number | undefined {
    if (!this.#layout.isNumber) return undefined;
    const place = this.#place;
    place.sync();
    const { bytes, view } = place.source;
    for (let pos = place.start; pos < place.end; pos = afterField(bytes, pos)) {
      if (bytes[pos] === AS_DOUBLE_TAG) return view.getFloat64(pos + 1, true);
      if (bytes[pos] === AS_INT_TAG) return view.getBigInt64(pos + 1, true);
    }
    return undefined;
  }

  set value(value: bigint | number | undefined) {
    if (!this.#layout.isNumber) throw valueError("only points of gauges and sums have a value");
    const patch = this.#place.scratch();
    if (typeof value === "bigint") {
      if (value !== BigInt.asIntN(64, value)) throw valueError("an integer of more than 64 bits");
      patch.fixed64(6, value);
      removeField(this.#place, 4);
      replaceField(this.#place, 6, patch);
    } else {
      if (value !== undefined) patch.double(4, value);
      removeField(this.#place, 6);
      replaceField(this.#place, 4, patch);
    }
  }

  get count(): bigint | undefined {
    return this.#layout.isNumber ? undefined : getFixed64(this.#place, 4);
  }

  get sum(): number | undefined {
    if (this.#layout.isNumber) return undefined;
    const pos = fieldAt(this.#place, 5);
    if (pos < 0) return this.#layout.sumIsOptional ? undefined : 0;
    const { source } = this.#place;
    return source.view.getFloat64(afterVarint(source.bytes, pos), true);
  }

  get distribution(): Distribution | undefined {
    switch (this.#layout.distribution) {
      case "histogram":
        return readHistogram(this.#place);
      case "exponential_histogram":
        return readExponentialHistogram(this.#place);
      default:
        return undefined;
    }
  }

  set distribution(value: Distribution) {
    if (value.type !== this.#layout.distribution) throw valueError(`a ${value.type} in a point of another type`);
    if (value.type === "histogram") writeHistogram(this.#place, value);
    else writeExponentialHistogram(this.#place, value);
  }
}
