import { decodeKey, decodeKeyValue, valueField, valueKind, writeKeyValue, writeValue } from "./any-value.ts";
import type { AnyValue, AttributeKey, Attributes, ValueKind } from "./api.ts";
import { attributeKey } from "./attribute-key.ts";
import type { Place } from "./place.ts";
import { afterField, afterVarint, contentStart, fieldNumber, findField, readBool, readInt64 } from "./wire.ts";
import type { Writer } from "./writer.ts";

/**
 * The attributes of the message that a place stands on: field `field` of it, repeated
 * KeyValue => key(1) STRING, value(2) AnyValue
 */
export class AttributesView implements Attributes {
  /** The field number of the attributes; differs between the kinds of data points. */
  field: number;
  readonly #place: Place;

  constructor(place: Place, field: number) {
    this.#place = place;
    this.field = field;
  }

  get size(): number {
    this.#place.sync();
    const { source, start, end } = this.#place;
    let size = 0;
    for (let pos = start; pos < end; pos = afterField(source.bytes, pos)) {
      if (fieldNumber(source.bytes, pos) === this.field) size++;
    }
    return size;
  }

  has(key: string | AttributeKey): boolean {
    this.#place.sync();
    return this.#find(key, this.#place.start) >= 0;
  }

  kind(key: string | AttributeKey): ValueKind | undefined {
    this.#place.sync();
    const found = this.#find(key, this.#place.start);
    if (found < 0) return undefined;
    const { bytes } = this.#place.source;
    const value = findField(bytes, contentStart(bytes, found), afterField(bytes, found), 2);
    return value < 0 ? "empty" : valueKind(bytes, contentStart(bytes, value), afterField(bytes, value));
  }

  get(key: string | AttributeKey): AnyValue | undefined {
    this.#place.sync();
    const found = this.#find(key, this.#place.start);
    if (found < 0) return undefined;
    const { source } = this.#place;
    return decodeKeyValue(source, contentStart(source.bytes, found), afterField(source.bytes, found));
  }

  getString(key: string | AttributeKey): string | undefined {
    const value = this.#member(key, 1);
    if (value < 0) return undefined;
    const { source } = this.#place;
    return source.string(contentStart(source.bytes, value), afterField(source.bytes, value));
  }

  getBoolean(key: string | AttributeKey): boolean | undefined {
    const value = this.#member(key, 2);
    return value < 0 ? undefined : readBool(this.#place.source.bytes, afterVarint(this.#place.source.bytes, value));
  }

  getInt(key: string | AttributeKey): bigint | undefined {
    const value = this.#member(key, 3);
    return value < 0 ? undefined : readInt64(this.#place.source.bytes, afterVarint(this.#place.source.bytes, value));
  }

  getDouble(key: string | AttributeKey): number | undefined {
    const value = this.#member(key, 4);
    return value < 0
      ? undefined
      : this.#place.source.view.getFloat64(afterVarint(this.#place.source.bytes, value), true);
  }

  getNumber(key: string | AttributeKey): number | undefined {
    const double = this.getDouble(key);
    if (double !== undefined) return double;
    const int = this.getInt(key);
    return int === undefined ? undefined : Number(int);
  }

  getUtf8(key: string | AttributeKey): Uint8Array | undefined {
    const value = this.#member(key, 1);
    if (value < 0) return undefined;
    const { bytes } = this.#place.source;
    return bytes.subarray(contentStart(bytes, value), afterField(bytes, value));
  }

  equals(key: string | AttributeKey, utf8: Uint8Array): boolean {
    const value = this.#member(key, 1);
    if (value < 0) return false;
    const { bytes } = this.#place.source;
    const start = contentStart(bytes, value);
    return afterField(bytes, value) - start === utf8.length && equalAt(bytes, start, utf8);
  }

  set(key: string | AttributeKey, value: AnyValue): void {
    const place = this.#place;
    const patch = place.scratch();
    place.sync();
    const first = this.#find(key, place.start);
    if (first < 0) {
      writeKeyValue(patch, this.field, typeof key === "string" ? key : key.name, value);
      place.own(patch.length);
      place.splice(place.end, place.end, patch.bytes.subarray(0, patch.length));
    } else {
      this.#writeWith(patch, first, value);
      this.#replaceAll(key, first, patch);
    }
  }

  delete(key: string | AttributeKey): boolean {
    const place = this.#place;
    place.sync();
    const first = this.#find(key, place.start);
    if (first < 0) return false;
    this.#replaceAll(key, first, place.scratch());
    return true;
  }

  keys(): Iterable<string> {
    return this.#all().map(([start, end]) => decodeKey(this.#place.source, start, end));
  }

  entries(): Iterable<readonly [string, AnyValue]> {
    const { source } = this.#place;
    return this.#all().map(
      ([start, end]) => [decodeKey(source, start, end), decodeKeyValue(source, start, end)] as const,
    );
  }

  /** The contents of all KeyValues. */
  #all(): [start: number, end: number][] {
    this.#place.sync();
    const { source, start, end } = this.#place;
    const result: [number, number][] = [];
    for (let pos = start; pos < end; ) {
      const next = afterField(source.bytes, pos);
      if (fieldNumber(source.bytes, pos) === this.field) result.push([contentStart(source.bytes, pos), next]);
      pos = next;
    }
    return result;
  }

  /** Writes the KeyValue whose tag is at `pos` with another value; what else is in it stays. */
  #writeWith(patch: Writer, pos: number, value: AnyValue): void {
    const { bytes } = this.#place.source;
    const start = contentStart(bytes, pos);
    const end = afterField(bytes, pos);
    const old = findField(bytes, start, end, 2);
    const from = old < 0 ? end : old;
    const mark = patch.open(this.field, end - start);
    patch.raw(bytes, start, from);
    writeValue(patch, 2, value);
    patch.raw(bytes, old < 0 ? end : afterField(bytes, old), end);
    patch.close(mark);
  }

  /** Puts `patch` in the place of the first KeyValue of a name and removes the others, in one splice. */
  #replaceAll(key: string | AttributeKey, first: number, patch: Writer): void {
    const place = this.#place;
    const { bytes } = place.source;
    let end = afterField(bytes, first);
    for (let next = this.#find(key, end); next >= 0; next = this.#find(key, end)) {
      patch.raw(bytes, end, next);
      end = afterField(bytes, next);
    }
    const offset = first - place.start;
    const length = end - first;
    place.own(patch.length);
    const from = place.start + offset;
    place.splice(from, from + length, patch.bytes.subarray(0, patch.length));
  }

  /** The position of the tag of the value's member `member` when that is the one that is set, or -1. */
  #member(key: string | AttributeKey, member: number): number {
    this.#place.sync();
    const found = this.#find(key, this.#place.start);
    if (found < 0) return -1;
    const { bytes } = this.#place.source;
    const value = findField(bytes, contentStart(bytes, found), afterField(bytes, found), 2);
    if (value < 0) return -1;
    const set = valueField(bytes, contentStart(bytes, value), afterField(bytes, value));
    return set >= 0 && fieldNumber(bytes, set) === member ? set : -1;
  }

  /** The position of the tag of the first KeyValue with the key behind `from`, or -1. */
  #find(key: string | AttributeKey, from: number): number {
    const { utf8 } = typeof key === "string" ? attributeKey(key) : key;
    const { source, end } = this.#place;
    const { bytes } = source;
    for (let pos = from; pos < end; ) {
      const next = afterField(bytes, pos);
      if (fieldNumber(bytes, pos) === this.field && keyEquals(bytes, contentStart(bytes, pos), next, utf8)) return pos;
      pos = next;
    }
    return -1;
  }
}

function keyEquals(bytes: Uint8Array, start: number, end: number, utf8: Uint8Array): boolean {
  const pos = findField(bytes, start, end, 1);
  if (pos < 0) return utf8.length === 0;
  const content = contentStart(bytes, pos);
  return afterField(bytes, pos) - content === utf8.length && equalAt(bytes, content, utf8);
}

/** Whether `utf8` stands at `pos`. */
export function equalAt(bytes: Uint8Array, pos: number, utf8: Uint8Array): boolean {
  for (let at = 0; at < utf8.length; at++) {
    if (bytes[pos + at] !== utf8[at]) return false;
  }
  return true;
}
