/** Hashes of 32 bits (signed) of what pdata does not hash itself. For tables in memory, not against an adversary. */

/** A hash of a text: multiply and xor with the finalizer of MurmurHash3 (Appleby, public domain). */
export function hashText(text: string, seed: number): number {
  let hash = seed ^ text.length;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x9e3779b1);
  return finalize(hash);
}

/** Joins two hashes; the order counts. */
export function joinHash(a: number, b: number): number {
  return finalize(Math.imul(a, 31) ^ b);
}

function finalize(value: number): number {
  const mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const again = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return again ^ (again >>> 16);
}

/**
 * 53 bits of two hashes, as one number for a Map: the probability that any two of 10^6 are equal is below 10^-4.
 */
export function wideHash(a: number, b: number): number {
  return (b & 0x1fffff) * 2 ** 32 + (a >>> 0);
}
