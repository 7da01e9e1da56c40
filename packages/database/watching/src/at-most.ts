/**
 * Bounds a cache of lru-cache by the number of its entries. With `max` it would make room for all of them at once, some
 * 20 bytes each, and these caches exist once for each server that is watched.
 */
export function atMost(entries: number): { readonly maxSize: number; readonly sizeCalculation: () => number } {
  return { maxSize: entries, sizeCalculation: () => 1 };
}
