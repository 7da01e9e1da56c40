/**
 * The independent judge of the tests: OTLP messages decoded in full by @bufbuild/protobuf, from descriptors made of
 * the official .proto files (see regenerate.sh). Nothing here uses the code under test.
 */
import { readFileSync } from "node:fs";
import {
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { Signal } from "@dbintel/pdata";

export interface OracleValue extends Message {
  value:
    | { case: undefined; value?: undefined }
    | { case: "stringValue"; value: string }
    | { case: "boolValue"; value: boolean }
    | { case: "intValue"; value: bigint }
    | { case: "doubleValue"; value: number }
    | { case: "bytesValue"; value: Uint8Array }
    | { case: "stringValueStrindex"; value: number }
    | { case: "arrayValue"; value: Message & { values: OracleValue[] } }
    | { case: "kvlistValue"; value: Message & { values: OracleKeyValue[] } };
}

export interface OracleKeyValue extends Message {
  key: string;
  value?: OracleValue;
}

/** Any message with attributes: Resource, InstrumentationScope, LogRecord, Span, Event, Link, data points. */
export interface OracleAttributed extends Message {
  attributes: OracleKeyValue[];
  [field: string]: unknown;
}

export interface OracleMetric extends Message {
  data: { case: string | undefined; value?: Message & { dataPoints: OracleAttributed[]; [field: string]: unknown } };
  [field: string]: unknown;
}

export interface OracleContainer extends Message {
  scope?: OracleAttributed;
  schemaUrl: string;
  items: (OracleAttributed | OracleMetric)[];
}

export interface OracleGroup extends Message {
  resource?: OracleAttributed;
  schemaUrl: string;
  containers: OracleContainer[];
}

const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, readFileSync(new URL("opentelemetry.binpb", import.meta.url))),
);

/** The descriptor of `opentelemetry.proto.NAME`. */
export function descriptor(name: string): DescMessage {
  const found = registry.getMessage(`opentelemetry.proto.${name}`);
  if (found === undefined) throw new Error(`no message ${name}`);
  return found;
}

const requests: Record<Signal, { request: string; groups: string; containers: string; items: string }> = {
  logs: {
    request: "collector.logs.v1.ExportLogsServiceRequest",
    groups: "resourceLogs",
    containers: "scopeLogs",
    items: "logRecords",
  },
  metrics: {
    request: "collector.metrics.v1.ExportMetricsServiceRequest",
    groups: "resourceMetrics",
    containers: "scopeMetrics",
    items: "metrics",
  },
  traces: {
    request: "collector.trace.v1.ExportTraceServiceRequest",
    groups: "resourceSpans",
    containers: "scopeSpans",
    items: "spans",
  },
};

export function requestDescriptor(signal: Signal): DescMessage {
  return descriptor(requests[signal].request);
}

export function decodeFully(signal: Signal, bytes: Uint8Array): Message {
  return fromBinary(requestDescriptor(signal), bytes);
}

/** Canonical bytes: fields in the order of their numbers, unknown ones last. Equal messages have equal bytes. */
export function encodeFully(signal: Signal, message: Message): Uint8Array {
  return toBinary(requestDescriptor(signal), message);
}

/** Canonical bytes of whatever a request means. */
export function canonical(signal: Signal, bytes: Uint8Array): string {
  return Buffer.from(encodeFully(signal, decodeFully(signal, bytes))).toString("hex");
}

/** The lists of a request, whatever they are called in its signal. */
export function lists(signal: Signal) {
  const names = requests[signal];
  return {
    groups: (request: Message) => (request as unknown as Record<string, OracleGroup[]>)[names.groups] ?? [],
    containers: (group: OracleGroup) => (group as unknown as Record<string, OracleContainer[]>)[names.containers] ?? [],
    items: (container: OracleContainer) =>
      (container as unknown as Record<string, (OracleAttributed | OracleMetric)[]>)[names.items] ?? [],
  };
}

export function newMessage<M extends Message>(name: string, init: Record<string, unknown> = {}): M {
  return create(descriptor(name), init) as unknown as M;
}

/** bufbuild's proto3 JSON with the deviation of OTLP: trace and span ids in hexadecimal digits. */
export function toOtlpJson(signal: Signal, message: Message): JsonValue {
  return hexIds(toJson(requestDescriptor(signal), message, { enumAsInteger: true }));
}

function hexIds(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(hexIds);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const isId = name === "traceId" || name === "spanId" || name === "parentSpanId";
      if (isId && typeof member === "string") return [name, Buffer.from(member, "base64").toString("hex")];
      return [name, hexIds(member)];
    }),
  );
}

/** What a message of any type means, as JSON. */
export function canonicalMessage(name: string, bytes: Uint8Array): JsonValue {
  return toJson(descriptor(name), fromBinary(descriptor(name), bytes));
}
