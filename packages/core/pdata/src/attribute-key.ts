import type { AttributeKey } from "./api.ts";

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

/** A `Map` iterates in the order of insertion. */
function dropOldest(): void {
  for (const name of cache.keys()) {
    cache.delete(name);
    return;
  }
}
