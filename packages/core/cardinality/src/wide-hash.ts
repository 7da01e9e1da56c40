/**
 * 53 bits of two hashes, as one number for a Map: the probability that any two of 10^6 are equal is below 10^-4.
 */
export function wideHash(a: number, b: number): number {
  return (b & 0x1fffff) * 2 ** 32 + (a >>> 0);
}
