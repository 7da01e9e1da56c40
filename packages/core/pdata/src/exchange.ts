/**
 * ExportLogsServiceResponse, …Metrics…, …Trace… => partial_success(1) PartialSuccess
 * PartialSuccess => rejected_log_records | rejected_data_points | rejected_spans(1) INT64, error_message(2) STRING
 * google.rpc.Status => code(1) INT32, message(2) STRING, details(3) [Any], of which RetryInfo is read
 */
import type { Signal } from "./api.ts";
import type { ExportResponse, OtlpEncoding, RpcStatus } from "./exchange-api.ts";
import { validated } from "./index-builder.ts";
import { jsonToProtobuf } from "./json-decoder.ts";
import { protobufToJson } from "./json-encoder.ts";
import type { MessageType } from "./message-type.ts";
import { responseTypes, statusType } from "./otlp-messages.ts";
import { readRetryInfo, writeRetryInfo } from "./retry-info.ts";
import { Source } from "./source.ts";
import { afterField, afterVarint, contentStart, findField, readInt32, readInt64 } from "./wire.ts";
import { Writer } from "./writer.ts";

/** The gRPC method that takes each signal (opentelemetry-proto, the files named …_service.proto). */
export const exportMethods: Readonly<Record<Signal, string>> = {
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
};

/** The body of a 200 answer; `{}` when everything was taken. */
export function encodeExportResponse(signal: Signal, response: ExportResponse, encoding: OtlpEncoding): Uint8Array {
  const writer = new Writer();
  const { partialSuccess } = response;
  if (partialSuccess !== undefined) {
    const mark = writer.open(1);
    if (partialSuccess.rejected !== 0n) writer.int64(1, partialSuccess.rejected);
    if (partialSuccess.errorMessage !== "") writer.string(2, partialSuccess.errorMessage);
    writer.close(mark);
  }
  return inEncoding(responseTypes[signal], writer.take(), encoding);
}

/**
 * The content of a 200 answer. A partial success that rejects nothing and says nothing counts as none.
 *
 * @throws {PdataError} when the body is not such a message.
 */
export function decodeExportResponse(signal: Signal, bytes: Uint8Array, encoding: OtlpEncoding): ExportResponse {
  const source = fromEncoding(responseTypes[signal], bytes, encoding);
  const pos = findField(source.bytes, 0, source.bytes.length, 1);
  if (pos < 0) return {};
  const start = contentStart(source.bytes, pos);
  const end = afterField(source.bytes, pos);
  const at = findField(source.bytes, start, end, 1);
  const rejected = at < 0 ? 0n : readInt64(source.bytes, afterVarint(source.bytes, at));
  const errorMessage = stringField(source, start, end, 2);
  return rejected === 0n && errorMessage === "" ? {} : { partialSuccess: { rejected, errorMessage } };
}

/** The body of a 4xx or 5xx answer. */
export function encodeRpcStatus(status: RpcStatus, encoding: OtlpEncoding): Uint8Array {
  const writer = new Writer();
  if (status.code !== 0) writer.int32(1, status.code);
  if (status.message !== "") writer.string(2, status.message);
  if (status.retryDelayMs !== undefined) writeRetryInfo(writer, 3, status.retryDelayMs);
  return inEncoding(statusType, writer.take(), encoding);
}

/**
 * The content of a 4xx or 5xx answer.
 *
 * @throws {PdataError} when the body is not such a message.
 */
export function decodeRpcStatus(bytes: Uint8Array, encoding: OtlpEncoding): RpcStatus {
  const source = fromEncoding(statusType, bytes, encoding);
  const end = source.bytes.length;
  const at = findField(source.bytes, 0, end, 1);
  const code = at < 0 ? 0 : readInt32(source.bytes, afterVarint(source.bytes, at));
  const retryDelayMs = retryDelay(source.bytes);
  return { code, message: stringField(source, 0, end, 2), ...(retryDelayMs === undefined ? {} : { retryDelayMs }) };
}

/** The first of the details that says when to come back. */
function retryDelay(bytes: Uint8Array): number | undefined {
  const end = bytes.length;
  for (let at = findField(bytes, 0, end, 3); at >= 0; at = findField(bytes, afterField(bytes, at), end, 3)) {
    const delayMs = readRetryInfo(bytes.subarray(contentStart(bytes, at), afterField(bytes, at)));
    if (delayMs !== undefined) return delayMs;
  }
  return undefined;
}

function stringField(source: Source, start: number, end: number, field: number): string {
  const pos = findField(source.bytes, start, end, field);
  return pos < 0 ? "" : source.string(contentStart(source.bytes, pos), afterField(source.bytes, pos));
}

function inEncoding(type: MessageType, bytes: Uint8Array, encoding: OtlpEncoding): Uint8Array {
  return encoding === "protobuf" ? bytes : new TextEncoder().encode(protobufToJson(type, bytes));
}

function fromEncoding(type: MessageType, bytes: Uint8Array, encoding: OtlpEncoding): Source {
  if (encoding === "json") return new Source(jsonToProtobuf(type, bytes));
  return new Source(validated(type, new Source(bytes).bytes));
}
