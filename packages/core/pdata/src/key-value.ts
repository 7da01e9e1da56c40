/**
 * Looking attributes up in validated bytes in regular form, without allocating anything.
 *
 * KeyValue => key(1) STRING, value(2) AnyValue, key_strindex(3) INT32
 *
 * The usual KeyValue starts with its key and has lengths in one byte: that case is decided by a few comparisons
 * (benchmark `pdata`, first row); any other takes the general way.
 */
import type { AttributeKey, AttributeKeys } from "./api.ts";
import { nameMark } from "./attribute-key.ts";
import { hashBytes } from "./hash.ts";
import { afterField, afterVarint, contentStart, fieldNumber, findField, LEN, readUint32 } from "./wire.ts";

const KEY = 0x0a;
const VALUE = 0x12;
/** Behind the highest tag of a member of AnyValue (8, VARINT). */
const behindMembers = 0x41;

/** The tags of the members of AnyValue that have readers of their own. */
export const STRING_TAG = 0x0a;
export const BOOL_TAG = 0x10;
export const INT_TAG = 0x18;
export const DOUBLE_TAG = 0x21;

/** The position of the first KeyValue field with tag byte `tag` and key `utf8` between `start` and `end`, or -1. */
export function findKeyValue(bytes: Uint8Array, start: number, end: number, tag: number, utf8: Uint8Array): number {
  const length = utf8.length;
  const last = length === 0 ? 0 : utf8[length - 1];
  let pos = start;
  while (pos < end) {
    if (bytes[pos] !== tag) {
      pos = afterField(bytes, pos);
      continue;
    }
    let content = pos + 2;
    let size = bytes[pos + 1] as number;
    if (size > 127) {
      size = readUint32(bytes, pos + 1);
      content = afterVarint(bytes, pos + 1);
    }
    if (size > 1 && bytes[content] === KEY && (bytes[content + 1] as number) < 128) {
      const isLike = bytes[content + 1] === length && (length === 0 || bytes[content + 1 + length] === last);
      if (isLike && equalAt(bytes, content + 2, utf8)) return pos;
    } else if (keyEquals(bytes, content, content + size, utf8)) {
      return pos;
    }
    pos = content + size;
  }
  return -1;
}

/** The index of the first of the wanted keys that is the name of a KeyValue field with tag byte `tag`, or -1. */
export function firstKeyOf(bytes: Uint8Array, start: number, end: number, tag: number, wanted: AttributeKeys): number {
  const { keys } = wanted;
  let first = keys.length;
  for (let pos = nextLikely(bytes, start, end, tag, wanted.marks); pos < end && first > 0; ) {
    const content = contentStart(bytes, pos);
    const after = afterField(bytes, pos);
    for (let index = 0; index < first; index++) {
      if (keyEquals(bytes, content, after, (keys[index] as AttributeKey).utf8)) first = index;
    }
    pos = nextLikely(bytes, after, end, tag, wanted.marks);
  }
  return first === keys.length ? -1 : first;
}

/** Sets `found` to 1 for each of the wanted keys that is the name of a KeyValue field with tag byte `tag`, else to 0. */
export function markKeys(
  bytes: Uint8Array,
  start: number,
  end: number,
  tag: number,
  wanted: AttributeKeys,
  found: Uint8Array,
): void {
  const { keys } = wanted;
  found.fill(0, 0, keys.length);
  for (let pos = nextLikely(bytes, start, end, tag, wanted.marks); pos < end; ) {
    const content = contentStart(bytes, pos);
    const after = afterField(bytes, pos);
    for (let index = 0; index < keys.length; index++) {
      if (keyEquals(bytes, content, after, (keys[index] as AttributeKey).utf8)) found[index] = 1;
    }
    pos = nextLikely(bytes, after, end, tag, wanted.marks);
  }
}

/** The next KeyValue field from `pos` on whose name may be one of those with the marks; `end` or more without one. */
function nextLikely(bytes: Uint8Array, from: number, end: number, tag: number, marks: Uint8Array): number {
  let pos = from;
  while (pos < end) {
    if (bytes[pos] !== tag) {
      pos = afterField(bytes, pos);
      continue;
    }
    let content = pos + 2;
    let size = bytes[pos + 1] as number;
    if (size > 127) {
      size = readUint32(bytes, pos + 1);
      content = afterVarint(bytes, pos + 1);
    }
    const length = bytes[content + 1] as number;
    const isUsual = size > 1 && bytes[content] === KEY && length > 0 && length < 128;
    if (!isUsual || marks[nameMark(length, bytes[content + 1 + length] as number)] === 1) return pos;
    pos = content + size;
  }
  return pos;
}

function keyEquals(bytes: Uint8Array, start: number, end: number, utf8: Uint8Array): boolean {
  const length = bytes[start + 1] as number;
  if (end - start > 1 && bytes[start] === KEY && length < 128) {
    return length === utf8.length && equalAt(bytes, start + 2, utf8);
  }
  const pos = findField(bytes, start, end, 1);
  if (pos < 0) return utf8.length === 0;
  const content = contentStart(bytes, pos);
  return afterField(bytes, pos) - content === utf8.length && equalAt(bytes, content, utf8);
}

/** The position of the member of AnyValue that is set in the value of the KeyValue field at `pos`, or -1. */
export function memberOf(bytes: Uint8Array, pos: number): number {
  const content = contentStart(bytes, pos);
  const end = afterField(bytes, pos);
  const value = content + 2 + (bytes[content + 1] as number);
  if (bytes[content] === KEY && (bytes[content + 1] as number) < 128 && value + 2 < end && bytes[value] === VALUE) {
    const member = (bytes[value + 1] as number) < 128 ? value + 2 : afterVarint(bytes, value + 1);
    const tag = bytes[member] as number;
    if (member < end && bytes[value + 1] !== 0 && tag > 7 && tag < behindMembers) return member;
  }
  const field = findField(bytes, content, end, 2);
  return field < 0 ? -1 : valueMember(bytes, contentStart(bytes, field), afterField(bytes, field));
}

/** A hash of the name in the KeyValue field at `pos`. */
export function hashKey(bytes: Uint8Array, pos: number, seed: number): number {
  const key = findField(bytes, contentStart(bytes, pos), afterField(bytes, pos), 1);
  if (key < 0) return hashBytes(bytes, pos, pos, seed);
  return hashBytes(bytes, contentStart(bytes, key), afterField(bytes, key), seed);
}

/** A hash of the value in the KeyValue field at `pos`, as it is encoded; that of nothing where there is none. */
export function hashMember(bytes: Uint8Array, pos: number, seed: number): number {
  const member = memberOf(bytes, pos);
  return member < 0 ? hashBytes(bytes, pos, pos, seed) : hashBytes(bytes, member, afterField(bytes, member), seed);
}

/** The bytes of the name in the KeyValue field at `pos`. */
export function nameLength(bytes: Uint8Array, pos: number): number {
  const key = findField(bytes, contentStart(bytes, pos), afterField(bytes, pos), 1);
  return key < 0 ? 0 : afterField(bytes, key) - contentStart(bytes, key);
}

/** The bytes that the member at `pos` contains when it is of variable length; 0 for others, and for -1. */
export function contentLength(bytes: Uint8Array, pos: number): number {
  return pos >= 0 && ((bytes[pos] as number) & 7) === LEN ? afterField(bytes, pos) - contentStart(bytes, pos) : 0;
}

/** Whether the KeyValue field at `pos` has one of the names. */
export function isNamed(bytes: Uint8Array, pos: number, keys: readonly AttributeKey[]): boolean {
  const content = contentStart(bytes, pos);
  const end = afterField(bytes, pos);
  for (const { utf8 } of keys) if (keyEquals(bytes, content, end, utf8)) return true;
  return false;
}

/** The position of the tag of the member that is set in the AnyValue in `[start, end)`, or -1. */
export function valueMember(bytes: Uint8Array, start: number, end: number): number {
  for (let pos = start; pos < end; pos = afterField(bytes, pos)) {
    const field = fieldNumber(bytes, pos);
    if (field > 0 && field < 9) return pos;
  }
  return -1;
}

/** Whether `utf8` stands at `pos`. */
export function equalAt(bytes: Uint8Array, pos: number, utf8: Uint8Array): boolean {
  for (let at = 0; at < utf8.length; at++) {
    if (bytes[pos + at] !== utf8[at]) return false;
  }
  return true;
}
