/** Everything that the lens can read, as plain objects, and the same from the oracle's objects. */
import {
  type AnyValue,
  type Attributes,
  attributeKey,
  attributeKeys,
  type Batch,
  type DataPoint,
  type LogRecord,
  type Metric,
  type Scope,
  type Signal,
  type Span,
  type ValueKind,
} from "@dbintel/pdata";
import { items, type Leaf } from "./edits.ts";
import type { OracleAttributed, OracleKeyValue, OracleMetric, OracleValue } from "./oracle.ts";
import { fromOracleValue } from "./values.ts";

export function readLens(batch: Batch): unknown[] {
  const result: unknown[] = [];
  for (const item of items(batch)) {
    result.push({
      attributes: readAttributes(item.attributes),
      resource: [...item.resource.attributes.entries()],
      resourceUrl: item.resource.schemaUrl,
      scope: readScope(item.scope),
      ...readers[batch.signal](item as never),
    });
  }
  return result;
}

/** By each of the readers, with names and with keys. */
function readAttributes(attributes: Attributes): unknown {
  const names = [...attributes.keys()];
  return {
    size: attributes.size,
    names,
    entries: [...attributes.entries()],
    byName: [...new Set(names), "absent"].map((name) => readByName(attributes, name)),
    firstOf: [attributes.firstOf(attributeKeys(["absent", ...names.toReversed()])), attributes.firstOf(absentKeys)],
    located: located(attributes, ["absent", ...names.toReversed()]),
  };
}

/** The values at the places of the names. */
function located(attributes: Attributes, names: readonly string[]): readonly unknown[] {
  const places = new Int32Array(names.length).fill(7);
  attributes.locate(attributeKeys(names), places);
  return Array.from(places, (place) => attributes.get(place));
}

const absentKeys = attributeKeys(["absent", "absent too"]);

function readByName(attributes: Attributes, name: string): unknown {
  const copied = new Float64Array(1);
  const key = attributeKey(name);
  const utf8 = attributes.getUtf8(key);
  return {
    has: [attributes.has(name), attributes.has(key)],
    kind: attributes.kind(key),
    value: attributes.get(key),
    string: attributes.getString(key),
    boolean: attributes.getBoolean(key),
    int: attributes.getInt(key),
    double: attributes.getDouble(name),
    number: attributes.getNumber(name),
    copied: attributes.copyNumber(key, copied, 0) ? copied[0] : undefined,
    utf8: utf8 === undefined ? undefined : Buffer.from(utf8).toString(),
    equals: [attributes.equals(key, utf8 ?? Buffer.from("x")), attributes.equals(key, Buffer.from("no such value"))],
  };
}

/** What `readAttributes` must give. */
function expectAttributes(list: readonly OracleKeyValue[]): unknown {
  const names = list.map(({ key }) => key);
  return {
    size: list.length,
    names,
    entries: attributes(list),
    byName: [...new Set(names), "absent"].map((name) => expectByName(list, name)),
    located: ["absent", ...names.toReversed()].map((name) => valueNamed(list, name)),
    firstOf: [names.includes("absent") ? 0 : names.length > 0 ? 1 : -1, names.includes("absent") ? 0 : -1],
  };
}

const kinds: Readonly<Record<string, ValueKind>> = {
  stringValue: "string",
  boolValue: "bool",
  intValue: "int",
  doubleValue: "double",
  bytesValue: "bytes",
  arrayValue: "array",
  kvlistValue: "map",
};

function valueNamed(list: readonly OracleKeyValue[], name: string): AnyValue | undefined {
  const found = list.find(({ key }) => key === name);
  return found === undefined ? undefined : fromOracleValue(found.value);
}

function expectByName(list: readonly OracleKeyValue[], name: string): unknown {
  const found = list.find(({ key }) => key === name);
  const value = valueNamed(list, name);
  const string = typeof value === "string" ? value : undefined;
  const number = typeof value === "bigint" || typeof value === "number" ? Number(value) : undefined;
  return {
    has: [found !== undefined, found !== undefined],
    kind: found === undefined ? undefined : (kinds[found.value?.value.case ?? ""] ?? "empty"),
    value,
    string,
    boolean: typeof value === "boolean" ? value : undefined,
    int: typeof value === "bigint" ? value : undefined,
    double: typeof value === "number" ? value : undefined,
    number,
    copied: number,
    utf8: string,
    equals: [string !== undefined, false],
  };
}

/** A string body, read byte by byte. */
function bodyBytes(record: LogRecord): string {
  const bytes: number[] = [];
  for (let byte = record.bodyByte(0); byte >= 0; byte = record.bodyByte(bytes.length)) bytes.push(byte);
  return Buffer.from(bytes).toString();
}

function readScope(scope: Scope): unknown {
  return [scope.name, scope.version, scope.schemaUrl, ...scope.attributes.entries()];
}

const readers = {
  logs: (record: LogRecord) => ({
    timeUnixNano: record.timeUnixNano,
    observedTimeUnixNano: record.observedTimeUnixNano,
    severityNumber: record.severityNumber,
    severityText: record.severityText,
    body: record.body,
    bodyUtf8: record.bodyUtf8 === undefined ? undefined : Buffer.from(record.bodyUtf8).toString(),
    bodyBytes: bodyBytes(record),
    eventName: record.eventName,
    flags: record.flags,
    traceId: record.traceId,
    spanId: record.spanId,
  }),
  traces: (span: Span) => ({
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    traceState: span.traceState,
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: span.startTimeUnixNano,
    endTimeUnixNano: span.endTimeUnixNano,
    flags: span.flags,
    statusCode: span.statusCode,
    statusMessage: span.statusMessage,
    events: [...span.events()].length,
    eventList: mapCursor(span.events(), (event) => [event.timeUnixNano, event.name, ...event.attributes.entries()]),
    linkList: mapCursor(span.links(), (link) => [
      link.traceId,
      link.spanId,
      link.traceState,
      ...link.attributes.entries(),
    ]),
  }),
  metrics: (point: DataPoint) => ({
    startTimeUnixNano: point.startTimeUnixNano,
    timeUnixNano: point.timeUnixNano,
    flags: point.flags,
    value: point.value,
    count: point.count,
    sum: point.sum,
    distribution: point.distribution,
    metric: readMetric(point.metric),
  }),
};

/** A cursor is the same object at each position: it is read while it stands there. */
function mapCursor<C, R>(cursor: Iterable<C>, read: (at: C) => R): R[] {
  const result: R[] = [];
  for (const at of cursor) result.push(read(at));
  return result;
}

export function readMetric(metric: Metric): unknown[] {
  return [metric.name, metric.description, metric.unit, metric.type, metric.temporality, metric.monotonic];
}

// ——— the oracle ———

type Fields = Record<string, unknown>;

const attributes = (list: readonly OracleKeyValue[] | undefined): [string, AnyValue][] =>
  (list ?? []).map(({ key, value }) => [key, fromOracleValue(value)]);

const hex = (id: unknown) => Buffer.from(id as Uint8Array).toString("hex");

export function readObjects(signal: Signal, leaf: Leaf): unknown {
  const { group, container, item } = leaf;
  const scope = container.scope;
  return {
    attributes: expectAttributes(item.attributes),
    resource: attributes(group.resource?.attributes),
    resourceUrl: group.schemaUrl,
    scope: [scope?.name ?? "", scope?.version ?? "", container.schemaUrl, ...attributes(scope?.attributes)],
    ...objectReaders[signal](item, leaf.metric),
  };
}

const objectReaders: Record<Signal, (item: OracleAttributed, metric: OracleMetric | undefined) => Fields> = {
  logs: (item) => {
    const body = item.body as OracleValue | undefined;
    return {
      ...pick(item, "timeUnixNano", "observedTimeUnixNano", "severityNumber", "severityText", "eventName", "flags"),
      body: fromOracleValue(body),
      bodyUtf8: body?.value.case === "stringValue" ? body.value.value : undefined,
      bodyBytes: body?.value.case === "stringValue" ? body.value.value : "",
      traceId: hex(item.traceId),
      spanId: hex(item.spanId),
    };
  },
  traces: (item) => {
    const status = item.status as Fields | undefined;
    const events = item.events as OracleAttributed[];
    const links = item.links as OracleAttributed[];
    return {
      ...pick(item, "traceState", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "flags"),
      traceId: hex(item.traceId),
      spanId: hex(item.spanId),
      parentSpanId: hex(item.parentSpanId),
      statusCode: status?.code ?? 0,
      statusMessage: status?.message ?? "",
      events: events.length,
      eventList: events.map((event) => [event.timeUnixNano, event.name, ...attributes(event.attributes)]),
      linkList: links.map((link) => [
        hex(link.traceId),
        hex(link.spanId),
        link.traceState,
        ...attributes(link.attributes),
      ]),
    };
  },
  metrics: (item, metric) => {
    const data = metric?.data;
    const isNumber = data?.case === "gauge" || data?.case === "sum";
    return {
      ...pick(item, "startTimeUnixNano", "timeUnixNano", "flags"),
      value: isNumber ? (item.value as { value?: unknown }).value : undefined,
      count: isNumber ? undefined : item.count,
      sum: isNumber ? undefined : item.sum,
      distribution: readDistribution(item, data?.case),
      metric: readOracleMetric(metric),
    };
  },
};

function readDistribution(item: OracleAttributed, type: string | undefined): unknown {
  const common = pick(item, "count", "sum", "min", "max");
  if (type === "histogram") {
    return { type, ...common, bucketCounts: item.bucketCounts, bounds: item.explicitBounds };
  }
  if (type !== "exponentialHistogram") return undefined;
  const fields = pick(item, "scale", "zeroCount", "zeroThreshold");
  const [positive, negative] = [readBuckets(item.positive), readBuckets(item.negative)];
  return { type: "exponential_histogram", ...common, ...fields, positive, negative };
}

function readBuckets(buckets: unknown): unknown {
  const { offset = 0, bucketCounts = [] } = (buckets ?? {}) as Fields;
  return { offset, counts: bucketCounts };
}

const typeNames: Record<string, string> = { exponentialHistogram: "exponential_histogram" };
const temporalities = ["unspecified", "delta", "cumulative"];

export function readOracleMetric(metric: OracleMetric | undefined): unknown[] {
  const { case: type, value } = metric?.data ?? { case: undefined };
  return [
    metric?.name,
    metric?.description,
    metric?.unit,
    type === undefined ? "none" : (typeNames[type] ?? type),
    temporalities[(value?.aggregationTemporality as number | undefined) ?? 0] ?? "unspecified",
    value?.isMonotonic ?? false,
  ];
}

function pick(item: OracleAttributed, ...names: string[]): Fields {
  return Object.fromEntries(names.map((name) => [name, item[name]]));
}
