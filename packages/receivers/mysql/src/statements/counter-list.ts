/** Most counters of a statement are small. */
const small = Array.from({ length: 256 }, (_, value) => BigInt(value));
/** Numbers of so many digits are exact as doubles. */
const exactDigits = 15;
const [zero, nine] = [48, 57];

/**
 * Integers from 0 to 2^64 in decimal, with one character between two of them. What the server answers as one column costs
 * the driver a fraction of what as many columns do. What is no number is 0.
 */
export function counterList(text: string): bigint[] {
  const counters: bigint[] = [];
  for (let from = 0; from < text.length; ) {
    let value = 0;
    let at = from;
    for (; at < text.length; at++) {
      const digit = text.charCodeAt(at);
      if (digit < zero || digit > nine) break;
      value = 10 * value + digit - zero;
    }
    const isExact = at - from <= exactDigits;
    counters.push(isExact ? (small[value] ?? BigInt(value)) : BigInt(text.slice(from, at)));
    from = at + 1;
  }
  return counters;
}
