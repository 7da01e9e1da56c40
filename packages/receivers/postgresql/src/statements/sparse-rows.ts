/*
 * A row in 32-bit words, each pair a 64-bit value in the machine's byte order:
 *   0–5 its head · 6–7 which values follow, a bit for each place, the highest bit its flag · 8… these values
 * A value that is 0 takes no room: of the 32 that PostgreSQL 18 has for a statement, most statements have a dozen.
 *
 * With room for all of them 100,000 statements take three times the memory, as objects fifteen times, and a second of
 * garbage collection. benchmarks/postgresql/poll.ts measures it.
 */
const presentWord = 6;
const valuesWord = 8;
const flagBit = 0x8000_0000;
const mostPlaces = 63;
/** The first words of the buffer: all values that are 0 are read there. */
const zeroWords = 2;
/** Room that is made for a row of which nothing is known yet. */
const usualWords = valuesWord + 2 * 8;

const two32 = 2 ** 32;
const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
/** Where the halves of a 64-bit value are in its two words. */
export const low = littleEndian ? 0 : 1;
export const high = littleEndian ? 1 : 0;

/** A row with room for each value, as it is filled in before it is appended. */
export class UnpackedRow {
  readonly words = new Uint32Array(valuesWord + 2 * mostPlaces);
  flag = false;

  clear(): void {
    this.words.fill(0);
    this.flag = false;
  }
}

/** In which of the words of an unpacked row the value of a place begins. */
export function wordOf(place: number): number {
  return valuesWord + 2 * place;
}

/**
 * Rows of up to 63 64-bit values, most of them 0, in one buffer. They keep their numbers. Who asks knows which rows
 * there are: it is not checked.
 */
export class SparseRows {
  #words: Uint32Array<ArrayBuffer>;
  #floats: Float64Array<ArrayBuffer>;
  /** Where each row begins. */
  #starts: Uint32Array<ArrayBuffer>;
  #count = 0;
  /** Where the next row will begin. */
  #end = zeroWords;
  /** Words before it that belong to no row any more. */
  #left = 0;

  /** With room for so many usual rows; it grows. */
  constructor(capacity: number) {
    this.#words = new Uint32Array(zeroWords + capacity * usualWords);
    this.#floats = new Float64Array(this.#words.buffer);
    this.#starts = new Uint32Array(capacity);
  }

  /** The rows that `bytes` gave; `undefined` when these are none. */
  static of(bytes: Uint8Array): SparseRows | undefined {
    if (bytes.length % Float64Array.BYTES_PER_ELEMENT !== 0) return undefined;
    const rows = new SparseRows(0);
    const end = zeroWords + bytes.length / Uint32Array.BYTES_PER_ELEMENT;
    rows.#reserve(end);
    new Uint8Array(rows.#words.buffer).set(bytes, zeroWords * Uint32Array.BYTES_PER_ELEMENT);
    while (rows.#end < end) {
      if (rows.#end + rows.#length(rows.#end) > end) return undefined;
      rows.#add(rows.#length(rows.#end));
    }
    return rows;
  }

  /** The first rows in the machine's byte order; valid until the next change. */
  bytes(most: number): Uint8Array {
    if (this.#left > 0) this.#move(this.#words.length);
    const end = most < this.#count ? this.#start(most) : this.#end;
    return new Uint8Array(this.#words.buffer).subarray(
      zeroWords * Uint32Array.BYTES_PER_ELEMENT,
      end * Uint32Array.BYTES_PER_ELEMENT,
    );
  }

  get count(): number {
    return this.#count;
  }

  /** In bytes, what the buffer has room for. */
  get room(): number {
    return this.#words.byteLength;
  }

  /** A word of its head. */
  head(row: number, word: number): number {
    return this.#word(this.#start(row) + word);
  }

  flag(row: number): boolean {
    return (this.head(row, presentWord + 1) & flagBit) !== 0;
  }

  /** The value in a place as a number: exact for what `Number.isSafeInteger` accepts, never a wrong small number. */
  integer(row: number, place: number): number {
    const at = this.#valueAt(row, place);
    return this.#word(at + high) * two32 + this.#word(at + low);
  }

  /** How much it is greater than that of `otherRow` of `other`; exact as above. */
  growth(row: number, place: number, other: SparseRows, otherRow: number): number {
    const now = this.#valueAt(row, place);
    const before = other.#valueAt(otherRow, place);
    if (now === 0 && before === 0) return 0;
    return (
      (this.#word(now + high) - other.#word(before + high)) * two32 +
      (this.#word(now + low) - other.#word(before + low))
    );
  }

  /** Its halves. */
  low(row: number, place: number): number {
    return this.#word(this.#valueAt(row, place) + low);
  }

  high(row: number, place: number): number {
    return this.#word(this.#valueAt(row, place) + high);
  }

  /** The value in a place, where it is a float8. */
  float(row: number, place: number): number {
    return this.#floats[this.#valueAt(row, place) / 2] ?? 0;
  }

  append({ words, flag }: UnpackedRow): void {
    this.#reserve(words.length);
    const packed = this.#words;
    const start = this.#end;
    for (let word = 0; word < presentWord; word++) packed[start + word] = words[word] ?? 0;
    let lower = 0;
    let upper = flag ? flagBit : 0;
    let at = start + valuesWord;
    for (let place = 0; place < mostPlaces; place++) {
      const from = wordOf(place);
      if (words[from] === 0 && words[from + 1] === 0) continue;
      packed[at] = words[from] ?? 0;
      packed[at + 1] = words[from + 1] ?? 0;
      at += 2;
      if (place < 32) lower |= 1 << place;
      else upper |= 1 << (place - 32);
    }
    packed[start + presentWord] = lower;
    packed[start + presentWord + 1] = upper;
    this.#add(at - start);
  }

  /** Takes over `row` of `other`: in place of `at`, or as a new row when `at` is -1. Returns which it is. */
  assign(at: number, other: SparseRows, row: number): number {
    const from = other.#start(row);
    const length = other.#length(from);
    const room = at < 0 ? 0 : this.#length(this.#start(at));
    const target = at < 0 ? this.#count : at;
    if (length > room) {
      this.#reserve(length);
      if (at < 0) this.#add(length);
      else {
        this.#starts[at] = this.#end;
        this.#end += length;
        this.#left += room;
      }
    } else this.#left += room - length;
    this.#words.set(other.#words.subarray(from, from + length), this.#start(target));
    return target;
  }

  /** Forgets all rows and keeps the room for them. */
  clear(): void {
    this.#count = 0;
    this.#end = zeroWords;
    this.#left = 0;
  }

  #start(row: number): number {
    return this.#starts[row] ?? 0;
  }

  #word(at: number): number {
    return this.#words[at] ?? 0;
  }

  /** How many words the row has that begins there. */
  #length(start: number): number {
    const lower = this.#word(start + presentWord);
    const upper = this.#word(start + presentWord + 1) & ~flagBit;
    return valuesWord + 2 * (bitCount(lower) + bitCount(upper));
  }

  /** Where the value of a place begins. */
  #valueAt(row: number, place: number): number {
    const start = this.#start(row);
    const lower = this.#word(start + presentWord);
    const bit = 1 << (place % 32);
    if (place < 32) return (lower & bit) === 0 ? 0 : start + valuesWord + 2 * bitCount(lower & (bit - 1));
    const upper = this.#word(start + presentWord + 1);
    if ((upper & bit) === 0) return 0;
    return start + valuesWord + 2 * (bitCount(lower) + bitCount(upper & (bit - 1)));
  }

  /** What stands at the end is a row of so many words. */
  #add(length: number): void {
    if (this.#count === this.#starts.length) {
      const starts = new Uint32Array(Math.max(16, 2 * this.#count));
      starts.set(this.#starts);
      this.#starts = starts;
    }
    this.#starts[this.#count] = this.#end;
    this.#count++;
    this.#end += length;
  }

  /** Makes room for so many words more: what no row needs any more, where that is worth it. */
  #reserve(words: number): void {
    const needed = this.#end + words;
    if (needed <= this.#words.length) return;
    const worth = this.#left > this.#end / 4;
    this.#move(worth ? this.#words.length : Math.max(needed, 2 * this.#words.length));
    if (worth) this.#reserve(words);
  }

  /** Moves the rows together, into a buffer of so many words. */
  #move(capacity: number): void {
    const words = new Uint32Array(capacity);
    let end = zeroWords;
    for (let row = 0; row < this.#count; row++) {
      const start = this.#start(row);
      const length = this.#length(start);
      words.set(this.#words.subarray(start, start + length), end);
      this.#starts[row] = end;
      end += length;
    }
    this.#words = words;
    this.#floats = new Float64Array(words.buffer);
    this.#end = end;
    this.#left = 0;
  }
}

/** Bits that are 1 in 32 (Warren, "Hacker's Delight", 5-1). */
function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const nibbles = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
