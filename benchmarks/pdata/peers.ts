/**
 * The full decoders to compare with, both on the descriptors of the official .proto files: @bufbuild/protobuf, whose
 * generated code is the same interpreter over the same descriptors, and protobufjs with reflection, which compiles
 * decoders and encoders to code as its generator does.
 */
import { readFileSync } from "node:fs";
import {
  createFileRegistry,
  type DescMessage,
  fromBinary,
  fromJsonString,
  type Message,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { Signal } from "@dbintel/pdata";
import protobufjs from "protobufjs";
import descriptorExtension from "protobufjs/ext/descriptor.js";

const descriptors = readFileSync(new URL("../../packages/core/pdata/test/oracle/opentelemetry.binpb", import.meta.url));

/** A decoded attribute, in the common part of what both libraries make. */
interface KeyValue {
  readonly key: string;
  readonly value?: unknown;
}

export interface DecodedItem {
  attributes: KeyValue[];
}

export interface DecodedRequest {
  resourceLogs?: { scopeLogs: { logRecords: DecodedItem[] }[] }[];
  resourceMetrics?: { scopeMetrics: { metrics: unknown[] }[] }[];
}

export interface Peer {
  readonly name: string;
  decode(bytes: Uint8Array): DecodedRequest;
  encode(request: DecodedRequest): Uint8Array;
  /** A string or number attribute. */
  read(item: DecodedItem, key: string): string | number | undefined;
  /** Adds or replaces a string attribute. */
  set(item: DecodedItem, key: string, value: string): void;
  /** The points of a metric that is a sum. */
  sumPoints(metric: unknown): { attributes: KeyValue[]; value: number }[];
}

const typeNames: Readonly<Record<Signal, string>> = {
  logs: "opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest",
  metrics: "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest",
  traces: "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest",
};

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));

function bufbuildType(signal: Signal): DescMessage {
  const type = registry.getMessage(typeNames[signal]);
  if (type === undefined) throw new Error(`no ${typeNames[signal]}`);
  return type;
}

type BufbuildValue = { value: { case: string | undefined; value?: unknown } };
type BufbuildSum = { data: { value: { dataPoints: (DecodedItem & { value: { value?: number | bigint } })[] } } };

export function bufbuild(
  signal: Signal,
): Peer & { toJson(bytes: Uint8Array): string; fromJson(text: string): Uint8Array } {
  const type = bufbuildType(signal);
  return {
    name: "@bufbuild/protobuf",
    decode: (bytes) => fromBinary(type, bytes) as unknown as DecodedRequest,
    encode: (request) => toBinary(type, request as unknown as Message),
    toJson: (bytes) => toJsonString(type, fromBinary(type, bytes), { enumAsInteger: true }),
    fromJson: (text) => toBinary(type, fromJsonString(type, text)),
    read(item, key) {
      const found = item.attributes.find((attribute) => attribute.key === key)?.value as BufbuildValue | undefined;
      const value = found?.value.value;
      return typeof value === "bigint" ? Number(value) : (value as string | number | undefined);
    },
    set(item, key, value) {
      const any = { $typeName: "opentelemetry.proto.common.v1.AnyValue", value: { case: "stringValue", value } };
      const at = item.attributes.findIndex((attribute) => attribute.key === key);
      const made = { $typeName: "opentelemetry.proto.common.v1.KeyValue", key, value: any, keyStrindex: 0 };
      if (at < 0) item.attributes.push(made);
      else item.attributes[at] = made;
    },
    sumPoints: (metric) =>
      (metric as BufbuildSum).data.value.dataPoints.map(({ attributes, value }) => ({
        attributes,
        value: Number(value.value),
      })),
  };
}

type ProtobufjsValue = { stringValue?: string; intValue?: unknown; doubleValue?: number };
type ProtobufjsSum = { sum: { dataPoints: (DecodedItem & { asInt?: unknown; asDouble?: number })[] } };

export function protobufJs(signal: Signal): Peer {
  // The extension adds `fromDescriptor` to protobufjs' Root.
  const root = (descriptorExtension as unknown as typeof protobufjs).Root ?? protobufjs.Root;
  const type = (root as unknown as { fromDescriptor(set: Uint8Array): protobufjs.Root })
    .fromDescriptor(descriptors)
    .lookupType(typeNames[signal]);
  const number = (value: unknown) => (value as { toNumber(): number }).toNumber();
  return {
    name: "protobufjs",
    decode: (bytes) => type.decode(bytes) as unknown as DecodedRequest,
    encode: (request) => type.encode(request).finish(),
    read(item, key) {
      const value = item.attributes.find((attribute) => attribute.key === key)?.value as ProtobufjsValue | undefined;
      if (value === undefined) return undefined;
      if (Object.hasOwn(value, "stringValue")) return value.stringValue;
      return Object.hasOwn(value, "intValue") ? number(value.intValue) : value.doubleValue;
    },
    set(item, key, value) {
      const at = item.attributes.findIndex((attribute) => attribute.key === key);
      const made = { key, value: { stringValue: value } };
      if (at < 0) item.attributes.push(made);
      else item.attributes[at] = made;
    },
    sumPoints: (metric) =>
      (metric as ProtobufjsSum).sum.dataPoints.map((point) => ({
        attributes: point.attributes,
        value: Object.hasOwn(point, "asInt") ? number(point.asInt) : Number(point.asDouble),
      })),
  };
}
