/**
 * The layout of OTLP 1.11 (`opentelemetry/proto/…/v1`): every message of the three signals with its field numbers.
 * The validating pass, the merge of repeated messages and OTLP/JSON all run on these tables.
 */
import type { Signal } from "./api.ts";
import { type FieldInit, MessageType, type Role, role, type ScalarType } from "./message-type.ts";

const scalar = (type: ScalarType) => (number: number) => ({ number, type }) satisfies FieldInit;
const bool = scalar("bool");
const uint32 = scalar("uint32");
const int32 = scalar("int32");
const sint32 = scalar("sint32");
const enumeration = scalar("enum");
const int64 = scalar("int64");
const fixed32 = scalar("fixed32");
const fixed64 = scalar("fixed64");
const sfixed64 = scalar("sfixed64");
const double = scalar("double");
const string = scalar("string");
const bytes = scalar("bytes");
const id = scalar("id");
const one = (number: number, message: string): FieldInit => ({ number, type: { message } });
const many = (number: number, message: string): FieldInit => ({ number, type: { message }, repeated: true });
const repeated = (field: FieldInit): FieldInit => ({ ...field, repeated: true });
const optional = (field: FieldInit): FieldInit => ({ ...field, optional: true });
const oneof = (name: string, field: FieldInit): FieldInit => ({ ...field, oneof: name });

const layout: Readonly<Record<string, Readonly<Record<string, FieldInit>>>> = {
  // collector/{logs,metrics,trace}/v1
  ExportLogsServiceRequest: { resourceLogs: many(1, "ResourceLogs") },
  ExportMetricsServiceRequest: { resourceMetrics: many(1, "ResourceMetrics") },
  ExportTraceServiceRequest: { resourceSpans: many(1, "ResourceSpans") },
  ExportLogsServiceResponse: { partialSuccess: one(1, "ExportLogsPartialSuccess") },
  ExportMetricsServiceResponse: { partialSuccess: one(1, "ExportMetricsPartialSuccess") },
  ExportTraceServiceResponse: { partialSuccess: one(1, "ExportTracePartialSuccess") },
  ExportLogsPartialSuccess: { rejectedLogRecords: int64(1), errorMessage: string(2) },
  ExportMetricsPartialSuccess: { rejectedDataPoints: int64(1), errorMessage: string(2) },
  ExportTracePartialSuccess: { rejectedSpans: int64(1), errorMessage: string(2) },
  // google/rpc/status.proto; `details` (3) is passed over
  RpcStatus: { code: int32(1), message: string(2) },
  // google/protobuf/any.proto, google/rpc/error_details.proto, google/protobuf/duration.proto
  Any: { typeUrl: string(1), value: bytes(2) },
  RetryInfo: { retryDelay: one(1, "Duration") },
  Duration: { seconds: int64(1), nanos: int32(2) },

  // common/v1
  AnyValue: {
    stringValue: oneof("value", string(1)),
    boolValue: oneof("value", bool(2)),
    intValue: oneof("value", int64(3)),
    doubleValue: oneof("value", double(4)),
    arrayValue: oneof("value", one(5, "ArrayValue")),
    kvlistValue: oneof("value", one(6, "KeyValueList")),
    bytesValue: oneof("value", bytes(7)),
    stringValueStrindex: oneof("value", int32(8)),
  },
  ArrayValue: { values: many(1, "AnyValue") },
  KeyValueList: { values: many(1, "KeyValue") },
  KeyValue: { key: string(1), value: one(2, "AnyValue"), keyStrindex: int32(3) },
  InstrumentationScope: {
    name: string(1),
    version: string(2),
    attributes: many(3, "KeyValue"),
    droppedAttributesCount: uint32(4),
  },
  EntityRef: {
    schemaUrl: string(1),
    type: string(2),
    idKeys: repeated(string(3)),
    descriptionKeys: repeated(string(4)),
  },
  // resource/v1
  Resource: {
    attributes: many(1, "KeyValue"),
    droppedAttributesCount: uint32(2),
    entityRefs: many(3, "EntityRef"),
  },

  // logs/v1
  ResourceLogs: { resource: one(1, "Resource"), scopeLogs: many(2, "ScopeLogs"), schemaUrl: string(3) },
  ScopeLogs: { scope: one(1, "InstrumentationScope"), logRecords: many(2, "LogRecord"), schemaUrl: string(3) },
  LogRecord: {
    timeUnixNano: fixed64(1),
    severityNumber: enumeration(2),
    severityText: string(3),
    body: one(5, "AnyValue"),
    attributes: many(6, "KeyValue"),
    droppedAttributesCount: uint32(7),
    flags: fixed32(8),
    traceId: id(9),
    spanId: id(10),
    observedTimeUnixNano: fixed64(11),
    eventName: string(12),
  },

  // trace/v1
  ResourceSpans: { resource: one(1, "Resource"), scopeSpans: many(2, "ScopeSpans"), schemaUrl: string(3) },
  ScopeSpans: { scope: one(1, "InstrumentationScope"), spans: many(2, "Span"), schemaUrl: string(3) },
  Span: {
    traceId: id(1),
    spanId: id(2),
    traceState: string(3),
    parentSpanId: id(4),
    name: string(5),
    kind: enumeration(6),
    startTimeUnixNano: fixed64(7),
    endTimeUnixNano: fixed64(8),
    attributes: many(9, "KeyValue"),
    droppedAttributesCount: uint32(10),
    events: many(11, "SpanEvent"),
    droppedEventsCount: uint32(12),
    links: many(13, "SpanLink"),
    droppedLinksCount: uint32(14),
    status: one(15, "SpanStatus"),
    flags: fixed32(16),
  },
  SpanEvent: {
    timeUnixNano: fixed64(1),
    name: string(2),
    attributes: many(3, "KeyValue"),
    droppedAttributesCount: uint32(4),
  },
  SpanLink: {
    traceId: id(1),
    spanId: id(2),
    traceState: string(3),
    attributes: many(4, "KeyValue"),
    droppedAttributesCount: uint32(5),
    flags: fixed32(6),
  },
  SpanStatus: { message: string(2), code: enumeration(3) },

  // metrics/v1
  ResourceMetrics: { resource: one(1, "Resource"), scopeMetrics: many(2, "ScopeMetrics"), schemaUrl: string(3) },
  ScopeMetrics: { scope: one(1, "InstrumentationScope"), metrics: many(2, "Metric"), schemaUrl: string(3) },
  Metric: {
    name: string(1),
    description: string(2),
    unit: string(3),
    gauge: oneof("data", one(5, "Gauge")),
    sum: oneof("data", one(7, "Sum")),
    histogram: oneof("data", one(9, "Histogram")),
    exponentialHistogram: oneof("data", one(10, "ExponentialHistogram")),
    summary: oneof("data", one(11, "Summary")),
    metadata: many(12, "KeyValue"),
  },
  Gauge: { dataPoints: many(1, "NumberDataPoint") },
  Sum: {
    dataPoints: many(1, "NumberDataPoint"),
    aggregationTemporality: enumeration(2),
    isMonotonic: bool(3),
  },
  Histogram: { dataPoints: many(1, "HistogramDataPoint"), aggregationTemporality: enumeration(2) },
  ExponentialHistogram: {
    dataPoints: many(1, "ExponentialHistogramDataPoint"),
    aggregationTemporality: enumeration(2),
  },
  Summary: { dataPoints: many(1, "SummaryDataPoint") },
  NumberDataPoint: {
    startTimeUnixNano: fixed64(2),
    timeUnixNano: fixed64(3),
    asDouble: oneof("value", double(4)),
    exemplars: many(5, "Exemplar"),
    asInt: oneof("value", sfixed64(6)),
    attributes: many(7, "KeyValue"),
    flags: uint32(8),
  },
  HistogramDataPoint: {
    startTimeUnixNano: fixed64(2),
    timeUnixNano: fixed64(3),
    count: fixed64(4),
    sum: optional(double(5)),
    bucketCounts: repeated(fixed64(6)),
    explicitBounds: repeated(double(7)),
    exemplars: many(8, "Exemplar"),
    attributes: many(9, "KeyValue"),
    flags: uint32(10),
    min: optional(double(11)),
    max: optional(double(12)),
  },
  ExponentialHistogramDataPoint: {
    attributes: many(1, "KeyValue"),
    startTimeUnixNano: fixed64(2),
    timeUnixNano: fixed64(3),
    count: fixed64(4),
    sum: optional(double(5)),
    scale: sint32(6),
    zeroCount: fixed64(7),
    positive: one(8, "Buckets"),
    negative: one(9, "Buckets"),
    flags: uint32(10),
    exemplars: many(11, "Exemplar"),
    min: optional(double(12)),
    max: optional(double(13)),
    zeroThreshold: double(14),
  },
  Buckets: { offset: sint32(1), bucketCounts: repeated({ number: 2, type: "uint64" }) },
  SummaryDataPoint: {
    startTimeUnixNano: fixed64(2),
    timeUnixNano: fixed64(3),
    count: fixed64(4),
    sum: double(5),
    quantileValues: many(6, "ValueAtQuantile"),
    attributes: many(7, "KeyValue"),
    flags: uint32(8),
  },
  ValueAtQuantile: { quantile: double(1), value: double(2) },
  Exemplar: {
    timeUnixNano: fixed64(2),
    asDouble: oneof("value", double(3)),
    spanId: id(4),
    traceId: id(5),
    asInt: oneof("value", sfixed64(6)),
    filteredAttributes: many(7, "KeyValue"),
  },
};

const roles: Readonly<Record<string, Role>> = {
  ResourceLogs: role.group,
  ResourceSpans: role.group,
  ResourceMetrics: role.group,
  ScopeLogs: role.container,
  ScopeSpans: role.container,
  ScopeMetrics: role.container,
  LogRecord: role.item,
  Span: role.item,
  Metric: role.item,
  Resource: role.resource,
  InstrumentationScope: role.scope,
  Gauge: role.data,
  Sum: role.data,
  Histogram: role.data,
  ExponentialHistogram: role.data,
  Summary: role.data,
  NumberDataPoint: role.point,
  HistogramDataPoint: role.point,
  ExponentialHistogramDataPoint: role.point,
  SummaryDataPoint: role.point,
};

function compile(): ReadonlyMap<string, MessageType> {
  const types = new Map<string, MessageType>();
  for (const name of Object.keys(layout)) types.set(name, new MessageType(name, roles[name] ?? role.none));
  for (const [name, fields] of Object.entries(layout)) types.get(name)?.declare(fields, types);
  return types;
}

/** The same messages where records, spans, metrics and data points are bytes that nobody looks into. */
function compileFrames(): ReadonlyMap<string, MessageType> {
  const types = new Map<string, MessageType>();
  for (const name of Object.keys(layout)) types.set(name, new MessageType(name, role.none));
  for (const [name, fields] of Object.entries(layout)) {
    const frames = Object.entries(fields).map(([field, init]) => [field, isItem(init) ? asBytes(init) : init] as const);
    types.get(name)?.declare(Object.fromEntries(frames), types);
  }
  return types;
}

function isItem({ type }: FieldInit): boolean {
  const roleOf = typeof type === "string" ? role.none : roles[type.message];
  return roleOf === role.item || roleOf === role.point;
}

function asBytes(field: FieldInit): FieldInit {
  return { ...field, type: "bytes" };
}

const types = compile();
const frames = compileFrames();

function typeNamed(name: string, among = types): MessageType {
  const type = among.get(name);
  if (type === undefined) throw new TypeError(`no message ${name} in the OTLP layout`);
  return type;
}

/** The message that a request of each signal is. */
export const requestTypes: Readonly<Record<Signal, MessageType>> = {
  logs: typeNamed("ExportLogsServiceRequest"),
  metrics: typeNamed("ExportMetricsServiceRequest"),
  traces: typeNamed("ExportTraceServiceRequest"),
};

/** A request without a look into its records, spans or metrics: what must be right before any of them can be found. */
export const requestFrames: Readonly<Record<Signal, MessageType>> = {
  logs: typeNamed("ExportLogsServiceRequest", frames),
  metrics: typeNamed("ExportMetricsServiceRequest", frames),
  traces: typeNamed("ExportTraceServiceRequest", frames),
};

export const metricType: MessageType = typeNamed("Metric");
/** A metric without a look into its data points. */
export const metricFrame: MessageType = typeNamed("Metric", frames);

/** The message that answers a request of each signal. */
export const responseTypes: Readonly<Record<Signal, MessageType>> = {
  logs: typeNamed("ExportLogsServiceResponse"),
  metrics: typeNamed("ExportMetricsServiceResponse"),
  traces: typeNamed("ExportTraceServiceResponse"),
};

export const statusType: MessageType = typeNamed("RpcStatus");
export const anyType: MessageType = typeNamed("Any");
export const retryInfoType: MessageType = typeNamed("RetryInfo");
