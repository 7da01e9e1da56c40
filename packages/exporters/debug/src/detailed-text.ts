import type { Attributes, Batch, DataPoint, LogRecord, Span } from "@dbintel/pdata";
import { pointValue, severityName, statusNames } from "./normal-text.ts";
import { plain, timeText, valueText } from "./value-text.ts";

/** Every field that the lens reads, a line each; resource and scope where they change. */
export function* detailedLines(batch: Batch): Generator<string> {
  let group = "";
  let index = 0;
  for (const [owner, lines] of items(batch)) {
    if (owner !== group) yield owner;
    group = owner;
    yield `  ${itemNames[batch.signal]} #${index++}`;
    for (const line of lines) yield `    ${line}`;
  }
}

const itemNames = { logs: "record", metrics: "point", traces: "span" } as const;

function* items(batch: Batch): Generator<readonly [owner: string, lines: readonly string[]]> {
  if (batch.signal === "logs") for (const record of batch.records()) yield [ownerText(record), [...logLines(record)]];
  else if (batch.signal === "metrics")
    for (const point of batch.points()) yield [ownerText(point), [...pointLines(point)]];
  else for (const span of batch.spans()) yield [ownerText(span), [...spanLines(span)]];
}

function ownerText({ resource, scope }: Pick<LogRecord, "resource" | "scope">): string {
  const lines = [
    ...field("resource", resource.schemaUrl === "" ? "" : plain(resource.schemaUrl), true),
    ...attributeLines("  ", resource.attributes),
    ...field("scope", plain(`${scope.name} ${scope.version} ${scope.schemaUrl}`.trim()), true),
    ...attributeLines("  ", scope.attributes),
  ];
  return lines.map((line) => `  ${line}`).join("\n");
}

function* logLines(record: LogRecord): Generator<string> {
  yield* field("time", timeText(record.timeUnixNano));
  yield* field("observed", timeText(record.observedTimeUnixNano));
  const severity = [record.severityNumber || "", severityName(record.severityNumber), plain(record.severityText)];
  yield* field("severity", severity.filter((part) => part !== "").join(" "));
  yield* field("event", plain(record.eventName));
  yield* field("body", record.body === null ? "" : valueText(record.body));
  yield* identityLines(record);
  yield* field("flags", record.flags === 0 ? "" : String(record.flags));
  yield* attributeLines("", record.attributes);
}

function* pointLines(point: DataPoint): Generator<string> {
  const { metric } = point;
  yield* field("metric", plain(metric.name));
  yield* field(
    "type",
    [
      metric.type,
      ...(metric.type === "sum" || metric.type.endsWith("histogram") ? [metric.temporality] : []),
      ...(metric.monotonic ? ["monotonic"] : []),
    ].join(" "),
  );
  yield* field("unit", plain(metric.unit));
  yield* field("about", plain(metric.description));
  yield* field("start", point.startTimeUnixNano === 0n ? "" : timeText(point.startTimeUnixNano));
  yield* field("time", timeText(point.timeUnixNano));
  yield* field("value", pointValue(point));
  yield* field("flags", point.flags === 0 ? "" : String(point.flags));
  yield* attributeLines("", point.attributes);
}

const kindNames = ["", "internal", "server", "client", "producer", "consumer"] as const;

function* spanLines(span: Span): Generator<string> {
  yield* field("name", plain(span.name));
  yield* identityLines(span);
  yield* field("parent", span.parentSpanId);
  yield* field("state", plain(span.traceState));
  yield* field("kind", kindNames[span.kind] ?? String(span.kind));
  yield* field("start", timeText(span.startTimeUnixNano));
  yield* field("end", timeText(span.endTimeUnixNano));
  const status = statusNames[span.statusCode] ?? String(span.statusCode);
  yield* field("status", `${status} ${plain(span.statusMessage)}`.trim());
  yield* field("flags", span.flags === 0 ? "" : String(span.flags));
  yield* attributeLines("", span.attributes);
  for (const event of span.events()) {
    yield* field("event", `${timeText(event.timeUnixNano)} ${plain(event.name)}`);
    yield* attributeLines("  ", event.attributes);
  }
  for (const link of span.links()) {
    yield* field("link", `${link.traceId}/${link.spanId} ${plain(link.traceState)}`.trim());
    yield* attributeLines("  ", link.attributes);
  }
}

function* identityLines({ traceId, spanId }: Pick<LogRecord, "traceId" | "spanId">): Generator<string> {
  yield* field("trace", traceId);
  yield* field("span", spanId);
}

/** `name      value`; nothing for an empty value unless `always`. */
function* field(name: string, value: string, always = false): Generator<string> {
  if (value !== "" || always) yield `${name.padEnd(9)} ${value}`.trimEnd();
}

function* attributeLines(indent: string, attributes: Attributes): Generator<string> {
  for (const [key, value] of attributes.entries()) {
    yield `${indent}- ${plain(key)}: ${attributes.kind(key) ?? "empty"} ${valueText(value)}`;
  }
}
