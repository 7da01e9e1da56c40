import type { Signal } from "@dbintel/pdata";

/** Which fields of a message are messages, by field number; `skip` for packed numbers. */
export interface Layout {
  readonly messages: readonly (Layout | "skip" | undefined)[];
}

/** A message of which only the fields that are messages are listed: every other one with a length is text. */
function message(fields: Readonly<Record<number, Layout | "skip">>): Layout {
  return { messages: Array.from({ length: 20 }, (_, number) => fields[number]) };
}

// opentelemetry/proto/common/v1 and resource/v1. AnyValue refers to itself.
const anyValueFields: (Layout | undefined)[] = [];
const anyValue: Layout = { messages: anyValueFields };
const keyValue = message({ 2: anyValue });
anyValueFields[5] = message({ 1: anyValue });
anyValueFields[6] = message({ 1: keyValue });
const resource = message({ 1: keyValue, 3: message({}) });
const scope = message({ 3: keyValue });

// logs/v1, trace/v1, metrics/v1
const logRecord = message({ 5: anyValue, 6: keyValue });
const span = message({ 9: keyValue, 11: message({ 3: keyValue }), 13: message({ 4: keyValue }), 15: message({}) });
const exemplar = message({ 7: keyValue });
const numberPoint = message({ 5: exemplar, 7: keyValue });
const histogramPoint = message({ 6: "skip", 7: "skip", 8: exemplar, 9: keyValue });
const exponentialPoint = message({ 1: keyValue, 8: "skip", 9: "skip", 11: exemplar });
const summaryPoint = message({ 6: "skip", 7: keyValue });
const metric = message({
  5: message({ 1: numberPoint }),
  7: message({ 1: numberPoint }),
  9: message({ 1: histogramPoint }),
  10: message({ 1: exponentialPoint }),
  11: message({ 1: summaryPoint }),
  12: keyValue,
});

const requestOf = (item: Layout) => message({ 1: message({ 1: resource, 2: message({ 1: scope, 2: item }) }) });

/** The request of each signal. */
export const requests: Readonly<Record<Signal, Layout>> = {
  logs: requestOf(logRecord),
  traces: requestOf(span),
  metrics: requestOf(metric),
};

const items = new Set([logRecord, span, numberPoint, histogramPoint, exponentialPoint, summaryPoint]);

/** Whether a message is a record, a span or a data point. */
export function isItem(layout: Layout): boolean {
  return items.has(layout);
}
