/**
 * MurmurHash3_x86_32 (Appleby, public domain) of the bytes `[start, end)`, as a signed integer, which unlike an unsigned one
 * is never a number on the heap. Made for tables in memory, not against an adversary.
 */
export function hashBytes(view: DataView, start: number, end: number, seed: number): number {
  const behindWords = end - ((end - start) & 3);
  let hash = seed;
  let pos = start;
  for (; pos < behindWords; pos += 4) {
    // A view reads four bytes by one instruction (benchmark `processors`).
    hash ^= scramble(view.getInt32(pos, true));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let shift = 0; pos < end; pos++, shift += 8) rest |= view.getUint8(pos) << shift;
  hash ^= scramble(rest) ^ (end - start);
  return finish(hash);
}

/**
 * Adds two hashes of the bytes `[start, end)` to the first two of `sums`, modulo 2^32, so that what is added in another
 * order makes the same sums. The first is that of `hashBytes`, the second has steps of its own; each word is read and
 * scrambled once for both.
 */
export function addHashes(view: DataView, start: number, end: number, seed: number, sums: Int32Array): void {
  const behindWords = end - ((end - start) & 3);
  let a = seed;
  let b = ~seed;
  let pos = start;
  for (; pos < behindWords; pos += 4) {
    const word = scramble(view.getInt32(pos, true));
    a ^= word;
    a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
    b += word;
    b = Math.imul((b << 17) | (b >>> 15), 0x9e3779b1);
  }
  let rest = 0;
  for (let shift = 0; pos < end; pos++, shift += 8) rest |= view.getUint8(pos) << shift;
  const last = scramble(rest) ^ (end - start);
  sums[0] = (sums[0] as number) + finish(a ^ last);
  sums[1] = (sums[1] as number) + finish(b + last);
}

/** A hash of a text that is no bytes of a batch, for tables beside those of `hashBytes`. */
export function hashText(text: string, seed: number): number {
  let hash = seed ^ text.length;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x9e3779b1);
  return finish(hash);
}

/** One hash of two; their order counts. */
export function joinHash(a: number, b: number): number {
  return finish(Math.imul(a, 31) ^ b);
}

/** The finalizer of MurmurHash3. */
function finish(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function scramble(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}
