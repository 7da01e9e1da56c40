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
