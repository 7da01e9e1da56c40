/**
 * Protobuf to OTLP/JSON, by the specification's rules: the proto3 mapping with hexadecimal trace and span ids,
 * integers for enums, 64-bit integers as strings. Unknown fields and what is zero without presence are left out.
 */
import type { Batch } from "./api.ts";
import { validated } from "./index-builder.ts";
import { JsonWriter } from "./json-writer.ts";
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
  readInt64AsNumber,
  readUint32,
  readUint64,
} from "./wire.ts";

/** The export request of a batch, edits included, as OTLP/JSON. */
export function encodeJson(batch: Batch): string {
  const type = requestTypes[batch.signal];
  return protobufToJson(type, validated(type, batch.encode()));
}

/** One message of the OTLP layout in regular form as JSON. */
export function protobufToJson(type: MessageType, bytes: Uint8Array): string {
  const encoder = new JsonEncoder(new Source(bytes));
  encoder.message(type, 0, bytes.length);
  return encoder.text();
}

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;

class JsonEncoder {
  readonly #source: Source;
  readonly #bytes: Uint8Array;
  readonly #writer: JsonWriter;

  constructor(source: Source) {
    this.#source = source;
    this.#bytes = source.bytes;
    this.#writer = new JsonWriter(64 + source.bytes.length * 3);
  }

  text(): string {
    return this.#writer.text();
  }

  /** Members stand in the order of the fields; all elements of a repeated field where the first one stands. */
  message(type: MessageType, start: number, end: number): void {
    const bytes = this.#bytes;
    const writer = this.#writer;
    writer.byte(OPEN_BRACE);
    const empty = writer.length;
    let written = 0;
    for (let pos = start; pos < end; ) {
      const head = pos;
      const number = fieldNumber(bytes, head);
      const field = type.fields[number];
      if (field?.repeated && (written & (1 << number)) === 0) {
        written |= 1 << number;
        pos = this.#list(field, head, end, empty);
        continue;
      }
      pos = afterField(bytes, head);
      if (field === undefined || field.repeated || (!field.presence && isZero(field, bytes, head, pos))) continue;
      this.#name(field, empty);
      this.#value(field, head, pos);
    }
    writer.byte(CLOSE_BRACE);
  }

  #name(field: Field, empty: number): void {
    if (this.#writer.length !== empty) this.#writer.byte(COMMA);
    this.#writer.raw(field.label);
  }

  /** Writes the elements from `head` to `end`; returns the position behind the first run of them. */
  #list(field: Field, head: number, end: number, empty: number): number {
    const bytes = this.#bytes;
    const writer = this.#writer;
    let firstRun = -1;
    let count = 0;
    for (let pos = head; pos < end; ) {
      const at = pos;
      pos = afterField(bytes, at);
      if (fieldNumber(bytes, at) !== field.number) {
        if (firstRun < 0) firstRun = at;
        continue;
      }
      if (isEmptyPacked(field, bytes, at)) continue;
      if (count++ > 0) {
        writer.byte(COMMA);
      } else {
        this.#name(field, empty);
        writer.byte(OPEN_BRACKET);
      }
      this.#value(field, at, pos);
    }
    if (count > 0) writer.byte(CLOSE_BRACKET);
    return firstRun < 0 ? end : firstRun;
  }

  /** One occurrence of a field: several elements of a packed one. */
  #value(field: Field, head: number, end: number): void {
    const bytes = this.#bytes;
    if (field.message !== undefined) {
      this.message(field.message, contentStart(bytes, head), end);
      return;
    }
    const type = field.type as ScalarType;
    const isLen = ((bytes[head] as number) & 7) === LEN;
    const payload = isLen ? contentStart(bytes, head) : afterVarint(bytes, head);
    if (isLen && field.repeated && wireTypeOf(type) !== LEN) this.#packed(type, payload, end);
    else this.#scalar(type, payload, end);
  }

  #packed(type: ScalarType, start: number, end: number): void {
    for (let pos = start; pos < end; ) {
      if (pos > start) this.#writer.byte(COMMA);
      const next = type === "uint64" ? afterVarint(this.#bytes, pos) : pos + 8;
      this.#scalar(type, pos, next);
      pos = next;
    }
  }

  #scalar(type: ScalarType, pos: number, end: number): void {
    const writer = this.#writer;
    const bytes = this.#bytes;
    const { view } = this.#source;
    switch (type) {
      case "string":
        writer.quoted(bytes, pos, end);
        break;
      case "bool":
        writer.ascii(readBool(bytes, pos) ? "true" : "false");
        break;
      case "int32":
      case "enum":
        writer.ascii(String(readInt32(bytes, pos)));
        break;
      case "uint32":
        writer.ascii(String(readUint32(bytes, pos)));
        break;
      case "sint32": {
        const raw = readUint32(bytes, pos);
        writer.ascii(String((raw >>> 1) ^ -(raw & 1)));
        break;
      }
      case "int64": {
        // Seven bytes are 49 bits, which a double holds exactly.
        const isShort = end - pos < 8;
        writer.ascii(`"${isShort ? readInt64AsNumber(bytes, pos) : readInt64(bytes, pos)}"`);
        break;
      }
      case "uint64":
        writer.ascii(`"${readUint64(bytes, pos)}"`);
        break;
      case "fixed64":
        writer.ascii(`"${view.getBigUint64(pos, true)}"`);
        break;
      case "sfixed64":
        writer.ascii(`"${view.getBigInt64(pos, true)}"`);
        break;
      case "fixed32":
        writer.ascii(String(view.getUint32(pos, true)));
        break;
      case "double":
        writer.ascii(doubleText(view.getFloat64(pos, true)));
        break;
      case "bytes":
        writer.ascii(`"${this.#source.base64(pos, end)}"`);
        break;
      case "id":
        writer.ascii(`"${this.#source.hex(pos, end)}"`);
        break;
    }
  }
}

function doubleText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value);
  return `"${value}"`;
}

function isEmptyPacked(field: Field, bytes: Uint8Array, head: number): boolean {
  if (field.message !== undefined || wireTypeOf(field.type as ScalarType) === LEN) return false;
  return ((bytes[head] as number) & 7) === LEN && readUint32(bytes, afterVarint(bytes, head)) === 0;
}

/** Whether a field without presence has the value that means unset; negative zero is set. */
function isZero(field: Field, bytes: Uint8Array, head: number, end: number): boolean {
  const payload = afterVarint(bytes, head);
  switch (field.type) {
    case "bool":
    case "int64":
    case "uint64":
      return !readBool(bytes, payload);
    case "fixed32":
    case "fixed64":
    case "sfixed64":
    case "double":
      return bytes.subarray(payload, end).every((byte) => byte === 0);
    default:
      // The value of an integer of 32 bits, the length of anything else.
      return readUint32(bytes, payload) === 0;
  }
}
