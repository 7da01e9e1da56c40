/** Numbers are saved as they are in memory. */
export const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

export function bytesOf(numbers: Int32Array | BigUint64Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** Whole integers of 64 bits; `undefined` for bytes that are none. */
export function numbersOf(bytes: Uint8Array | undefined): BigUint64Array | undefined {
  return bytes === undefined || bytes.length % 8 !== 0 ? undefined : new BigUint64Array(bytes.slice().buffer);
}
