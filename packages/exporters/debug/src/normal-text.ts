import type { Batch, DataPoint, LogRecord, Span } from "@dbintel/pdata";
import { attributesText, plain, timeText, valueText } from "./value-text.ts";

/** A line for each item; resource and scope where they change. */
export function* normalLines(batch: Batch): Generator<string> {
  let group = "";
  for (const [owner, line] of itemLines(batch)) {
    if (owner !== group) yield `  ${owner}`;
    group = owner;
    yield `    ${line}`;
  }
}

function* itemLines(batch: Batch): Generator<readonly [owner: string, line: string]> {
  if (batch.signal === "logs") for (const record of batch.records()) yield [ownerText(record), logText(record)];
  else if (batch.signal === "metrics") for (const point of batch.points()) yield [ownerText(point), pointText(point)];
  else for (const span of batch.spans()) yield [ownerText(span), spanText(span)];
}

function ownerText({ resource, scope }: Pick<LogRecord, "resource" | "scope">): string {
  const name = scope.name === "" ? "(no scope)" : plain(`${scope.name} ${scope.version}`.trim());
  return `${name} {${attributesText(resource.attributes)}}`;
}

function logText(record: LogRecord): string {
  const parts = [
    timeText(record.timeUnixNano === 0n ? record.observedTimeUnixNano : record.timeUnixNano),
    plain(record.severityText) || severityName(record.severityNumber),
    plain(record.eventName),
    record.body === null ? "" : valueText(record.body),
    `{${attributesText(record.attributes)}}`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}

function pointText(point: DataPoint): string {
  const { metric } = point;
  const parts = [plain(metric.name), pointValue(point), plain(metric.unit), `{${attributesText(point.attributes)}}`];
  return parts.filter((part) => part !== "").join(" ");
}

function spanText(span: Span): string {
  const micros = Number((span.endTimeUnixNano - span.startTimeUnixNano) / 1000n);
  const status = statusNames[span.statusCode] ?? String(span.statusCode);
  const attributes = attributesText(span.attributes);
  return `${timeText(span.startTimeUnixNano)} ${plain(span.name)} ${span.traceId}/${span.spanId} ${micros / 1000} ms ${status} {${attributes}}`;
}

export const statusNames = ["unset", "ok", "error"] as const;

/** A point's value, or count and sum where it has those. */
export function pointValue(point: DataPoint): string {
  if (point.value !== undefined) return valueText(point.value);
  if (point.count === undefined) return "(no value)";
  return point.sum === undefined ? `count=${point.count}` : `count=${point.count} sum=${valueText(point.sum)}`;
}

const severityRanges = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;

/** OTLP's names: four numbers for each, 1 TRACE, 2 TRACE2 …, 24 FATAL4. */
export function severityName(number: number): string {
  const name = severityRanges[Math.floor((number - 1) / 4)];
  if (name === undefined) return "";
  const step = ((number - 1) % 4) + 1;
  return step === 1 ? name : `${name}${step}`;
}
