import {
  type Cursor,
  type Metric,
  type MetricType,
  metricTypes,
  type Resource,
  type Scope,
  type Temporality,
} from "./api.ts";
import { ITEM } from "./batch-index.ts";
import type { BatchState } from "./batch-state.ts";
import { LevelCursor } from "./cursor.ts";
import { temporalityField } from "./edits.ts";
import { getString, setString } from "./fields.ts";
import { valueError } from "./pdata-error.ts";
import { ElementPlace } from "./place.ts";
import { Parents } from "./resource-view.ts";
import { afterVarint, findField, readBool, readInt32 } from "./wire.ts";

/** The type of a metric by the field number of its data. */
const dataFields = [0, 5, 7, 9, 10, 11] as const;
const temporalities: readonly Temporality[] = ["unspecified", "delta", "cumulative"];
const sumField = 7;
/** The data of sums and histograms of both kinds. */
const withTemporality = new Set([sumField, 9, 10]);

/**
 * Metric => name(1) STRING, description(2) STRING, unit(3) STRING, oneof gauge(5) Gauge | sum(7) Sum |
 *           histogram(9) Histogram | exponential_histogram(10) ExponentialHistogram | summary(11) Summary,
 *           metadata(12) [KeyValue]
 * Gauge, Summary                           => data_points(1)
 * Sum, Histogram, ExponentialHistogram     => data_points(1), aggregation_temporality(2) ENUM
 * Sum                                      => is_monotonic(3) BOOL
 */
export class MetricView implements Metric {
  readonly #state: BatchState;
  readonly #place: ElementPlace;
  readonly #parents: Parents;

  constructor(state: BatchState) {
    this.#state = state;
    this.#place = new ElementPlace(state, ITEM);
    this.#parents = new Parents(state);
  }

  at(metric: number): this {
    if (this.#place.element !== metric) this.#place.moveTo(metric);
    return this;
  }

  get ordinal(): number {
    return this.#place.element;
  }

  get name(): string {
    return getString(this.#place, 1);
  }

  set name(value: string) {
    setString(this.#place, 1, value);
  }

  get description(): string {
    return getString(this.#place, 2);
  }

  set description(value: string) {
    setString(this.#place, 2, value);
  }

  get unit(): string {
    return getString(this.#place, 3);
  }

  set unit(value: string) {
    setString(this.#place, 3, value);
  }

  get type(): MetricType {
    return metricTypes[dataFields.indexOf(this.#dataField as 0)] ?? "none";
  }

  get temporality(): Temporality {
    const edited = this.#state.edits?.temporalities.get(this.#place.element);
    const pos = edited === undefined ? this.#inData(temporalityField) : -1;
    const value = pos < 0 ? (edited ?? 0) : readInt32(this.#state.source.bytes, pos);
    return temporalities[value] ?? "unspecified";
  }

  set temporality(value: Temporality) {
    if (value === this.temporality) return;
    if (!withTemporality.has(this.#dataField)) throw valueError(`a ${this.type} has no temporality`);
    this.#state.ownEdits().setTemporality(this.#place.element, temporalities.indexOf(value));
  }

  get monotonic(): boolean {
    const pos = this.#dataField === sumField ? this.#inData(3) : -1;
    return pos >= 0 && readBool(this.#state.source.bytes, pos);
  }

  get resource(): Resource {
    return this.#parents.resourceOf(this.#container);
  }

  get scope(): Scope {
    return this.#parents.scopeAt(this.#container);
  }

  drop(reason: string): void {
    this.#state.drop(ITEM, this.#place.element, reason);
  }

  get #container(): number {
    return this.#state.index.item.parent[this.#place.element] as number;
  }

  get #dataField(): number {
    return this.#state.index.item.dataField[this.#place.element] as number;
  }

  /** The position of the value of a field of the data as it was read, or -1. */
  #inData(field: number): number {
    const { innerStart, innerEnd } = this.#state.index.item;
    const at = this.#place.element;
    const { bytes } = this.#state.source;
    const pos = findField(bytes, innerStart[at] as number, innerEnd[at] as number, field);
    return pos < 0 ? -1 : afterVarint(bytes, pos);
  }
}

export class MetricCursor extends LevelCursor implements Cursor, Metric {
  readonly #metric: MetricView;

  constructor(state: BatchState) {
    super(state, ITEM);
    this.#metric = new MetricView(state);
  }

  protected moved(): void {
    this.#metric.at(this.element);
  }

  get ordinal(): number {
    return this.element;
  }

  get name(): string {
    return this.#metric.name;
  }

  set name(value: string) {
    this.#metric.name = value;
  }

  get description(): string {
    return this.#metric.description;
  }

  set description(value: string) {
    this.#metric.description = value;
  }

  get unit(): string {
    return this.#metric.unit;
  }

  set unit(value: string) {
    this.#metric.unit = value;
  }

  get type(): MetricType {
    return this.#metric.type;
  }

  get temporality(): Temporality {
    return this.#metric.temporality;
  }

  set temporality(value: Temporality) {
    this.#metric.temporality = value;
  }

  get monotonic(): boolean {
    return this.#metric.monotonic;
  }

  get resource(): Resource {
    return this.#metric.resource;
  }

  get scope(): Scope {
    return this.#metric.scope;
  }

  drop(reason: string): void {
    this.#metric.drop(reason);
  }
}
