const VARINT = 0;
const FIXED64 = 1;
const LEN = 2;
const FIXED32 = 5;

/** Reads the fields of protobuf messages one by one; checks each against the end of its message. */
export class FieldReader {
  readonly bytes: Uint8Array;
  /** Of the field read last: its number, whether it has a length, and where its content lies. */
  number = 0;
  hasLength = false;
  start = 0;
  end = 0;
  #pos = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Reads the field at `pos` of a message that ends at `limit`; false when there is none that fits. */
  read(pos: number, limit: number): boolean {
    const tag = this.bytes[pos] as number;
    const size = this.bytes[pos + 1] as number;
    // Most fields: a number up to 15 and less than 128 bytes of content.
    if ((tag & 0x87) === LEN && size < 128) {
      this.number = tag >>> 3;
      this.hasLength = true;
      this.start = pos + 2;
      this.end = pos + 2 + size;
      return this.end <= limit;
    }
    return this.#readAny(pos, limit);
  }

  #readAny(pos: number, limit: number): boolean {
    this.#pos = pos;
    const tag = this.#varint(limit);
    // A tag of more than 32 bits is that of no field; its wire type tells how to pass it over all the same.
    this.number = tag >>> 3;
    const wireType = tag & 7;
    this.hasLength = wireType === LEN;
    let size = 0;
    if (wireType === LEN) size = this.#varint(limit);
    else if (wireType === VARINT) this.#varint(limit);
    else if (wireType === FIXED64) size = 8;
    else if (wireType === FIXED32) size = 4;
    else return false;
    this.start = this.#pos;
    this.end = this.#pos + size;
    // A varint that is cut short is NaN, and so is what it is added to.
    return this.end <= limit && !Number.isNaN(tag);
  }

  #varint(limit: number): number {
    const first = this.bytes[this.#pos] as number;
    if (first < 128 && this.#pos < limit) {
      this.#pos++;
      return first;
    }
    return this.#longVarint(limit);
  }

  #longVarint(limit: number): number {
    let value = 0;
    let unit = 1;
    while (this.#pos < limit) {
      const byte = this.bytes[this.#pos++] as number;
      value += (byte & 127) * unit;
      if (byte < 128) return value;
      unit *= 128;
    }
    return Number.NaN;
  }
}
