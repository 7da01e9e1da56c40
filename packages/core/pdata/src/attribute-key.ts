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
  const firsts = new Int16Array(256).fill(-1);
  const nexts = new Int16Array(keys.length);
  for (let index = keys.length - 1; index >= 0; index--) {
    const mark = markOf((keys[index] as AttributeKey).utf8);
    nexts[index] = firsts[mark] as number;
    firsts[mark] = index;
  }
  return { keys, firsts, nexts };
}

/** A number below 256 for a name of that length with that last byte (0 when it is empty). */
export function nameMark(length: number, lastByte: number): number {
  return ((length << 3) ^ lastByte) & 255;
}

/** The mark of a name. */
export function markOf(utf8: Uint8Array): number {
  const { length } = utf8;
  return nameMark(length, length === 0 ? 0 : (utf8[length - 1] as number));
}

/** A `Map` iterates in the order of insertion. */
function dropOldest(): void {
  for (const name of cache.keys()) {
    cache.delete(name);
    return;
  }
}
