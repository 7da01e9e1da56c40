import { copyBytes } from "./copy.ts";
import { FIXED32, FIXED64, LEN, putVarint, VARINT, varintSize } from "./wire.ts";

const initialSize = 256;
/** Longest string that is written character by character. */
const maxShort = 32;

/**
 * Writes protobuf fields forwards into memory that grows.
 *
 * A message is written between `open` and `close`; `open` leaves room for the length, and `close` moves the
 * content when the length needs more or fewer bytes than were left.
 */
export class Writer {
  bytes: Uint8Array;
  length = 0;
  #view: DataView;
  #text: Buffer;

  constructor(size: number = initialSize) {
    const memory = new ArrayBuffer(size);
    this.bytes = new Uint8Array(memory);
    this.#view = new DataView(memory);
    this.#text = Buffer.from(memory);
  }

  /** Forgets what was written and keeps the memory. */
  clear(): this {
    this.length = 0;
    return this;
  }

  /** A copy of what was written; the writer is empty afterwards. */
  take(): Uint8Array {
    const result = this.bytes.slice(0, this.length);
    this.length = 0;
    return result;
  }

  /** Makes room for `size` more bytes. */
  reserve(size: number): void {
    const needed = this.length + size;
    if (needed <= this.bytes.length) return;
    const memory = new ArrayBuffer(Math.max(needed, this.bytes.length * 2));
    const bytes = new Uint8Array(memory);
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
    this.#view = new DataView(memory);
    this.#text = Buffer.from(memory);
  }

  /** A varint of an unsigned 32-bit integer. */
  varint(value: number): void {
    this.reserve(5);
    this.length = putVarint(this.bytes, this.length, value);
  }

  tag(field: number, wireType: number): void {
    this.varint((field << 3) | wireType);
  }

  uint32(field: number, value: number): void {
    this.tag(field, VARINT);
    this.varint(value >>> 0);
  }

  /** `int32` and enums: negative numbers take ten bytes, as protobuf wants it. */
  int32(field: number, value: number): void {
    if (value >= 0) this.uint32(field, value);
    else this.int64(field, BigInt(value));
  }

  sint32(field: number, value: number): void {
    this.uint32(field, (value << 1) ^ (value >> 31));
  }

  bool(field: number, value: boolean): void {
    this.uint32(field, value ? 1 : 0);
  }

  /** `int64` and `uint64`. */
  int64(field: number, value: bigint): void {
    this.tag(field, VARINT);
    this.varint64(value);
  }

  /** An `int64` or `uint64` between 0 and 2^53 - 1. */
  smallInt64(field: number, value: number): void {
    this.tag(field, VARINT);
    this.reserve(8);
    let rest = value;
    while (rest > 0x7fff_ffff) {
      this.bytes[this.length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.length = putVarint(this.bytes, this.length, rest);
  }

  /** A `fixed64` or `sfixed64` between 0 and 2^53 - 1. */
  smallFixed64(field: number, value: number): void {
    this.tag(field, FIXED64);
    this.reserve(8);
    this.#view.setUint32(this.length, value % 2 ** 32, true);
    this.#view.setUint32(this.length + 4, Math.floor(value / 2 ** 32), true);
    this.length += 8;
  }

  varint64(value: bigint): void {
    this.reserve(10);
    let low = Number(BigInt.asUintN(32, value));
    let high = Number(BigInt.asUintN(32, value >> 32n));
    while (high > 0) {
      this.bytes[this.length++] = (low & 127) | 128;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.length = putVarint(this.bytes, this.length, low);
  }

  fixed32(field: number, value: number): void {
    this.tag(field, FIXED32);
    this.reserve(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  /** `fixed64` and `sfixed64`. */
  fixed64(field: number, value: bigint): void {
    this.tag(field, FIXED64);
    this.rawFixed64(value);
  }

  rawFixed64(value: bigint): void {
    this.reserve(8);
    this.#view.setBigUint64(this.length, BigInt.asUintN(64, value), true);
    this.length += 8;
  }

  double(field: number, value: number): void {
    this.tag(field, FIXED64);
    this.rawDouble(value);
  }

  rawDouble(value: number): void {
    this.reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  string(field: number, value: string): void {
    this.tag(field, LEN);
    const mark = this.length;
    if (value.length <= maxShort && this.#shortString(value)) return;
    // Three bytes for each UTF-16 unit is the most that UTF-8 takes.
    this.reserve(5 + value.length * 3);
    const reserved = varintSize(value.length);
    const written = this.#text.write(value, mark + reserved, "utf8");
    this.#setLength(mark, reserved, written);
  }

  /** A short string of ASCII characters, which a loop writes faster than a call into the runtime; false for others. */
  #shortString(value: string): boolean {
    this.reserve(1 + maxShort);
    const start = this.length + 1;
    for (let at = 0; at < value.length; at++) {
      const unit = value.charCodeAt(at);
      if (unit > 127) return false;
      this.bytes[start + at] = unit;
    }
    this.bytes[this.length] = value.length;
    this.length = start + value.length;
    return true;
  }

  bytesField(field: number, value: Uint8Array): void {
    this.rangeField(field, value, 0, value.length);
  }

  /** A LEN field with the content `source[start, end)`. */
  rangeField(field: number, source: Uint8Array, start: number, end: number): void {
    this.tag(field, LEN);
    this.varint(end - start);
    this.raw(source, start, end);
  }

  /** Copies `source[start, end)` as it is. */
  raw(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    copyBytes(source, start, end, this.bytes, this.length);
    this.length += end - start;
  }

  /** A byte without any framing. */
  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /**
   * Starts a LEN field. `expected` is a guess at the length of its content: a good one spares moving the content.
   * Returns the mark that `close` wants.
   */
  open(field: number, expected = 0): number {
    this.tag(field, LEN);
    const mark = this.length;
    const reserved = varintSize(expected);
    this.reserve(reserved);
    // The width of the gap is kept in the gap itself until the length is known.
    this.bytes[mark] = reserved;
    this.length += reserved;
    return mark;
  }

  /** Ends the LEN field that `open` gave `mark` for. */
  close(mark: number): void {
    const reserved = this.bytes[mark] as number;
    this.#setLength(mark, reserved, this.length - mark - reserved);
  }

  #setLength(mark: number, reserved: number, length: number): void {
    const size = varintSize(length);
    if (size !== reserved) {
      this.reserve(size);
      this.bytes.copyWithin(mark + size, mark + reserved, mark + reserved + length);
    }
    putVarint(this.bytes, mark, length);
    this.length = mark + size + length;
  }
}
