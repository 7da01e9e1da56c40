import type { AttributeKey, AttributeKeys } from "./api.ts";

const maxCached = 4096;
const maxCachedLength = 256;
const cache = new Map<string, AttributeKey>();

/**
 * The key of an attribute name. The same object is handed out again while the name is among the last
 * 4,096 new ones; keys of equal names are interchangeable in any case.
 */
export function attributeKey(name: string): AttributeKey {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const key: AttributeKey = { name, utf8: Uint8Array.from(Buffer.from(name, "utf8")) };
  if (name.length <= maxCachedLength) {
    if (cache.size >= maxCached) dropOldest();
    cache.set(name, key);
  }
  return key;
}

/** The keys of several names, for looking them up in one walk. */
export function attributeKeys(names: readonly string[]): AttributeKeys {
  const keys = names.map(attributeKey);
  const lengths = new Uint8Array(256);
  const marks = new Uint8Array(256);
  lengths[unusualLength] = 1;
  for (const { utf8 } of keys) {
    lengths[Math.min(utf8.length, unusualLength)] = 1;
    marks[nameMark(utf8.length, utf8.at(-1) ?? 0)] = 1;
  }
  return { keys, lengths, marks };
}

/** Stands for the length of an empty name, of one above 127 bytes, and of one that is not written in the usual way. */
export const unusualLength = 255;

/** A number below 256 for a name of that length with that last byte (0 when it is empty). */
export function nameMark(length: number, lastByte: number): number {
  return ((length << 3) ^ lastByte) & 255;
}

/** A `Map` iterates in the order of insertion. */
function dropOldest(): void {
  for (const name of cache.keys()) {
    cache.delete(name);
    return;
  }
}
