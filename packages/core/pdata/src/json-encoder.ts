/**
 * Protobuf to OTLP/JSON, by the specification's rules: the proto3 mapping with hexadecimal trace and span ids,
 * integers for enums, 64-bit integers as strings. Unknown fields and what is zero without presence are left out.
 */
import type { Batch } from "./api.ts";
import { mergeRepeats } from "./merge-repeats.ts";
import { type Field, type MessageType, type ScalarType, wireTypeOf } from "./message-type.ts";
import { requestTypes } from "./otlp-messages.ts";
import { Source } from "./source.ts";
import {
  afterField,
  afterVarint,
  contentStart,
  fieldNumber,
  LEN,
  readBool,
  readInt32,
  readInt64,
  readUint32,
  readUint64,
} from "./wire.ts";

/** The export request of a batch, edits included, as OTLP/JSON. */
export function encodeJson(batch: Batch): string {
  const type = requestTypes[batch.signal];
  const merged = mergeRepeats(type, batch.encode());
  return protobufToJson(type, merged);
}

/** One validated message of the OTLP layout, in which no singular field repeats, as JSON. */
export function protobufToJson(type: MessageType, bytes: Uint8Array): string {
  return message(type, new Source(bytes), 0, bytes.length);
}

function message(type: MessageType, source: Source, start: number, end: number): string {
  const { bytes } = source;
  // By field number, so that elements of a repeated field come together wherever they stand.
  const texts: string[] = [];
  for (let pos = start; pos < end; ) {
    const head = pos;
    pos = afterField(bytes, pos);
    const field = type.fields[fieldNumber(bytes, head)];
    if (field === undefined) continue;
    const text = value(field, source, head, pos);
    if (text === "") continue;
    const before = texts[field.number];
    texts[field.number] = before === undefined || !field.repeated ? text : `${before},${text}`;
  }
  let result = "{";
  for (const [number, text] of texts.entries()) {
    const field = text === undefined ? undefined : type.fields[number];
    if (field === undefined) continue;
    if (result.length > 1) result += ",";
    result += field.repeated ? `"${field.name}":[${text}]` : `"${field.name}":${text}`;
  }
  return `${result}}`;
}

/** The text of one occurrence of a field: several elements of a packed one; "" for what is left out. */
function value(field: Field, source: Source, head: number, end: number): string {
  const { bytes } = source;
  if (field.message !== undefined) return message(field.message, source, contentStart(bytes, head), end);
  const type = field.type as ScalarType;
  const wireType = wireTypeOf(type);
  if (wireType !== LEN && ((bytes[head] as number) & 7) === LEN) {
    return packed(type, source, contentStart(bytes, head), end);
  }
  const payload = wireType === LEN ? contentStart(bytes, head) : afterVarint(bytes, head);
  const text = scalar(type, source, payload, end);
  return field.presence || text !== zero(type) ? text : "";
}

function packed(type: ScalarType, source: Source, start: number, end: number): string {
  const texts: string[] = [];
  for (let pos = start; pos < end; ) {
    texts.push(scalar(type, source, pos, end));
    pos = type === "uint64" ? afterVarint(source.bytes, pos) : pos + 8;
  }
  return texts.join(",");
}

/** The text of the value that a field without presence has when it is not written. */
function zero(type: ScalarType): string {
  switch (type) {
    case "string":
    case "bytes":
    case "id":
      return '""';
    case "bool":
      return "false";
    case "int64":
    case "uint64":
    case "fixed64":
    case "sfixed64":
      return '"0"';
    default:
      return "0";
  }
}

function scalar(type: ScalarType, source: Source, pos: number, end: number): string {
  const { bytes, view } = source;
  switch (type) {
    case "bool":
      return readBool(bytes, pos) ? "true" : "false";
    case "int32":
    case "enum":
      return String(readInt32(bytes, pos));
    case "uint32":
      return String(readUint32(bytes, pos));
    case "sint32": {
      const raw = readUint32(bytes, pos);
      return String((raw >>> 1) ^ -(raw & 1));
    }
    case "int64":
      return `"${readInt64(bytes, pos)}"`;
    case "uint64":
      return `"${readUint64(bytes, pos)}"`;
    case "fixed64":
      return `"${view.getBigUint64(pos, true)}"`;
    case "sfixed64":
      return `"${view.getBigInt64(pos, true)}"`;
    case "fixed32":
      return String(view.getUint32(pos, true));
    case "double":
      return double(view.getFloat64(pos, true));
    case "string":
      return JSON.stringify(source.string(pos, end));
    case "bytes":
      return `"${source.base64(pos, end)}"`;
    case "id":
      return `"${source.hex(pos, end)}"`;
  }
}

function double(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value);
  return `"${value}"`;
}
