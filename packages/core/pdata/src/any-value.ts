/**
 * AnyValue => oneof value: string_value(1) STRING, bool_value(2) BOOL, int_value(3) INT64, double_value(4) DOUBLE,
 *             array_value(5) ArrayValue, kvlist_value(6) KeyValueList, bytes_value(7) BYTES,
 *             string_value_strindex(8) INT32 (profiles only; reads as empty)
 * ArrayValue => values(1) [AnyValue]
 * KeyValueList => values(1) [KeyValue]
 * KeyValue => key(1) STRING, value(2) AnyValue, key_strindex(3) INT32 (profiles only)
 */
import type { AnyValue, ValueKind } from "./api.ts";
import { valueMember } from "./key-value.ts";
import { PdataError, valueError } from "./pdata-error.ts";
import type { Source } from "./source.ts";
import { afterField, contentStart, fieldNumber, findField, maxValueDepth, readBool, readInt64 } from "./wire.ts";
import type { Writer } from "./writer.ts";

const kinds: readonly ValueKind[] = ["empty", "string", "bool", "int", "double", "array", "map", "bytes", "empty"];

const maxInt64 = 2n ** 63n - 1n;
const minInt64 = -(2n ** 63n);

/** The kind of the member whose tag is at `pos`; -1 for none. */
export function memberKind(bytes: Uint8Array, pos: number): ValueKind {
  return pos < 0 ? "empty" : (kinds[fieldNumber(bytes, pos)] as ValueKind);
}

/** Decodes the AnyValue in `[start, end)`. */
export function decodeValue(source: Source, start: number, end: number): AnyValue {
  return decodeMember(source, valueMember(source.bytes, start, end));
}

/** Decodes the member of an AnyValue whose tag is at `pos`; -1 for none. */
export function decodeMember(source: Source, pos: number): AnyValue {
  const { bytes } = source;
  switch (memberKind(bytes, pos)) {
    case "string":
      return source.string(contentStart(bytes, pos), afterField(bytes, pos));
    case "bool":
      return readBool(bytes, pos + 1);
    case "int":
      return readInt64(bytes, pos + 1);
    case "double":
      return source.view.getFloat64(pos + 1, true);
    case "bytes":
      return bytes.slice(contentStart(bytes, pos), afterField(bytes, pos));
    case "array":
      return decodeArray(source, contentStart(bytes, pos), afterField(bytes, pos));
    case "map":
      return decodeMap(source, contentStart(bytes, pos), afterField(bytes, pos));
    case "empty":
      return null;
  }
}

function decodeArray(source: Source, start: number, end: number): AnyValue[] {
  const { bytes } = source;
  const result: AnyValue[] = [];
  for (let pos = start; pos < end; ) {
    const next = afterField(bytes, pos);
    if (fieldNumber(bytes, pos) === 1) result.push(decodeValue(source, contentStart(bytes, pos), next));
    pos = next;
  }
  return result;
}

/** Where a name occurs twice the first counts, as for attributes. */
function decodeMap(source: Source, start: number, end: number): Map<string, AnyValue> {
  const { bytes } = source;
  const result = new Map<string, AnyValue>();
  for (let pos = start; pos < end; ) {
    const next = afterField(bytes, pos);
    if (fieldNumber(bytes, pos) === 1) {
      const content = contentStart(bytes, pos);
      const key = decodeKey(source, content, next);
      if (!result.has(key)) result.set(key, decodeKeyValue(source, content, next));
    }
    pos = next;
  }
  return result;
}

/** The key of the KeyValue in `[start, end)`. */
export function decodeKey(source: Source, start: number, end: number): string {
  const { bytes } = source;
  const pos = findField(bytes, start, end, 1);
  return pos < 0 ? "" : source.string(contentStart(bytes, pos), afterField(bytes, pos));
}

/** The value of the KeyValue in `[start, end)`. */
export function decodeKeyValue(source: Source, start: number, end: number): AnyValue {
  const { bytes } = source;
  const pos = findField(bytes, start, end, 2);
  return pos < 0 ? null : decodeValue(source, contentStart(bytes, pos), afterField(bytes, pos));
}

/** Writes a field that holds an AnyValue. */
export function writeValue(writer: Writer, field: number, value: AnyValue, depth = 1): void {
  if (depth > maxValueDepth) {
    throw new PdataError(`a value nested deeper than ${maxValueDepth}`, { code: "DBI_PDATA_DEPTH" });
  }
  const mark = writer.open(field, typeof value === "string" ? value.length + 2 : 0);
  writeContent(writer, value, depth);
  writer.close(mark);
}

function writeContent(writer: Writer, value: AnyValue, depth: number): void {
  switch (typeof value) {
    case "string":
      writer.string(1, value);
      return;
    case "boolean":
      writer.bool(2, value);
      return;
    case "bigint":
      if (value < minInt64 || value > maxInt64) throw valueError("an integer of more than 64 bits");
      writer.int64(3, value);
      return;
    case "number":
      writer.double(4, value);
      return;
    default:
  }
  if (value === null) return;
  if (value instanceof Uint8Array) {
    writer.bytesField(7, value);
  } else if (value instanceof Map) {
    const mark = writer.open(6);
    for (const [key, item] of value) writeKeyValue(writer, 1, key, item, depth + 1);
    writer.close(mark);
  } else if (Array.isArray(value)) {
    const mark = writer.open(5);
    for (const item of value) writeValue(writer, 1, item, depth + 1);
    writer.close(mark);
  } else {
    throw valueError(`a value of type ${typeof value}; use string, boolean, bigint, number, Uint8Array, array or Map`);
  }
}

/** Writes a field that holds a KeyValue. */
export function writeKeyValue(writer: Writer, field: number, key: string, value: AnyValue, depth = 1): void {
  const mark = writer.open(field, key.length + (typeof value === "string" ? value.length : 0) + 4);
  writer.string(1, key);
  writeValue(writer, 2, value, depth);
  writer.close(mark);
}
