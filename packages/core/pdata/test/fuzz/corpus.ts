/** Small requests that together use every field of OTLP, and their OTLP/JSON. */
import { decodeJson, type Signal } from "@dbintel/pdata";

const attributes = [
  { key: "db.system.name", value: { stringValue: "postgresql" } },
  { key: "calls", value: { intValue: "-9223372036854775808" } },
  { key: "ratio", value: { doubleValue: 0.25 } },
  { key: "cached", value: { boolValue: true } },
  { key: "raw", value: { bytesValue: "3q2+7w==" } },
  { key: "list", value: { arrayValue: { values: [{ stringValue: "a" }, {}, { arrayValue: { values: [] } }] } } },
  { key: "map", value: { kvlistValue: { values: [{ key: "k", value: { intValue: "300" } }] } } },
  { key: "none" },
];
const resource = {
  attributes,
  droppedAttributesCount: 1,
  entityRefs: [{ schemaUrl: "u", type: "host", idKeys: ["host.id"], descriptionKeys: ["d"] }],
};
const scope = { name: "scope", version: "1", attributes, droppedAttributesCount: 2 };
const times = { startTimeUnixNano: "1700000000000000001", timeUnixNano: "1700000000000000002" };
const ids = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const exemplars = [{ timeUnixNano: "7", asInt: "-3", ...ids, filteredAttributes: attributes.slice(0, 2) }];
const buckets = { offset: -3, bucketCounts: ["1", "0", "300"] };

const record = {
  timeUnixNano: "1700000000000000001",
  observedTimeUnixNano: "1700000000000000002",
  severityNumber: 9,
  severityText: "INFO",
  body: { stringValue: "SELECT * FROM orders WHERE id = 1" },
  attributes,
  droppedAttributesCount: 3,
  flags: 1,
  ...ids,
  eventName: "db.server.top_query",
};

const span = {
  ...ids,
  parentSpanId: "b7ad6b7169203332",
  traceState: "a=b",
  name: "SELECT orders",
  kind: 3,
  startTimeUnixNano: "1",
  endTimeUnixNano: "2",
  attributes,
  droppedAttributesCount: 1,
  events: [{ timeUnixNano: "1", name: "exception", attributes, droppedAttributesCount: 1 }, {}],
  droppedEventsCount: 1,
  links: [{ ...ids, traceState: "c=d", attributes, droppedAttributesCount: 1, flags: 257 }],
  droppedLinksCount: 1,
  status: { message: "timeout", code: 2 },
  flags: 1,
};

const metrics = [
  {
    name: "g",
    description: "d",
    unit: "By",
    gauge: { dataPoints: [{ ...times, asDouble: 1.5, attributes, exemplars }] },
  },
  { sum: { dataPoints: [{ ...times, asInt: "5", flags: 1 }, {}], aggregationTemporality: 2, isMonotonic: true } },
  {
    name: "h",
    histogram: {
      aggregationTemporality: 1,
      dataPoints: [
        { ...times, count: "3", sum: 4.5, bucketCounts: ["1", "2"], explicitBounds: [0.5], min: 0, max: 9, attributes },
      ],
    },
  },
  {
    name: "e",
    exponentialHistogram: {
      aggregationTemporality: 2,
      dataPoints: [
        {
          ...times,
          count: "3",
          sum: 1,
          scale: -2,
          zeroCount: "1",
          positive: buckets,
          negative: buckets,
          zeroThreshold: 0.1,
        },
      ],
    },
    metadata: attributes.slice(0, 1),
  },
  {
    name: "s",
    summary: { dataPoints: [{ ...times, count: "3", sum: 1, quantileValues: [{ quantile: 0.5, value: 2 }] }] },
  },
  { name: "nothing" },
];

const json: Readonly<Record<Signal, unknown>> = {
  logs: {
    resourceLogs: [
      {
        resource,
        scopeLogs: [{ scope, logRecords: [record, { body: { intValue: "1" } }], schemaUrl: "v" }],
        schemaUrl: "u",
      },
      { scopeLogs: [{ logRecords: [{}] }, {}] },
    ],
  },
  traces: {
    resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [span, {}], schemaUrl: "v" }], schemaUrl: "u" }, {}],
  },
  metrics: { resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics, schemaUrl: "v" }], schemaUrl: "u" }] },
};

export function jsonSeed(signal: Signal): Uint8Array {
  return Buffer.from(JSON.stringify(json[signal]));
}

export function protobufSeed(signal: Signal): Uint8Array {
  return decodeJson(signal, jsonSeed(signal)).encode();
}
