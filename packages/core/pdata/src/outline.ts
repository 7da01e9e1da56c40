import type { AttributeKey, AttributeKeys } from "./api.ts";
import { markOf, nameMark } from "./attribute-key.ts";
import { hasKey, KEY, nameAt } from "./key-value.ts";
import type { Source } from "./source.ts";
import { afterField, afterVarint, fieldNumber, LEN, readUint32 } from "./wire.ts";

/** Fields with lower numbers are remembered: OTLP has no others. */
const maxFields = 32;
const initialCapacity = 32;

const nothing: Uint8Array = new Uint8Array(0);

/**
 * Where the fields and attributes of one message lie. The message is read once, as far as somebody asks, whatever is
 * asked about it afterwards: most questions are answered by lengths and last bytes of names (benchmarks `pdata` and
 * `processors`). One object serves one message after another; positions are kept relative to the start, so that
 * they hold when the message is moved to where it can be edited.
 */
export class Outline {
  source: Source;
  start = 0;
  end = 0;
  /** The tag of the attributes, in one byte. */
  #tag = 0;
  /** How far the message was read. */
  #read = 0;
  /** The other fields that were seen, one bit each, and where their first ones begin. */
  #seen = 0;
  #fields: Int32Array = new Int32Array(0);
  /** The attributes that were seen: where they begin, and the marks of their names. */
  #count = 0;
  #positions: Int32Array = new Int32Array(0);
  #marks: Uint8Array = new Uint8Array(0);
  /** The name that was asked for last, and which attribute has it. */
  #asked = nothing;
  #answer = -1;

  constructor(source: Source) {
    this.source = source;
  }

  /** The field number of the attributes: below 16. */
  set attributes(field: number) {
    this.#tag = (field << 3) | LEN;
    this.#forget();
  }

  /** From here on it is about this message. */
  at(source: Source, start: number, end: number): void {
    this.source = source;
    this.start = start;
    this.end = end;
    this.#forget();
  }

  /** The same message now lies there. */
  moved(source: Source, start: number, end: number): void {
    this.source = source;
    this.start = start;
    this.end = end;
  }

  /** Fields were added at the end of the message. */
  extended(end: number): void {
    this.end = end;
    this.#asked = nothing;
  }

  /** The position of the tag of the first field with this number, which is not that of the attributes; or -1. */
  field(field: number): number {
    const bit = 1 << field;
    if ((this.#seen & bit) === 0) this.#readTo(field);
    return (this.#seen & bit) === 0 ? -1 : this.start + (this.#fields[field] as number);
  }

  /** How many attributes there are. */
  get size(): number {
    if (this.#read < this.end - this.start) this.#readTo(-1);
    return this.#count;
  }

  /** The position of the tag of an attribute that was found or counted. */
  position(attribute: number): number {
    return this.start + (this.#positions[attribute] as number);
  }

  /** The number of the first attribute with this name, or -1. What was asked last is known. */
  find(utf8: Uint8Array): number {
    if (utf8 !== this.#asked) {
      this.#answer = this.findFrom(0, utf8);
      this.#asked = utf8;
    }
    return this.#answer;
  }

  /** The number of the first attribute from `from` on with this name, or -1. */
  findFrom(from: number, utf8: Uint8Array): number {
    const { size } = this;
    const marks = this.#marks;
    const mark = markOf(utf8);
    for (let at = from; at < size; at++) {
      if (marks[at] === mark && hasKey(this.source.bytes, this.position(at), utf8)) return at;
    }
    return -1;
  }

  /** The index of the first of the keys that is the name of an attribute, or -1. */
  firstOf({ keys, firsts, nexts }: AttributeKeys): number {
    const { size } = this;
    const marks = this.#marks;
    let first = keys.length;
    for (let at = 0; at < size; at++) {
      let index = firsts[marks[at] as number] as number;
      // The keys of a mark stand in their own order.
      for (; index >= 0 && index < first; index = nexts[index] as number) {
        if (this.#isNamed(at, keys[index] as AttributeKey)) first = index;
      }
    }
    return first < keys.length ? first : -1;
  }

  /** Sets `places` to the number of the first attribute with each of the keys, or -1. */
  locate({ keys, firsts, nexts }: AttributeKeys, places: Int32Array): void {
    const { size } = this;
    const marks = this.#marks;
    // A loop: `fill` is a call, which costs more than what it does here.
    for (let index = 0; index < keys.length; index++) places[index] = -1;
    for (let at = 0; at < size; at++) {
      let index = firsts[marks[at] as number] as number;
      for (; index >= 0; index = nexts[index] as number) {
        if ((places[index] as number) < 0 && this.#isNamed(at, keys[index] as AttributeKey)) places[index] = at;
      }
    }
  }

  #isNamed(attribute: number, { utf8 }: AttributeKey): boolean {
    return hasKey(this.source.bytes, this.position(attribute), utf8);
  }

  #forget(): void {
    this.#read = 0;
    this.#seen = 0;
    this.#count = 0;
    this.#asked = nothing;
  }

  /** Reads on until the field was seen, or to the end. */
  #readTo(field: number): void {
    const { start, end } = this;
    const { bytes } = this.source;
    let pos = start + this.#read;
    while (pos < end) {
      if (bytes[pos] === this.#tag) {
        pos = this.#readAttributes(bytes, pos);
        continue;
      }
      const number = this.#note(bytes, pos);
      pos = afterField(bytes, pos);
      if (number === field) break;
    }
    this.#read = pos - start;
  }

  /** Reads attributes that follow each other, as many as there is room for; the position behind them. */
  #readAttributes(bytes: Uint8Array, from: number): number {
    const { start, end } = this;
    const tag = this.#tag;
    let count = this.#count;
    if (count === this.#positions.length) this.#grow();
    const positions = this.#positions;
    const marks = this.#marks;
    const room = positions.length;
    let pos = from;
    while (pos < end && bytes[pos] === tag && count < room) {
      positions[count] = pos - start;
      let content = pos + 2;
      let size = bytes[pos + 1] as number;
      if (size > 127) {
        size = readUint32(bytes, pos + 1);
        content = afterVarint(bytes, pos + 1);
      }
      const length = bytes[content + 1] as number;
      const isUsual = size > 1 && length > 0 && length < 128 && bytes[content] === KEY;
      marks[count++] = isUsual
        ? nameMark(length, bytes[content + 1 + length] as number)
        : markOf(nameAt(bytes, content, content + size));
      pos = content + size;
    }
    this.#count = count;
    return pos;
  }

  /** Notes the field at `pos`, unless it was seen; its number. */
  #note(bytes: Uint8Array, pos: number): number {
    const field = fieldNumber(bytes, pos);
    const bit = 1 << field;
    if (field >= maxFields || (this.#seen & bit) !== 0) return field;
    if (this.#fields.length === 0) this.#fields = new Int32Array(maxFields);
    this.#seen |= bit;
    this.#fields[field] = pos - this.start;
    return field;
  }

  #grow(): void {
    const capacity = Math.max(initialCapacity, 2 * this.#positions.length);
    const positions = new Int32Array(capacity);
    const marks = new Uint8Array(capacity);
    positions.set(this.#positions);
    marks.set(this.#marks);
    this.#positions = positions;
    this.#marks = marks;
  }
}
