/**
 * The contract of telemetry in the collector.
 *
 * A batch is the protobuf bytes of one OTLP export request plus edits that are not written yet. A cursor walks
 * its items, decodes a value only when asked, and notes edits; `encode` copies untouched slices and writes only
 * what changed. Two holders of one batch each edit their own `fork()`: bytes are shared, edits are not. The edges of
 * a pipeline fork for their callee, so a component edits the batch that it is handed.
 */

import type { TextEditor } from "./text-api.ts";

/** The kinds of telemetry, as the OpenTelemetry Collector names them in a configuration. */
export const signals = ["logs", "metrics", "traces"] as const;
export type Signal = (typeof signals)[number];

/**
 * A value of an attribute or of a log body, one JavaScript type per field of OTLP's `AnyValue`:
 * `string_value` string, `bool_value` boolean, `int_value` **bigint**, `double_value` **number**,
 * `bytes_value` Uint8Array, `array_value` array, `kvlist_value` Map, no value set `null`.
 * A number is always a double and a bigint always an integer; neither turns into the other.
 */
export type AnyValue =
  | null
  | string
  | boolean
  | bigint
  | number
  | Uint8Array
  | readonly AnyValue[]
  | ReadonlyMap<string, AnyValue>;

/** Which field of `AnyValue` is set. */
export type ValueKind = "empty" | "string" | "bool" | "int" | "double" | "bytes" | "array" | "map";

/** An attribute name with its UTF-8 bytes, made once by `attributeKey`: what hot paths look attributes up with. */
export interface AttributeKey {
  readonly name: string;
  readonly utf8: Uint8Array;
}

/** Attribute names to look up together, the preferred one first: made once by `attributeKeys`. */
export interface AttributeKeys {
  readonly keys: readonly AttributeKey[];
  /** At `nameMark` of a name: the first of the keys that has this mark, or -1. Most other names have no such key. */
  readonly firsts: Int16Array;
  /** At each of the keys: the next one with the same mark, or -1. */
  readonly nexts: Int16Array;
}

/** An attribute by its name, or by the place where `locate` has found it, as long as it was not edited since. */
export type AttributeRef = string | AttributeKey | number;

/** Attributes that many items are given, encoded once by `encodeAttributes`. */
export interface EncodedAttributes {
  readonly keys: AttributeKeys;
  /** Where the KeyValue of each key begins, with a tag of one byte that depends on the kind of item. */
  readonly starts: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * The attributes of whatever the cursor that owns this view stands on.
 * Where a name occurs twice, reads see the first, `set` keeps the first place and removes the others, `delete`
 * removes all.
 */
export interface Attributes {
  /** How many attributes there are, repeated names included. */
  readonly size: number;
  has(key: string | AttributeKey): boolean;
  /** Which of the keys there is, the first of them in their own order, or -1: one walk, and allocates nothing. */
  firstOf(keys: AttributeKeys): number;
  /**
   * Where each of the keys is: sets `places` to numbers from 0 on that the readers take instead of a name, or to -1, which
   * they take as well. One walk, and allocates nothing.
   */
  locate(keys: AttributeKeys, places: Int32Array): void;
  kind(key: AttributeRef): ValueKind | undefined;
  /** The decoded value; `undefined` when there is no such attribute. */
  get(key: AttributeRef): AnyValue | undefined;
  /** The value when it is a string, else `undefined`; so for the other typed readers. */
  getString(key: AttributeRef): string | undefined;
  getBoolean(key: AttributeRef): boolean | undefined;
  getInt(key: AttributeRef): bigint | undefined;
  getDouble(key: AttributeRef): number | undefined;
  /** An int or a double as a JavaScript number: for comparing and weighing, not for passing on. */
  getNumber(key: AttributeRef): number | undefined;
  /** Writes what `getNumber` gives to `column[index]`, if there is one; whether there is. Allocates nothing. */
  copyNumber(key: AttributeRef, column: Float64Array, index: number): boolean;
  /** The bytes of a string value without decoding: a view into the batch, valid until the batch is encoded or edited. */
  getUtf8(key: AttributeRef): Uint8Array | undefined;
  /**
   * What `look` says of a string value, which it is shown as `bytes[start, end)` and must not keep; `undefined` where
   * there is no string. Allocates nothing.
   */
  look<Answer>(key: AttributeRef, look: (bytes: Uint8Array, start: number, end: number) => Answer): Answer | undefined;
  /** Whether the value is a string of exactly these UTF-8 bytes; allocates nothing. */
  equals(key: AttributeRef, utf8: Uint8Array): boolean;
  /**
   * A 32-bit hash (signed) of the value as it is encoded, so that values of different types differ; another `seed` gives
   * an independent hash. -1 when there is no such attribute or it has no value. Allocates nothing. For tables in memory, not for storing.
   */
  hash(key: AttributeRef, seed: number): number;
  /**
   * A 32-bit hash (signed) of all names and values as they are encoded, in whatever order they stand, but for the
   * attributes named in `without`. Allocates nothing. For tables in memory, not for storing.
   */
  hashAll(seed: number, without?: readonly AttributeKey[]): number;
  /** Visits the attributes in the order of `keys()` with 32-bit hashes (signed) of name and value; decodes nothing. */
  forEachHash(visit: (name: number, value: number) => void): void;
  /**
   * Visits the attributes in the order of `keys()` with the bytes of the name, the kind of the value, and the bytes of
   * a string, of other bytes, or of an encoded list or map (0 for other kinds). Allocates nothing, decodes nothing.
   */
  forEachShape(visit: (nameBytes: number, kind: ValueKind, valueBytes: number) => void): void;
  set(key: string | AttributeKey, value: AnyValue): void;
  /** Adds those of the attributes that are not there yet, all in one edit. */
  add(encoded: EncodedAttributes): void;
  /** True when something was removed. */
  delete(key: string | AttributeKey): boolean;
  keys(): Iterable<string>;
  entries(): Iterable<readonly [string, AnyValue]>;
}

/** The producer that the items below it share. Edits change it for all of them. */
export interface Resource {
  /** Position in the request: the same for all items of the resource, whatever is edited. */
  readonly ordinal: number;
  readonly attributes: Attributes;
  readonly schemaUrl: string;
}

/** The instrumentation scope that the items below it share. Edits change it for all of them. */
export interface Scope {
  /** Position in the request: the same for all items of the scope, whatever is edited. */
  readonly ordinal: number;
  name: string;
  version: string;
  readonly attributes: Attributes;
  readonly schemaUrl: string;
}

/**
 * A position in a batch. Starts before the first element; `advance` moves to the next that is not dropped and
 * returns false after the last. One object serves the whole walk: keep values, never the cursor.
 * Iterating it (`for … of`) yields the same object at each position.
 */
export interface Cursor {
  advance(): boolean;
  [Symbol.iterator](): Iterator<this>;
}

/** What items of all three signals have in common. */
export interface Item {
  /** Bytes of the item's message as it stands, without its frame and its share of resource and scope. */
  readonly byteSize: number;
  readonly attributes: Attributes;
  readonly resource: Resource;
  readonly scope: Scope;
  /**
   * Removes the item; `reason` (lower_snake_case) goes into the accounting. The metric, scope and resource whose last
   * item it was go with it.
   */
  drop(reason: string): void;
}

/** A log record (`opentelemetry.proto.logs.v1.LogRecord`). */
export interface LogRecord extends Item {
  /** Nanoseconds since the Unix epoch; 0n when unset. */
  timeUnixNano: bigint;
  observedTimeUnixNano: bigint;
  /** 0 (unset) to 24. */
  severityNumber: number;
  severityText: string;
  body: AnyValue;
  /** The bytes of a string body without decoding; `undefined` for any other body. */
  readonly bodyUtf8: Uint8Array | undefined;
  /** The byte at `offset`, from 0 on, of a string body; -1 behind its end and for any other body. Allocates nothing. */
  bodyByte(offset: number): number;
  eventName: string;
  flags: number;
  /** 32 lower-case hexadecimal digits, or "" when unset. */
  traceId: string;
  /** 16 lower-case hexadecimal digits, or "" when unset. */
  spanId: string;
  /**
   * Sets the first two of `hashes` to independent 32-bit hashes of what the record says: severity, body, event name and
   * attributes in whatever order they stand, as they are encoded. Its times, ids and flags, its scope and its resource do
   * not count. Allocates nothing. For tables in memory, not for storing.
   */
  contentHash(seed: number, hashes: Int32Array): void;
}

/** A span (`opentelemetry.proto.trace.v1.Span`). */
export interface Span extends Item {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  traceState: string;
  name: string;
  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  startTimeUnixNano: bigint;
  endTimeUnixNano: bigint;
  flags: number;
  /** 0 unset, 1 ok, 2 error. */
  statusCode: number;
  statusMessage: string;
  /** The span's events; edits through them are edits of the span. */
  events(): Cursor & SpanEvent;
  /** The span's links; edits through them are edits of the span. */
  links(): Cursor & SpanLink;
}

export interface SpanEvent {
  readonly timeUnixNano: bigint;
  name: string;
  readonly attributes: Attributes;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: Attributes;
}

export const metricTypes = ["none", "gauge", "sum", "histogram", "exponential_histogram", "summary"] as const;
export type MetricType = (typeof metricTypes)[number];
export type Temporality = "unspecified" | "delta" | "cumulative";

/** A metric (`opentelemetry.proto.metrics.v1.Metric`), the parent of data points. */
export interface Metric {
  /** Position in the request: the same for all points of the metric, whatever is edited. */
  readonly ordinal: number;
  name: string;
  description: string;
  unit: string;
  readonly type: MetricType;
  /** "unspecified" for gauges and summaries, which take no other. Changing it leaves the values of the points as they are. */
  temporality: Temporality;
  readonly monotonic: boolean;
  readonly resource: Resource;
  readonly scope: Scope;
  /** Removes the metric with all its points. */
  drop(reason: string): void;
}

/** What a point of a histogram with explicit bounds has counted. */
export interface Histogram {
  readonly type: "histogram";
  readonly count: bigint;
  readonly sum: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** One more than `bounds`, or none. */
  readonly bucketCounts: readonly bigint[];
  /** Upper bounds, inclusive and ascending; the last bucket has none. */
  readonly bounds: readonly number[];
}

/** Buckets number `offset`, `offset + 1`, …: bucket `i` of scale `s` holds (2^(i·2^-s), 2^((i+1)·2^-s)]. */
export interface ExponentialBuckets {
  readonly offset: number;
  readonly counts: readonly bigint[];
}

/** What a point of an exponential histogram has counted. */
export interface ExponentialHistogram {
  readonly type: "exponential_histogram";
  readonly count: bigint;
  readonly sum: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly scale: number;
  readonly zeroCount: bigint;
  readonly zeroThreshold: number;
  readonly positive: ExponentialBuckets;
  readonly negative: ExponentialBuckets;
}

export type Distribution = Histogram | ExponentialHistogram;

/** A data point of any metric type. */
export interface DataPoint extends Item {
  readonly metric: Metric;
  startTimeUnixNano: bigint;
  timeUnixNano: bigint;
  flags: number;
  /** Gauge and sum points: bigint for `as_int`, number for `as_double`; `undefined` for other types or when unset. */
  value: bigint | number | undefined;
  /** Histograms and summaries: the count; `undefined` for gauges and sums. */
  readonly count: bigint | undefined;
  /** Histograms and summaries: the sum; `undefined` where there is none. */
  readonly sum: number | undefined;
  /**
   * Histograms of both kinds: all that was counted, to be read and replaced as a whole; `undefined` for other types,
   * which do not take one. Exemplars and unknown fields of the point stay when it is replaced.
   */
  get distribution(): Distribution | undefined;
  set distribution(value: Distribution);
}

/** What batches of all three signals have in common. */
interface BatchBase {
  /** Records, data points or spans that are not dropped. */
  readonly count: number;
  /** The length of `encode()` in bytes, computed without encoding. */
  readonly byteSize: number;
  /** Whether there are edits, dropped items included: then the bytes that were read are kept in memory beside them. */
  readonly edited: boolean;
  /** Items dropped through this object by reason; a fork starts with none. */
  readonly dropped: ReadonlyMap<string, number>;
  resources(): Cursor & Resource;
  scopes(): Cursor & Scope & { readonly resource: Resource };
  /**
   * The request as protobuf bytes: the very bytes that were read when nothing was edited, and the same ones each time,
   * for forks as well, until the next edit.
   */
  encode(): Uint8Array;
  /** Shows an editor the texts of resources, scopes, metrics and items, wherever they stand, and writes its answers. */
  editTexts(editor: TextEditor): void;
}

/** An `ExportLogsServiceRequest`. */
export interface Logs extends BatchBase {
  readonly signal: "logs";
  records(): Cursor & LogRecord;
  /** A batch with the same content whose edits are its own. Costs nothing but the object until one of them is edited. */
  fork(): Logs;
  /**
   * Pieces of at most `maxCount` items each, in order, each with the resources and scopes of its items. Resources and
   * scopes without items are left out, so a batch without items has no pieces. The pieces are edited apart.
   */
  splitByCount(maxCount: number): Logs[];
  /** Pieces whose encoding is at most `maxBytes`; an item that is larger on its own becomes a piece of its own. */
  splitByBytes(maxBytes: number): Logs[];
}

/** An `ExportMetricsServiceRequest`. */
export interface Metrics extends BatchBase {
  readonly signal: "metrics";
  points(): Cursor & DataPoint;
  metrics(): Cursor & Metric;
  fork(): Metrics;
  splitByCount(maxCount: number): Metrics[];
  splitByBytes(maxBytes: number): Metrics[];
}

/** An `ExportTraceServiceRequest`. */
export interface Traces extends BatchBase {
  readonly signal: "traces";
  spans(): Cursor & Span;
  fork(): Traces;
  splitByCount(maxCount: number): Traces[];
  splitByBytes(maxBytes: number): Traces[];
}

/** A batch of any signal, told apart by `signal`. */
export type Batch = Logs | Metrics | Traces;

/** The batch type of a signal. */
export interface BatchOf {
  readonly logs: Logs;
  readonly metrics: Metrics;
  readonly traces: Traces;
}
