/** Random edits, each applied to the lens and to the oracle's decoded objects. */
import type { Message } from "@bufbuild/protobuf";
import type {
  AnyValue,
  Attributes,
  DataPoint,
  Distribution,
  ExponentialHistogram,
  Histogram,
  Item,
  LogRecord,
  Metric,
  Signal,
  Span,
} from "@dbintel/pdata";
import fc from "fast-check";
import { anyValue, attributeName, double, int32, int64, text, uint32, uint64 } from "./arbitrary.ts";
import {
  lists,
  newMessage,
  type OracleAttributed,
  type OracleContainer,
  type OracleGroup,
  type OracleMetric,
} from "./oracle.ts";
import { toOracleKeyValue, toOracleValue } from "./values.ts";

const targets = ["item", "item", "item", "resource", "scope", "event", "link"] as const;
type Target = (typeof targets)[number];

export type Edit =
  | { readonly kind: "set"; readonly on: Target; readonly key: string; readonly value: AnyValue }
  | { readonly kind: "delete"; readonly on: Target; readonly key: string }
  | {
      readonly kind: "field";
      readonly on: Target | "metric";
      readonly name: string;
      readonly value: AnyValue | undefined;
    }
  | { readonly kind: "count"; readonly values: readonly Distribution[] }
  | { readonly kind: "drop"; readonly on: "item" | "metric" };

const hex = (size: number) =>
  fc.oneof(
    fc.constant(""),
    fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => Buffer.from(bytes).toString("hex")),
  );

type FieldArbitraries = Readonly<Record<string, fc.Arbitrary<AnyValue | undefined>>>;

const itemFields: Readonly<Record<Signal, FieldArbitraries>> = {
  logs: {
    timeUnixNano: uint64,
    observedTimeUnixNano: uint64,
    severityNumber: int32,
    severityText: text,
    body: anyValue,
    eventName: text,
    flags: uint32,
    traceId: hex(16),
    spanId: hex(8),
  },
  traces: {
    traceId: hex(16),
    spanId: hex(8),
    parentSpanId: hex(8),
    traceState: text,
    name: text,
    kind: int32,
    startTimeUnixNano: uint64,
    endTimeUnixNano: uint64,
    flags: uint32,
    statusCode: int32,
    statusMessage: text,
  },
  metrics: {
    startTimeUnixNano: uint64,
    timeUnixNano: uint64,
    flags: uint32,
    value: fc.oneof(int64, double, fc.constant(undefined)),
  },
};

const optionalDouble = fc.option(double, { nil: undefined });
const buckets = fc.record({ offset: int32, counts: fc.array(uint64, { maxLength: 3 }) });

const histogram: fc.Arbitrary<Histogram> = fc.record({
  type: fc.constant("histogram"),
  count: uint64,
  sum: optionalDouble,
  min: optionalDouble,
  max: optionalDouble,
  bucketCounts: fc.array(uint64, { maxLength: 3 }),
  bounds: fc.array(double, { maxLength: 2 }),
});

export const exponentialHistogram: fc.Arbitrary<ExponentialHistogram> = fc.record({
  type: fc.constant("exponential_histogram"),
  count: uint64,
  sum: optionalDouble,
  min: optionalDouble,
  max: optionalDouble,
  scale: int32,
  zeroCount: uint64,
  zeroThreshold: double,
  positive: buckets,
  negative: buckets,
});

/** What a histogram of either kind has counted: the points of the fitting kind take one of the two. */
const counts = fc.tuple(histogram, exponentialHistogram).map((values) => ({ kind: "count", values }) as const);

function fieldEdits(on: Target | "metric", fields: FieldArbitraries): fc.Arbitrary<Edit>[] {
  return Object.entries(fields).map(([name, value]) =>
    value.map((chosen) => ({ kind: "field", on, name, value: chosen }) as const),
  );
}

export function edit(signal: Signal): fc.Arbitrary<Edit> {
  const on = fc.constantFrom(...targets);
  return fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant("set" as const), on, key: attributeName, value: anyValue }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("delete" as const), on, key: attributeName }) },
    { weight: 8, arbitrary: fc.oneof(...fieldEdits("item", itemFields[signal])) },
    { weight: 2, arbitrary: fc.oneof(...fieldEdits("scope", { name: text, version: text })) },
    { weight: 1, arbitrary: fc.oneof(...fieldEdits("event", { name: text })) },
    { weight: 2, arbitrary: fc.oneof(...fieldEdits("metric", { name: text, description: text, unit: text })) },
    { weight: signal === "metrics" ? 4 : 0, arbitrary: counts },
    { weight: 4, arbitrary: fc.constant<Edit>({ kind: "drop", on: "item" }) },
    { weight: 1, arbitrary: fc.constant<Edit>({ kind: "drop", on: "metric" }) },
  );
}

/** Edits for the items of one walk, by position; items past the end of the list are left alone. */
export function pass(signal: Signal): fc.Arbitrary<readonly (readonly Edit[])[]> {
  return fc.array(fc.array(edit(signal), { maxLength: 4 }), { maxLength: 8 });
}

// ——— the lens ———

export function editLens(item: Item, change: Edit): void {
  switch (change.kind) {
    case "drop":
      if (change.on === "item") item.drop("test");
      else metricOf(item)?.drop("test_metric");
      return;
    case "field":
      for (const target of lensTargets(item, change.on)) {
        const isNumber = change.name !== "value" || (target as DataPoint).count === undefined;
        if (isNumber) Reflect.set(target, change.name, change.value, target);
      }
      return;
    case "count": {
      const point = item as DataPoint;
      const fitting = change.values.find(({ type }) => type === point.distribution?.type);
      if (fitting !== undefined) point.distribution = fitting;
      return;
    }
    case "set":
      for (const { attributes } of lensTargets(item, change.on)) attributes.set(change.key, change.value);
      return;
    default:
      for (const { attributes } of lensTargets(item, change.on)) attributes.delete(change.key);
  }
}

function metricOf(item: Item): Metric | undefined {
  return (item as DataPoint).metric;
}

function lensTargets(item: Item, on: Target | "metric"): Iterable<{ readonly attributes: Attributes }> {
  const withParts = item as Span;
  switch (on) {
    case "item":
      return [item];
    case "resource":
      return [item.resource];
    case "scope":
      return [item.scope];
    case "event":
      return withParts.events?.() ?? [];
    case "link":
      return withParts.links?.() ?? [];
    default:
      return ([metricOf(item)] as unknown as { attributes: Attributes }[]).filter((metric) => metric !== undefined);
  }
}

// ——— the decoded objects ———

/** A leaf with everything that holds it. */
export interface Leaf {
  readonly group: OracleGroup;
  readonly container: OracleContainer;
  readonly metric: OracleMetric | undefined;
  readonly item: OracleAttributed;
}

export function leaves(signal: Signal, request: Message): Leaf[] {
  const { groups, containers, items } = lists(signal);
  return groups(request).flatMap((group) =>
    containers(group).flatMap((container) =>
      items(container).flatMap((item): Leaf[] => {
        if (signal !== "metrics") return [{ group, container, metric: undefined, item: item as OracleAttributed }];
        const metric = item as OracleMetric;
        return (metric.data.value?.dataPoints ?? []).map((point) => ({ group, container, metric, item: point }));
      }),
    ),
  );
}

export function editObjects(signal: Signal, request: Message, leaf: Leaf, change: Edit): void {
  switch (change.kind) {
    case "drop":
      if (change.on === "metric") removeMetric(signal, request, leaf);
      else removeLeaf(signal, request, leaf);
      return;
    case "field":
      // An edit that changes nothing does not bring a missing Resource or InstrumentationScope into being.
      for (const target of objectTargets(leaf, change.on, change.value !== ""))
        setField(leaf, target, change.name, change.value);
      return;
    case "count":
      for (const value of change.values) setDistribution(leaf, value);
      return;
    case "set":
      for (const target of objectTargets(leaf, change.on)) setAttribute(target, change.key, change.value);
      return;
    default:
      for (const target of objectTargets(leaf, change.on, false)) {
        target.attributes = target.attributes.filter(({ key }) => key !== change.key);
      }
  }
}

function objectTargets(leaf: Leaf, on: Target | "metric", create = true): OracleAttributed[] {
  switch (on) {
    case "item":
      return [leaf.item];
    case "resource":
      if (create) leaf.group.resource ??= newMessage<OracleAttributed>("resource.v1.Resource");
      return leaf.group.resource === undefined ? [] : [leaf.group.resource];
    case "scope":
      if (create) leaf.container.scope ??= newMessage<OracleAttributed>("common.v1.InstrumentationScope");
      return leaf.container.scope === undefined ? [] : [leaf.container.scope];
    case "event":
      return (leaf.item.events ?? []) as OracleAttributed[];
    case "link":
      return (leaf.item.links ?? []) as OracleAttributed[];
    default:
      return leaf.metric === undefined ? [] : [leaf.metric as unknown as OracleAttributed];
  }
}

function setAttribute(target: OracleAttributed, key: string, value: AnyValue): void {
  const first = target.attributes.find((attribute) => attribute.key === key);
  if (first === undefined) {
    target.attributes.push(toOracleKeyValue(key, value));
    return;
  }
  first.value = toOracleValue(value);
  target.attributes = target.attributes.filter((attribute) => attribute === first || attribute.key !== key);
}

function setField(leaf: Leaf, target: OracleAttributed, name: string, value: AnyValue | undefined): void {
  if (name.endsWith("Id")) {
    target[name] = Buffer.from(value as string, "hex");
  } else if (name === "body") {
    if (value === null || value === undefined) delete target[name];
    else target[name] = toOracleValue(value);
  } else if (name === "statusCode" || name === "statusMessage") {
    if (target.status === undefined && (value === 0 || value === "")) return;
    target.status ??= newMessage("trace.v1.Status");
    (target.status as Record<string, unknown>)[name === "statusCode" ? "code" : "message"] = value;
  } else if (name === "value") {
    if (leaf.metric?.data.case !== "gauge" && leaf.metric?.data.case !== "sum") return;
    if (value === undefined) target.value = { case: undefined };
    else target.value = { case: typeof value === "bigint" ? "asInt" : "asDouble", value };
  } else {
    target[name] = value;
  }
}

function setDistribution({ metric, item }: Leaf, value: Distribution): void {
  const { count, sum, min, max } = value;
  if (value.type === "histogram" && metric?.data.case === "histogram") {
    Object.assign(item, { count, bucketCounts: value.bucketCounts, explicitBounds: value.bounds });
  } else if (value.type === "exponential_histogram" && metric?.data.case === "exponentialHistogram") {
    const { scale, zeroCount, zeroThreshold } = value;
    Object.assign(item, { count, scale, zeroCount, zeroThreshold });
    item.positive = bucketsMessage(value.positive);
    item.negative = bucketsMessage(value.negative);
  } else {
    return;
  }
  Object.assign(item, { sum, min, max });
}

export function bucketsMessage({
  offset,
  counts: bucketCounts,
}: ExponentialHistogram["positive"]): Message | undefined {
  const name = "metrics.v1.ExponentialHistogramDataPoint.Buckets";
  return offset === 0 && bucketCounts.length === 0 ? undefined : newMessage(name, { offset, bucketCounts });
}

function removeLeaf(signal: Signal, request: Message, leaf: Leaf): void {
  if (leaf.metric === undefined) {
    removeItem(signal, request, leaf, leaf.item);
    return;
  }
  const points = leaf.metric.data.value?.dataPoints ?? [];
  if (!remove(points, leaf.item)) return;
  if (points.length === 0) removeItem(signal, request, leaf, leaf.metric);
}

function removeMetric(signal: Signal, request: Message, leaf: Leaf): void {
  if (leaf.metric !== undefined) removeItem(signal, request, leaf, leaf.metric);
}

/** A parent goes with its last child. */
function removeItem(signal: Signal, request: Message, leaf: Leaf, item: OracleAttributed | OracleMetric): void {
  const { groups, containers, items } = lists(signal);
  if (!remove(items(leaf.container), item) || items(leaf.container).length > 0) return;
  if (!remove(containers(leaf.group), leaf.container) || containers(leaf.group).length > 0) return;
  remove(groups(request), leaf.group);
}

function remove<T>(list: T[], item: T): boolean {
  const at = list.indexOf(item);
  if (at < 0) return false;
  list.splice(at, 1);
  return true;
}

// ——— walks ———

export function items(batch: Walkable): Iterable<Item> {
  if (batch.signal === "logs") return batch.records();
  return batch.signal === "metrics" ? batch.points() : batch.spans();
}

type Walkable =
  | { signal: "logs"; records(): Iterable<LogRecord> }
  | { signal: "metrics"; points(): Iterable<DataPoint> }
  | { signal: "traces"; spans(): Iterable<Span> };
