/**
 * OTLP/JSON to protobuf, by the specification's rules: the proto3 mapping with hexadecimal trace and span ids of
 * either case, integers for enums, and unknown names ignored. Names are lowerCamelCase only.
 */
import type { BatchOf, Signal } from "./api.ts";
import { decode } from "./batches.ts";
import { JsonScanner } from "./json-scanner.ts";
import { type Field, type MessageType, role, type ScalarType, wireTypeOf } from "./message-type.ts";
import { checkInput, notJson } from "./other-input.ts";
import { requestTypes } from "./otlp-messages.ts";
import { PdataError } from "./pdata-error.ts";
import type { SalvageTally } from "./salvage-tally.ts";
import { LEN, maxValueDepth } from "./wire.ts";
import { Writer } from "./writer.ts";

/**
 * The batch of an export request in OTLP/JSON.
 *
 * @throws {PdataError} DBI_PDATA_JSON or DBI_PDATA_DEPTH, with the byte offset in the UTF-8 text; DBI_PDATA_VALUE for
 * what is neither text nor bytes. For bytes that are something else its hint says what reads them.
 */
export function decodeJson<S extends Signal>(signal: S, text: string | Uint8Array): BatchOf[S] {
  const bytes = typeof text === "string" ? Buffer.from(text, "utf8") : text;
  checkInput(bytes, signal);
  try {
    return decode(signal, jsonToProtobuf(requestTypes[signal], bytes));
  } catch (reason) {
    throw notJson(reason, bytes, signal);
  }
}

/**
 * One message of the OTLP layout from JSON to protobuf. With a tally, items that are JSON but not OTLP are left out and
 * told to it.
 */
export function jsonToProtobuf(type: MessageType, text: string | Uint8Array, tally?: SalvageTally): Uint8Array {
  const bytes = typeof text === "string" ? Buffer.from(text, "utf8") : text;
  return new JsonDecoder(bytes, tally).decode(type);
}

/** The range of each integer type. */
const ranges: Readonly<Partial<Record<ScalarType, readonly [min: bigint, max: bigint]>>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  enum: [-(2n ** 31n), 2n ** 31n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  fixed32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  sfixed64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  fixed64: [0n, 2n ** 64n - 1n],
};

const specialDoubles = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

/** Integers up to here need no bigint. */
const maxSmall = 2 ** 53 - 1;
const maxima: Readonly<Partial<Record<ScalarType, number>>> = Object.fromEntries(
  Object.entries(ranges).map(([type, [, max]]) => [type, Math.min(Number(max), maxSmall)]),
);

function writeSmall(writer: Writer, number: number, type: ScalarType, value: number): void {
  if (type === "fixed64" || type === "sfixed64") writer.smallFixed64(number, value);
  else if (type === "fixed32") writer.fixed32(number, value);
  else if (type === "sint32") writer.sint32(number, value);
  else writer.smallInt64(number, value);
}

function writeInteger(writer: Writer, number: number, type: ScalarType, value: bigint): void {
  if (type === "fixed64" || type === "sfixed64") writer.fixed64(number, value);
  else if (type === "fixed32") writer.fixed32(number, Number(value));
  else if (type === "sint32") writer.sint32(number, Number(value));
  else writer.int64(number, value);
}

class JsonDecoder {
  readonly #scanner: JsonScanner;
  readonly #writer: Writer;
  readonly #tally: SalvageTally | undefined;

  constructor(bytes: Uint8Array, tally: SalvageTally | undefined) {
    this.#tally = tally;
    this.#scanner = new JsonScanner(bytes);
    this.#writer = new Writer(Math.max(64, bytes.length >>> 1));
  }

  decode(type: MessageType): Uint8Array {
    this.#message(type, 0);
    this.#scanner.end();
    return this.#writer.take();
  }

  #message(type: MessageType, depth: number): void {
    const scanner = this.#scanner;
    const below = depth + type.depth;
    if (below > maxValueDepth) {
      throw new PdataError(`values nested deeper than ${maxValueDepth}`, {
        code: "DBI_PDATA_DEPTH",
        offset: scanner.pos,
      });
    }
    let seen = 0;
    scanner.openObject();
    for (let isFirst = true; ; isFirst = false) {
      const field = scanner.nextField(type, isFirst);
      if (field === null) return;
      if (field === undefined) {
        scanner.skip();
        continue;
      }
      if (scanner.skipNull()) continue;
      const conflicts = type.conflicts[field.number] as number;
      if ((seen & conflicts) !== 0)
        throw scanner.error(`${field.name} where ${type.name} has it or its alternative already`);
      seen |= 1 << field.number;
      if (field.repeated) this.#list(field, below);
      else this.#value(field, below);
    }
  }

  #list(field: Field, depth: number): void {
    const scanner = this.#scanner;
    const isPacked = field.message === undefined && wireTypeOf(field.type as ScalarType) !== LEN;
    const tally = field.message === undefined || field.message.role === role.none ? undefined : this.#tally;
    const start = this.#writer.length;
    const mark = isPacked ? this.#writer.open(field.number) : -1;
    scanner.openArray();
    let count = 0;
    for (; scanner.nextElement(count === 0); count++) {
      if (isPacked) this.#packed(field.type as ScalarType);
      else if (tally !== undefined) this.#salvage(field, depth, tally);
      else this.#value(field, depth);
    }
    if (!isPacked) return;
    if (count > 0) this.#writer.close(mark);
    else this.#writer.length = start;
  }

  /** An element that is left out when it, or all that it holds, is not OTLP. What is no JSON still fails. */
  #salvage(field: Field, depth: number, tally: SalvageTally): void {
    const scanner = this.#scanner;
    const { pos } = scanner;
    const { length } = this.#writer;
    const before = tally.enter(field.message as MessageType);
    try {
      this.#value(field, depth);
    } catch (reason) {
      if (!tally.rejects(field.message as MessageType, reason, before)) throw reason;
      this.#writer.length = length;
      scanner.pos = pos;
      // The depth takes memory in proportion to the text, which the value may have been refused for.
      scanner.skip(Number.POSITIVE_INFINITY);
      return;
    }
    if (!tally.keeps(field.message as MessageType, before)) this.#writer.length = length;
  }

  #value(field: Field, depth: number): void {
    const writer = this.#writer;
    if (field.message !== undefined) {
      const mark = writer.open(field.number);
      this.#message(field.message, depth);
      writer.close(mark);
      return;
    }
    this.#scalar(field.number, field.type as ScalarType);
  }

  #scalar(number: number, type: ScalarType): void {
    const writer = this.#writer;
    switch (type) {
      case "string":
        this.#scanner.stringTo(writer, number);
        return;
      case "bool":
        writer.bool(number, this.#scanner.boolean());
        return;
      case "double":
        writer.double(number, this.#double());
        return;
      case "id":
        writer.bytesField(number, this.#hex());
        return;
      case "bytes":
        writer.bytesField(number, this.#base64());
        return;
      default:
    }
    const small = this.#scanner.smallInteger(maxima[type] ?? 0);
    if (small >= 0) writeSmall(writer, number, type, small);
    else writeInteger(writer, number, type, this.#integer(type));
  }

  /** An element of a packed field: `fixed64`, `uint64` or `double`. */
  #packed(type: ScalarType): void {
    if (type === "double") this.#writer.rawDouble(this.#double());
    else if (type === "fixed64") this.#writer.rawFixed64(this.#integer(type));
    else this.#writer.varint64(this.#integer(type));
  }

  /** A number, or a string that holds one: all digits count. */
  #integer(type: ScalarType): bigint {
    const scanner = this.#scanner;
    const start = scanner.pos;
    const digits = scanner.startsString() ? scanner.string() : scanner.number();
    const value = toInteger(digits);
    const [min, max] = ranges[type] ?? [0n, 0n];
    if (value === undefined || value < min || value > max) throw scanner.error(`no ${type}`, start);
    return value;
  }

  #double(): number {
    const scanner = this.#scanner;
    const start = scanner.pos;
    if (!scanner.startsString()) return Number(scanner.number());
    const text = scanner.string();
    const value = specialDoubles.get(text) ?? (isNumber(text) ? Number(text) : undefined);
    if (value === undefined) throw scanner.error("no double", start);
    return value;
  }

  #hex(): Uint8Array {
    const start = this.#scanner.pos;
    const digits = this.#scanner.string();
    if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) throw this.#scanner.error("no id in hex", start);
    return Buffer.from(digits, "hex");
  }

  /** Standard or URL-safe alphabet, with or without padding. */
  #base64(): Uint8Array {
    const start = this.#scanner.pos;
    const text = this.#scanner.string();
    if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw this.#scanner.error("no base64", start);
    return Buffer.from(text, "base64");
  }
}

const integerPattern = /^-?[0-9]{1,40}$/;
const numberPattern = /^-?[0-9]{1,400}(?:\.[0-9]{1,400})?(?:[eE][-+]?[0-9]{1,5})?$/;

function isNumber(text: string): boolean {
  return numberPattern.test(text);
}

/** `1.0` and `1e3` are integers too, as far as a double holds them exactly. */
function toInteger(digits: string): bigint | undefined {
  if (integerPattern.test(digits)) return BigInt(digits);
  const value = isNumber(digits) ? Number(digits) : Number.NaN;
  return Number.isSafeInteger(value) ? BigInt(value) : undefined;
}
