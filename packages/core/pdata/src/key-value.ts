/**
 * Reading attributes in validated bytes in regular form, without allocating anything.
 *
 * KeyValue => key(1) STRING, value(2) AnyValue, key_strindex(3) INT32
 *
 * The usual KeyValue starts with its key and has lengths in one byte: that case is decided by a few comparisons
 * (benchmark `pdata`, first row); any other takes the general way.
 */
import type { AttributeKey } from "./api.ts";
import { hashBytes } from "./hash.ts";
import type { Source } from "./source.ts";
import { afterField, afterVarint, contentStart, fieldNumber, findField, LEN } from "./wire.ts";

export const KEY = 0x0a;
const VALUE = 0x12;
/** Behind the highest tag of a member of AnyValue (8, VARINT). */
const behindMembers = 0x41;

/** The tags of the members of AnyValue that have readers of their own. */
export const STRING_TAG = 0x0a;
export const BOOL_TAG = 0x10;
export const INT_TAG = 0x18;
export const DOUBLE_TAG = 0x21;

/** Whether the KeyValue field at `pos` has this name. */
export function hasKey(bytes: Uint8Array, pos: number, utf8: Uint8Array): boolean {
  const start = contentStart(bytes, pos);
  const end = afterField(bytes, pos);
  const length = bytes[start + 1] as number;
  if (end - start > 1 && bytes[start] === KEY && length < 128) {
    return length === utf8.length && equalAt(bytes, start + 2, utf8);
  }
  const key = findField(bytes, start, end, 1);
  if (key < 0) return utf8.length === 0;
  const content = contentStart(bytes, key);
  return afterField(bytes, key) - content === utf8.length && equalAt(bytes, content, utf8);
}

/** The name in the KeyValue in `[start, end)`, wherever in it it stands: a view, empty when there is none. */
export function nameAt(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const key = findField(bytes, start, end, 1);
  return key < 0 ? bytes.subarray(start, start) : bytes.subarray(contentStart(bytes, key), afterField(bytes, key));
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
export function hashKey({ bytes, view }: Source, pos: number, seed: number): number {
  const key = findField(bytes, contentStart(bytes, pos), afterField(bytes, pos), 1);
  if (key < 0) return hashBytes(view, pos, pos, seed);
  return hashBytes(view, contentStart(bytes, key), afterField(bytes, key), seed);
}

/** A hash of the value in the KeyValue field at `pos`, as it is encoded; that of nothing where there is none. */
export function hashMember({ bytes, view }: Source, pos: number, seed: number): number {
  const member = memberOf(bytes, pos);
  return member < 0 ? hashBytes(view, pos, pos, seed) : hashBytes(view, member, afterField(bytes, member), seed);
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
  for (const { utf8 } of keys) if (hasKey(bytes, pos, utf8)) return true;
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

/** Whether `utf8` stands at `pos`. From behind: names of one family differ in their ends. */
export function equalAt(bytes: Uint8Array, pos: number, utf8: Uint8Array): boolean {
  for (let at = utf8.length - 1; at >= 0; at--) {
    if (bytes[pos + at] !== utf8[at]) return false;
  }
  return true;
}
