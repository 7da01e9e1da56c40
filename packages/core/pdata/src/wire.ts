/**
 * Positions and numbers in protobuf bytes that `buildIndex` has validated.
 *
 * field  = tag payload; tag = varint(number << 3 | wire type)
 * VARINT = 7 bits a byte, least significant first, bit 7 set on all but the last
 * FIXED64, FIXED32 = little endian; LEN = varint(length) and that many bytes
 *
 * (bytes, position) in, integers out. A position past the validated end reads `undefined`, which ends every loop.
 */
export const VARINT = 0;
export const FIXED64 = 1;
export const LEN = 2;
export const FIXED32 = 5;

/** Nested `AnyValue`s that are accepted: a bound for every recursion over values. */
export const maxValueDepth = 64;

/** The position behind the varint at `pos`. */
export function afterVarint(bytes: Uint8Array, pos: number): number {
  let next = pos;
  while ((bytes[next++] as number) > 127);
  return next;
}

/** The low 32 bits of the varint at `pos`, unsigned: lengths, tags, `uint32`. */
export function readUint32(bytes: Uint8Array, pos: number): number {
  let byte = bytes[pos] as number;
  if (byte < 128) return byte;
  let value = byte & 127;
  for (let shift = 7, next = pos + 1; shift < 35; shift += 7, next++) {
    byte = bytes[next] as number;
    value |= (byte & 127) << shift;
    if (!(byte > 127)) break;
  }
  return value >>> 0;
}

/** The varint at `pos` as `int32` or enum. */
export function readInt32(bytes: Uint8Array, pos: number): number {
  return readUint32(bytes, pos) | 0;
}

/** Whether the varint at `pos` is not zero, in any of its bytes. */
export function readBool(bytes: Uint8Array, pos: number): boolean {
  for (let next = pos; ; next++) {
    const byte = bytes[next] as number;
    if ((byte & 127) !== 0) return true;
    if (!(byte > 127)) return false;
  }
}

/** The varint at `pos` as `int64` (two's complement of all ten bytes). */
export function readInt64(bytes: Uint8Array, pos: number): bigint {
  return BigInt.asIntN(64, readVarint64(bytes, pos));
}

/** The varint at `pos` as the number nearest to its `int64`. */
export function readInt64AsNumber(bytes: Uint8Array, pos: number): number {
  let value = 0;
  let unit = 1;
  for (let next = pos; next < pos + 7; next++, unit *= 128) {
    const byte = bytes[next] as number;
    value += (byte & 127) * unit;
    if (!(byte > 127)) return value;
  }
  return Number(readInt64(bytes, pos));
}

/** The varint at `pos` as `uint64`. */
export function readUint64(bytes: Uint8Array, pos: number): bigint {
  return BigInt.asUintN(64, readVarint64(bytes, pos));
}

/** Seven bytes make 49 bits, which a double holds exactly; the other three are added as a bigint. */
function readVarint64(bytes: Uint8Array, pos: number): bigint {
  let low = 0;
  let unit = 1;
  let next = pos;
  for (; next < pos + 7; next++, unit *= 128) {
    const byte = bytes[next] as number;
    low += (byte & 127) * unit;
    if (!(byte > 127)) return BigInt(low);
  }
  let high = 0;
  for (let shift = 0; shift < 21; shift += 7, next++) {
    const byte = bytes[next] as number;
    high |= (byte & 127) << shift;
    if (!(byte > 127)) break;
  }
  return (BigInt(high) << 49n) | BigInt(low);
}

/** The number of the field whose tag is at `pos`. */
export function fieldNumber(bytes: Uint8Array, pos: number): number {
  const byte = bytes[pos] as number;
  return byte < 128 ? byte >>> 3 : readUint32(bytes, pos) >>> 3;
}

/** The position behind the field whose tag is at `pos`. */
export function afterField(bytes: Uint8Array, pos: number): number {
  const tag = bytes[pos] as number;
  const payload = tag < 128 ? pos + 1 : afterVarint(bytes, pos);
  switch (tag & 7) {
    case VARINT:
      return afterVarint(bytes, payload);
    case FIXED64:
      return payload + 8;
    case LEN: {
      const length = bytes[payload] as number;
      if (length < 128) return payload + 1 + length;
      return afterVarint(bytes, payload) + readUint32(bytes, payload);
    }
    default:
      return payload + 4;
  }
}

/** The position of the content of the LEN field whose tag is at `pos`. */
export function contentStart(bytes: Uint8Array, pos: number): number {
  return afterVarint(bytes, afterVarint(bytes, pos));
}

/** The position of the tag of the first field `field` between `start` and `end`, or -1. */
export function findField(bytes: Uint8Array, start: number, end: number, field: number): number {
  let pos = start;
  while (pos < end) {
    if (fieldNumber(bytes, pos) === field) return pos;
    pos = afterField(bytes, pos);
  }
  return -1;
}

/** How many bytes the varint of an unsigned 32-bit integer takes. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** The size of a LEN field with a number below 16 and `length` bytes of content. */
export function lenFieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}

/** Writes the varint of an unsigned 32-bit integer at `pos`; returns the position behind it. */
export function putVarint(bytes: Uint8Array, pos: number, value: number): number {
  let rest = value;
  let next = pos;
  while (rest > 127) {
    bytes[next++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  bytes[next++] = rest;
  return next;
}
