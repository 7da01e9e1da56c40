import type { AnyValue, Attributes } from "@dbintel/pdata";

/**
 * A 53-bit hash of a text: two 32-bit lanes of multiply-xor with the finalizer of MurmurHash3 (Appleby, public domain).
 * Made for telling series apart and for sketches, not against an adversary: a collision of two series in 10^6 has a
 * probability below 10^-4.
 */
export function hashText(text: string, seed = 0): number {
  let a = 0xdeadbeef ^ seed;
  let b = 0x41c6ce57 ^ seed;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 0x9e3779b1);
    b = Math.imul(b ^ unit, 0x5f356495);
  }
  a = finalize(a ^ (b >>> 16));
  b = finalize(b ^ a);
  return (b & 0x1fffff) * 2 ** 32 + (a >>> 0);
}

function finalize(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Joins two hashes; the order counts. */
export function joinHash(a: number, b: number): number {
  const low = finalize(Math.imul(a >>> 0, 31) ^ (b >>> 0));
  const high = finalize(Math.floor(a / 2 ** 32) ^ Math.imul(Math.floor(b / 2 ** 32), 31) ^ low);
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
}

/** A hash of all attributes in which their order does not count. */
export function hashAttributes(attributes: Attributes): number {
  let sum = 0;
  for (const [key, value] of attributes.entries()) sum = addHash(sum, hashAttribute(key, value));
  return sum;
}

export function hashAttribute(key: string, value: AnyValue): number {
  return joinHash(hashText(key), hashValue(value));
}

/** Adds modulo 2^53, so that the order of the parts does not count. */
export function addHash(sum: number, part: number): number {
  const total = sum + part;
  return total >= 2 ** 53 ? sum - (2 ** 53 - part) : total;
}

/** Values of different types differ, also where they print alike. */
export function hashValue(value: AnyValue): number {
  if (typeof value === "string") return hashText(value, 1);
  if (value instanceof Uint8Array) return hashText(Buffer.from(value).toString("latin1"), 2);
  if (Array.isArray(value)) return value.reduce((sum: number, item: AnyValue) => joinHash(sum, hashValue(item)), 3);
  if (value instanceof Map) {
    let sum = 4;
    for (const [key, item] of value) sum = addHash(sum, hashAttribute(key, item));
    return sum;
  }
  return hashText(String(value), typeof value === "bigint" ? 5 : typeof value === "number" ? 6 : 7);
}
