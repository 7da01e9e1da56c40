import { decodeKey, decodeKeyValue, decodeMember, memberKind, writeKeyValue, writeValue } from "./any-value.ts";
import type {
  AnyValue,
  AttributeKey,
  AttributeKeys,
  AttributeRef,
  Attributes,
  EncodedAttributes,
  ValueKind,
} from "./api.ts";
import { attributeKey } from "./attribute-key.ts";
import { hashBytes } from "./hash.ts";
import {
  BOOL_TAG,
  contentLength,
  DOUBLE_TAG,
  equalAt,
  hashKey,
  hashMember,
  INT_TAG,
  isNamed,
  memberOf,
  nameLength,
  STRING_TAG,
} from "./key-value.ts";
import type { Outline } from "./outline.ts";
import type { Place } from "./place.ts";
import { afterField, contentStart, findField, LEN, readBool, readInt64, readInt64AsNumber } from "./wire.ts";
import type { Writer } from "./writer.ts";

/**
 * The attributes of the message that a place stands on: field `field` of it, repeated
 * KeyValue => key(1) STRING, value(2) AnyValue
 */
export class AttributesView implements Attributes {
  readonly #place: Place;
  #field: number;

  constructor(place: Place, field: number) {
    this.#place = place;
    this.#field = field;
    place.outline.attributes = field;
  }

  /** The field number of the attributes differs between the kinds of data points. */
  set field(field: number) {
    this.#field = field;
    this.#place.outline.attributes = field;
  }

  get size(): number {
    return this.#outline().size;
  }

  has(key: string | AttributeKey): boolean {
    return this.#find(key) >= 0;
  }

  firstOf(keys: AttributeKeys): number {
    return this.#outline().firstOf(keys);
  }

  locate(keys: AttributeKeys, places: Int32Array): void {
    this.#outline().locate(keys, places);
  }

  kind(key: AttributeRef): ValueKind | undefined {
    const found = this.#find(key);
    return found < 0 ? undefined : memberKind(this.#place.source.bytes, memberOf(this.#place.source.bytes, found));
  }

  get(key: AttributeRef): AnyValue | undefined {
    const found = this.#find(key);
    return found < 0 ? undefined : decodeMember(this.#place.source, memberOf(this.#place.source.bytes, found));
  }

  getString(key: AttributeRef): string | undefined {
    const value = this.#value(key);
    const { source } = this.#place;
    if (value < 0 || source.bytes[value] !== STRING_TAG) return undefined;
    return source.string(contentStart(source.bytes, value), afterField(source.bytes, value));
  }

  getBoolean(key: AttributeRef): boolean | undefined {
    const value = this.#value(key);
    const { bytes } = this.#place.source;
    return value >= 0 && bytes[value] === BOOL_TAG ? readBool(bytes, value + 1) : undefined;
  }

  getInt(key: AttributeRef): bigint | undefined {
    const value = this.#value(key);
    const { bytes } = this.#place.source;
    return value >= 0 && bytes[value] === INT_TAG ? readInt64(bytes, value + 1) : undefined;
  }

  getDouble(key: AttributeRef): number | undefined {
    const value = this.#value(key);
    const { source } = this.#place;
    return value >= 0 && source.bytes[value] === DOUBLE_TAG ? source.view.getFloat64(value + 1, true) : undefined;
  }

  getNumber(key: AttributeRef): number | undefined {
    const value = this.#value(key);
    if (value < 0) return undefined;
    const { source } = this.#place;
    if (source.bytes[value] === INT_TAG) return readInt64AsNumber(source.bytes, value + 1);
    return source.bytes[value] === DOUBLE_TAG ? source.view.getFloat64(value + 1, true) : undefined;
  }

  copyNumber(key: AttributeRef, column: Float64Array, index: number): boolean {
    const value = this.#value(key);
    if (value < 0) return false;
    const { source } = this.#place;
    if (source.bytes[value] === INT_TAG) column[index] = readInt64AsNumber(source.bytes, value + 1);
    else if (source.bytes[value] === DOUBLE_TAG) column[index] = source.view.getFloat64(value + 1, true);
    else return false;
    return true;
  }

  getUtf8(key: AttributeRef): Uint8Array | undefined {
    const value = this.#value(key);
    const { bytes } = this.#place.source;
    if (value < 0 || bytes[value] !== STRING_TAG) return undefined;
    return bytes.subarray(contentStart(bytes, value), afterField(bytes, value));
  }

  look<Answer>(key: AttributeRef, look: (bytes: Uint8Array, start: number, end: number) => Answer): Answer | undefined {
    const value = this.#value(key);
    const { bytes } = this.#place.source;
    if (value < 0 || bytes[value] !== STRING_TAG) return undefined;
    return look(bytes, contentStart(bytes, value), afterField(bytes, value));
  }

  equals(key: AttributeRef, utf8: Uint8Array): boolean {
    const value = this.#value(key);
    const { bytes } = this.#place.source;
    if (value < 0 || bytes[value] !== STRING_TAG) return false;
    const start = contentStart(bytes, value);
    return afterField(bytes, value) - start === utf8.length && equalAt(bytes, start, utf8);
  }

  hash(key: AttributeRef, seed: number): number {
    const value = this.#value(key);
    if (value < 0) return -1;
    const { bytes, view } = this.#place.source;
    const hash = hashBytes(view, value, afterField(bytes, value), seed);
    return hash === -1 ? 0 : hash;
  }

  hashAll(seed: number, without?: readonly AttributeKey[]): number {
    const outline = this.#outline();
    const { view, bytes } = outline.source;
    let sum = seed | 0;
    for (let at = 0; at < outline.size; at++) {
      const pos = outline.position(at);
      if (without !== undefined && isNamed(bytes, pos, without)) continue;
      // Modulo 2^32: a sum does not depend on the order.
      sum = (sum + hashBytes(view, contentStart(bytes, pos), afterField(bytes, pos), seed)) | 0;
    }
    return sum;
  }

  forEachHash(visit: (name: number, value: number) => void): void {
    const outline = this.#outline();
    const { source } = outline;
    for (let at = 0; at < outline.size; at++) {
      const pos = outline.position(at);
      visit(hashKey(source, pos, 0), hashMember(source, pos, 0));
    }
  }

  forEachShape(visit: (nameBytes: number, kind: ValueKind, valueBytes: number) => void): void {
    const outline = this.#outline();
    const { bytes } = outline.source;
    for (let at = 0; at < outline.size; at++) {
      const pos = outline.position(at);
      const member = memberOf(bytes, pos);
      visit(nameLength(bytes, pos), memberKind(bytes, member), contentLength(bytes, member));
    }
  }

  set(key: string | AttributeKey, value: AnyValue): void {
    const place = this.#place;
    const patch = place.scratch();
    const first = this.#indexOf(key);
    if (first < 0) {
      writeKeyValue(patch, this.#field, typeof key === "string" ? key : key.name, value);
      place.own(patch.length);
      place.splice(place.end, place.end, patch.bytes, patch.length);
    } else {
      this.#writeWith(patch, place.outline.position(first), value);
      this.#replaceAll(key, first, patch);
    }
  }

  add(encoded: EncodedAttributes): void {
    const { bytes, starts } = encoded;
    const place = this.#place;
    const patch = place.scratch();
    const missing = this.#missing(encoded);
    for (let index = 0; index < starts.length; index++) {
      if (missing !== undefined && missing[index] === 0) continue;
      const start = starts[index] as number;
      patch.byte((this.#field << 3) | LEN);
      patch.raw(bytes, start + 1, starts[index + 1] ?? bytes.length);
    }
    if (patch.length === 0) return;
    place.own(patch.length);
    place.splice(place.end, place.end, patch.bytes, patch.length);
  }

  delete(key: string | AttributeKey): boolean {
    const first = this.#indexOf(key);
    if (first < 0) return false;
    this.#replaceAll(key, first, this.#place.scratch());
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

  /** 1 for each attribute that is not there yet; `undefined` when none is, as is usual. */
  #missing({ keys, starts }: EncodedAttributes): Uint8Array | undefined {
    if (this.firstOf(keys) < 0) return undefined;
    const places = new Int32Array(starts.length);
    this.locate(keys, places);
    return Uint8Array.from(places, (place) => (place < 0 ? 1 : 0));
  }

  /** The contents of all KeyValues. */
  #all(): [start: number, end: number][] {
    const outline = this.#outline();
    const { bytes } = outline.source;
    const result: [number, number][] = [];
    for (let at = 0; at < outline.size; at++) {
      const pos = outline.position(at);
      result.push([contentStart(bytes, pos), afterField(bytes, pos)]);
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
    const mark = patch.open(this.#field, end - start);
    patch.raw(bytes, start, from);
    writeValue(patch, 2, value);
    patch.raw(bytes, old < 0 ? end : afterField(bytes, old), end);
    patch.close(mark);
  }

  /** Puts `patch` in the place of the first attribute of a name and removes the others, in one splice. */
  #replaceAll(key: string | AttributeKey, first: number, patch: Writer): void {
    const place = this.#place;
    const { outline } = place;
    const { bytes } = outline.source;
    const { utf8 } = typeof key === "string" ? attributeKey(key) : key;
    const head = outline.position(first);
    let end = afterField(bytes, head);
    for (let next = outline.findFrom(first + 1, utf8); next >= 0; next = outline.findFrom(next + 1, utf8)) {
      const pos = outline.position(next);
      patch.raw(bytes, end, pos);
      end = afterField(bytes, pos);
    }
    const offset = head - place.start;
    const length = end - head;
    place.own(patch.length);
    const from = place.start + offset;
    place.splice(from, from + length, patch.bytes, patch.length);
  }

  /** The position of the tag of the member of AnyValue that the value has, or -1. */
  #value(key: AttributeRef): number {
    const found = this.#find(key);
    return found < 0 ? -1 : memberOf(this.#place.source.bytes, found);
  }

  /** The position of the tag of the first KeyValue with the key, or -1. */
  #find(key: AttributeRef): number {
    const index = this.#indexOf(key);
    return index < 0 ? -1 : this.#place.outline.position(index);
  }

  /** The number of the first attribute with the key, or -1. */
  #indexOf(key: AttributeRef): number {
    const outline = this.#outline();
    // Somebody may have taken attributes away since: no place behind the last.
    if (typeof key === "number") return key < outline.size ? key : -1;
    return outline.find(typeof key === "string" ? attributeKey(key).utf8 : key.utf8);
  }

  #outline(): Outline {
    this.#place.sync();
    return this.#place.outline;
  }
}
