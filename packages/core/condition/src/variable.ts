import type { AnyValue, Attributes, Item } from "@dbintel/pdata";
import type { ConditionContext, ItemOf } from "./context.ts";

/** The static type of a variable and how it is read. */
type Reader<T> =
  /** A map of names to values; `attributes["name"]` looks one up without decoding the others. */
  | { readonly type: "attributes"; readonly read: (item: T) => Attributes }
  | { readonly type: "string"; readonly read: (item: T) => string }
  | { readonly type: "bool"; readonly read: (item: T) => boolean }
  /** A CEL int; a JavaScript number where the field is small, so that comparing it allocates nothing. */
  | { readonly type: "int"; readonly read: (item: T) => bigint | number }
  /** Nanoseconds. Comparable with `duration("…")` only. */
  | { readonly type: "duration"; readonly read: (item: T) => bigint }
  /** A value whose type differs from item to item; `undefined` where there is none. */
  | {
      readonly type: "dyn";
      readonly read: (item: T) => AnyValue | undefined;
      /** The bytes of a text without decoding; `undefined` when the value is no text. */
      readonly utf8?: (item: T) => Uint8Array | undefined;
    };

/** A name that a condition may use. */
export type Variable<T> = Reader<T> & { readonly description: string };

export type VariableTable<T> = Readonly<Record<string, Variable<T>>>;

const shared: VariableTable<Pick<Item, "resource" | "scope">> = {
  "resource.attributes": {
    type: "attributes",
    read: (item) => item.resource.attributes,
    description: "Attributes of the resource",
  },
  "scope.name": { type: "string", read: (item) => item.scope.name, description: "Name of the instrumentation scope" },
  "scope.version": {
    type: "string",
    read: (item) => item.scope.version,
    description: "Version of the instrumentation scope",
  },
  "scope.attributes": {
    type: "attributes",
    read: (item) => item.scope.attributes,
    description: "Attributes of the instrumentation scope",
  },
};

const ofItem: VariableTable<Pick<Item, "attributes" | "resource" | "scope">> = {
  attributes: { type: "attributes", read: (item) => item.attributes, description: "Attributes of the item itself" },
  ...shared,
};

const metric: VariableTable<ItemOf["metric"]> = {
  ...shared,
  "metric.name": { type: "string", read: (item) => item.name, description: "Name of the metric" },
  "metric.description": { type: "string", read: (item) => item.description, description: "Description of the metric" },
  "metric.unit": { type: "string", read: (item) => item.unit, description: 'Unit of the metric, such as "By"' },
  "metric.type": {
    type: "string",
    read: (item) => item.type,
    description: '"gauge", "sum", "histogram", "exponential_histogram", "summary" or "none"',
  },
  "metric.aggregation_temporality": {
    type: "string",
    read: (item) => item.temporality,
    description: '"delta", "cumulative" or "unspecified"',
  },
  "metric.is_monotonic": {
    type: "bool",
    read: (item) => item.monotonic,
    description: "Whether a sum never goes down",
  },
};

/** The variables of a data point's metric: those of the metric itself, read one step further away. */
function ofMetric(table: VariableTable<ItemOf["metric"]>): VariableTable<ItemOf["datapoint"]> {
  const points: Record<string, Variable<ItemOf["datapoint"]>> = {};
  for (const [name, variable] of Object.entries(table)) {
    if (!name.startsWith("metric.")) continue;
    const { description } = variable;
    if (variable.type === "string") {
      points[name] = { type: "string", read: (item) => variable.read(item.metric), description };
    } else if (variable.type === "bool") {
      points[name] = { type: "bool", read: (item) => variable.read(item.metric), description };
    }
  }
  return points;
}

const log: VariableTable<ItemOf["log"]> = {
  ...ofItem,
  body: {
    type: "dyn",
    read: (item) => item.body,
    utf8: (item) => item.bodyUtf8,
    description: "Body of the record: a text, a number, a map …; null when unset",
  },
  severity_number: { type: "int", read: (item) => item.severityNumber, description: "0 (unset) to 24" },
  severity_text: { type: "string", read: (item) => item.severityText, description: "Severity as the source wrote it" },
  event_name: { type: "string", read: (item) => item.eventName, description: 'Name of the event, "" when unset' },
  time_unix_nano: {
    type: "int",
    read: (item) => item.timeUnixNano,
    description: "When it happened, nanoseconds since the Unix epoch, 0 when unset",
  },
  observed_time_unix_nano: {
    type: "int",
    read: (item) => item.observedTimeUnixNano,
    description: "When it was first seen, nanoseconds since the Unix epoch, 0 when unset",
  },
  flags: { type: "int", read: (item) => item.flags, description: "W3C trace flags" },
  trace_id: { type: "string", read: (item) => item.traceId, description: '32 hexadecimal digits, "" when unset' },
  span_id: { type: "string", read: (item) => item.spanId, description: '16 hexadecimal digits, "" when unset' },
};

const span: VariableTable<ItemOf["span"]> = {
  ...ofItem,
  name: { type: "string", read: (item) => item.name, description: "Name of the span" },
  kind: { type: "int", read: (item) => item.kind, description: "0 to 5, see the SPAN_KIND constants" },
  status_code: { type: "int", read: (item) => item.statusCode, description: "0 unset, 1 ok, 2 error" },
  status_message: { type: "string", read: (item) => item.statusMessage, description: "Message of the status" },
  duration: {
    type: "duration",
    read: (item) => item.endTimeUnixNano - item.startTimeUnixNano,
    description: 'End minus start; compare it with duration("250ms")',
  },
  start_time_unix_nano: {
    type: "int",
    read: (item) => item.startTimeUnixNano,
    description: "Start, nanoseconds since the Unix epoch",
  },
  end_time_unix_nano: {
    type: "int",
    read: (item) => item.endTimeUnixNano,
    description: "End, nanoseconds since the Unix epoch",
  },
  flags: { type: "int", read: (item) => item.flags, description: "W3C trace flags and more" },
  trace_id: { type: "string", read: (item) => item.traceId, description: "32 hexadecimal digits" },
  span_id: { type: "string", read: (item) => item.spanId, description: "16 hexadecimal digits" },
  parent_span_id: {
    type: "string",
    read: (item) => item.parentSpanId,
    description: '16 hexadecimal digits, "" for a root span',
  },
  trace_state: { type: "string", read: (item) => item.traceState, description: "W3C trace state" },
};

const datapoint: VariableTable<ItemOf["datapoint"]> = {
  ...ofItem,
  ...ofMetric(metric),
  value: {
    type: "dyn",
    read: (item) => item.value,
    description: "Value of a gauge or sum point, an int or a double; absent for other types",
  },
  count: { type: "dyn", read: (item) => item.count, description: "Count of a histogram or summary point, else absent" },
  sum: { type: "dyn", read: (item) => item.sum, description: "Sum of a histogram or summary point, else absent" },
  start_time_unix_nano: {
    type: "int",
    read: (item) => item.startTimeUnixNano,
    description: "Start of the interval, nanoseconds since the Unix epoch, 0 when unset",
  },
  time_unix_nano: {
    type: "int",
    read: (item) => item.timeUnixNano,
    description: "Time of the value, nanoseconds since the Unix epoch",
  },
  flags: { type: "int", read: (item) => item.flags, description: "1 when the point says that no value was recorded" },
};

/** The variables of each context. `README.md` lists the same; a test compares both. */
export const variables: { readonly [C in ConditionContext]: VariableTable<ItemOf[C]> } = {
  log,
  span,
  datapoint,
  metric,
};
