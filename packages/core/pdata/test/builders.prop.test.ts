import { create } from "@bufbuild/protobuf";
import {
  type AnyValue,
  type DistributionPointInit,
  type LogRecordInit,
  logsBuilder,
  type MetricInit,
  metricsBuilder,
  type NumberPointInit,
  type SpanInit,
  tracesBuilder,
} from "@dbintel/pdata";
import fc from "fast-check";
import { expect, test } from "vitest";
import { anyValue, attributeName, double, int32, int64, text, uint32, uint64 } from "./oracle/arbitrary.ts";
import { bucketsMessage, exponentialHistogram } from "./oracle/edits.ts";
import { canonical, encodeFully, newMessage, requestDescriptor } from "./oracle/oracle.ts";
import { toOracleKeyValue, toOracleValue } from "./oracle/values.ts";

const hex = (size: number) =>
  fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => Buffer.from(bytes).toString("hex"));
const attributes = fc.dictionary(attributeName, fc.option(anyValue, { nil: undefined }), { maxKeys: 4 });
const asMap = fc
  .uniqueArray(fc.tuple(attributeName, anyValue), { selector: ([name]) => name })
  .map((list) => new Map(list));
const anyAttributes = fc.oneof(attributes, asMap);
/** A record of which only some fields are always there. */
const optional = <T, K extends keyof T>(fields: { [F in keyof T]: fc.Arbitrary<T[F]> }, ...requiredKeys: K[]) =>
  fc.record<T, K>(fields, { requiredKeys });

const resource = optional({ attributes: anyAttributes, schemaUrl: text }, "attributes");
const scope = optional({ name: text, version: text, attributes: anyAttributes, schemaUrl: text }, "name");

type AttributesInit = Readonly<Record<string, AnyValue | undefined>> | ReadonlyMap<string, AnyValue>;

function keyValues(init: unknown) {
  const list = init instanceof Map ? [...init] : Object.entries((init ?? {}) as AttributesInit);
  return list
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => toOracleKeyValue(key, value as AnyValue));
}

const id = (text: unknown) => Buffer.from((text as string | undefined) ?? "", "hex");

function message(name: string, { attributes: init, ...fields }: Record<string, unknown>) {
  return newMessage(name, { ...fields, attributes: keyValues(init) });
}

/** Groups of containers of items. */
const layout = <T>(item: fc.Arbitrary<T>) =>
  fc.array(fc.tuple(resource, fc.array(fc.tuple(scope, fc.array(item, { maxLength: 3 })), { maxLength: 2 })), {
    maxLength: 3,
  });

const record = optional({
  timeUnixNano: uint64,
  observedTimeUnixNano: uint64,
  severityNumber: int32,
  severityText: text,
  body: anyValue,
  eventName: text,
  flags: uint32,
  traceId: hex(16),
  spanId: hex(8),
  attributes: anyAttributes,
}) satisfies fc.Arbitrary<LogRecordInit>;

test("built logs are the request that was meant", () => {
  fc.assert(
    fc.property(layout(record), (groups) => {
      const builder = logsBuilder();
      const resourceLogs = groups.map(([resourceInit, scopes]) => {
        builder.resource(resourceInit);
        const scopeLogs = scopes.map(([scopeInit, records]) => {
          builder.scope(scopeInit);
          for (const init of records) builder.record(init);
          const { schemaUrl = "", ...fields } = scopeInit;
          const logRecords = records.map(({ body, traceId, spanId, ...rest }) => {
            const value = body === undefined || body === null ? {} : { body: toOracleValue(body) };
            return message("logs.v1.LogRecord", { ...rest, ...value, traceId: id(traceId), spanId: id(spanId) });
          });
          return { scope: message("common.v1.InstrumentationScope", fields), schemaUrl, logRecords };
        });
        const { schemaUrl = "", ...fields } = resourceInit;
        return { resource: message("resource.v1.Resource", fields), schemaUrl, scopeLogs };
      });
      const expected = create(requestDescriptor("logs"), { resourceLogs });
      const logs = builder.build();
      expect(canonical("logs", logs.encode())).toBe(Buffer.from(encodeFully("logs", expected)).toString("hex"));
      expect(builder.build().count).toBe(0);
    }),
    { numRuns: 150 },
  );
});

const span = optional(
  {
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
    attributes: anyAttributes,
    events: fc.array(
      optional({ timeUnixNano: uint64, name: text, attributes: anyAttributes }, "timeUnixNano", "name"),
      { maxLength: 2 },
    ),
    links: fc.array(
      optional({ traceId: hex(16), spanId: hex(8), traceState: text, attributes: anyAttributes }, "traceId", "spanId"),
      { maxLength: 2 },
    ),
  },
  "traceId",
  "spanId",
  "name",
  "startTimeUnixNano",
  "endTimeUnixNano",
) satisfies fc.Arbitrary<SpanInit>;

test("built spans are the request that was meant", () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 4 }), (spans) => {
      const builder = tracesBuilder().resource({ attributes: {} }).scope({ name: "" });
      for (const init of spans) builder.span(init);
      const expected = spans.map(({ statusCode, statusMessage, events = [], links = [], ...rest }) => {
        const isSet = statusCode !== undefined || statusMessage !== undefined;
        const status = newMessage("trace.v1.Status", { code: statusCode ?? 0, message: statusMessage ?? "" });
        return message("trace.v1.Span", {
          ...rest,
          traceId: id(rest.traceId),
          spanId: id(rest.spanId),
          parentSpanId: id(rest.parentSpanId),
          events: events.map((event) => message("trace.v1.Span.Event", event)),
          links: links.map((link) =>
            message("trace.v1.Span.Link", { ...link, traceId: id(link.traceId), spanId: id(link.spanId) }),
          ),
          ...(isSet ? { status } : {}),
        });
      });
      const request = create(requestDescriptor("traces"), {
        resourceSpans: [{ resource: {}, scopeSpans: [{ scope: {}, spans: expected }] }],
      });
      expect(canonical("traces", builder.build().encode())).toBe(
        Buffer.from(encodeFully("traces", request)).toString("hex"),
      );
    }),
    { numRuns: 150 },
  );
});

const point = optional(
  { attributes: anyAttributes, startTimeUnixNano: uint64, timeUnixNano: uint64, value: fc.oneof(int64, double) },
  "timeUnixNano",
  "value",
) satisfies fc.Arbitrary<NumberPointInit>;
const described = optional({ name: text, description: text, unit: text }, "name") satisfies fc.Arbitrary<MetricInit>;
const distributionPoint = optional(
  { attributes: anyAttributes, startTimeUnixNano: uint64, timeUnixNano: uint64, value: exponentialHistogram },
  "timeUnixNano",
  "value",
) satisfies fc.Arbitrary<DistributionPointInit>;
const temporality = fc.constantFrom("delta" as const, "cumulative" as const);
const sumOf = fc.option(fc.record({ monotonic: fc.boolean(), temporality }), { nil: undefined });

test("built metrics are the request that was meant", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(described, sumOf, fc.array(point, { maxLength: 3 })), { maxLength: 4 }), (list) => {
      const builder = metricsBuilder().resource({ attributes: {} }).scope({ name: "" });
      const metrics = list.map(([init, sum, points]) => {
        if (sum === undefined) builder.gauge(init, points);
        else builder.sum({ ...init, ...sum }, points);
        const dataPoints = points.map(({ value, ...rest }) =>
          message("metrics.v1.NumberDataPoint", {
            ...rest,
            value: { case: typeof value === "bigint" ? "asInt" : "asDouble", value },
          }),
        );
        const data =
          sum === undefined
            ? { case: "gauge", value: newMessage("metrics.v1.Gauge", { dataPoints }) }
            : {
                case: "sum",
                value: newMessage("metrics.v1.Sum", {
                  dataPoints,
                  aggregationTemporality: sum.temporality === "delta" ? 1 : 2,
                  isMonotonic: sum.monotonic,
                }),
              };
        return newMessage("metrics.v1.Metric", { ...init, data });
      });
      const request = create(requestDescriptor("metrics"), {
        resourceMetrics: [{ resource: {}, scopeMetrics: [{ scope: {}, metrics }] }],
      });
      expect(canonical("metrics", builder.build().encode())).toBe(
        Buffer.from(encodeFully("metrics", request)).toString("hex"),
      );
    }),
    { numRuns: 150 },
  );
});

test("built exponential histograms are the request that was meant", () => {
  fc.assert(
    fc.property(described, temporality, fc.array(distributionPoint, { maxLength: 3 }), (init, kind, points) => {
      const builder = metricsBuilder().exponentialHistogram({ ...init, temporality: kind }, points);
      const dataPoints = points.map(({ value, ...rest }) => {
        const { positive, negative, ...counted } = value;
        return message("metrics.v1.ExponentialHistogramDataPoint", {
          ...{ ...rest, ...counted },
          ...{ positive: bucketsMessage(positive), negative: bucketsMessage(negative) },
        });
      });
      const aggregationTemporality = kind === "delta" ? 1 : 2;
      const value = newMessage("metrics.v1.ExponentialHistogram", { dataPoints, aggregationTemporality });
      const metric = newMessage("metrics.v1.Metric", { ...init, data: { case: "exponentialHistogram", value } });
      const request = create(requestDescriptor("metrics"), {
        resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }],
      });
      const metrics = builder.build();
      const built = Array.from(metrics.points(), ({ distribution }) => distribution);
      expect(built).toEqual(points.map(({ value: given }) => given));
      expect(canonical("metrics", metrics.encode())).toBe(Buffer.from(encodeFully("metrics", request)).toString("hex"));
    }),
    { numRuns: 150 },
  );
});
