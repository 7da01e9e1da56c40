/**
 * An unsigned 32-bit hash of `bytes[start, end)`: multiply and xor byte by byte, then the finalizer of MurmurHash3
 * (Appleby, public domain). Made for tables in memory, not against an adversary.
 */
export function hashBytes(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed ^ Math.imul(end - start, 0x9e3779b1);
  for (let pos = start; pos < end; pos++) {
    hash = Math.imul(hash ^ (bytes[pos] as number), 0x5bd1e995);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
