const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The letter behind the backslash for what has a short escape. */
const shortEscapes = new Map<number, number>([
  [0x08, 0x62],
  [0x09, 0x74],
  [0x0a, 0x6e],
  [0x0c, 0x66],
  [0x0d, 0x72],
  [QUOTE, QUOTE],
  [BACKSLASH, BACKSLASH],
]);

/** Writes JSON as UTF-8 into memory that grows: strings go from bytes to bytes and are decoded once, at the end. */
export class JsonWriter {
  length = 0;
  #bytes: Uint8Array;

  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  /** What was written; bytes that are not UTF-8 become U+FFFD. */
  text(): string {
    return Buffer.from(this.#bytes.buffer, 0, this.length).toString("utf8");
  }

  byte(value: number): void {
    if (this.length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.length++] = value;
  }

  raw(source: Uint8Array): void {
    if (this.length + source.length > this.#bytes.length) this.#grow(source.length);
    for (let at = 0; at < source.length; at++) this.#bytes[this.length++] = source[at] as number;
  }

  /** Text of which all characters are ASCII. */
  ascii(text: string): void {
    if (this.length + text.length > this.#bytes.length) this.#grow(text.length);
    for (let at = 0; at < text.length; at++) this.#bytes[this.length++] = text.charCodeAt(at);
  }

  /** `source[start, end)` as a string. */
  quoted(source: Uint8Array, start: number, end: number): void {
    // An escape takes six bytes at most.
    const room = (end - start) * 6 + 2;
    if (this.length + room > this.#bytes.length) this.#grow(room);
    const bytes = this.#bytes;
    let at = this.length;
    bytes[at++] = QUOTE;
    for (let pos = start; pos < end; pos++) {
      const byte = source[pos] as number;
      if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) bytes[at++] = byte;
      else at = putEscape(bytes, at, byte);
    }
    bytes[at++] = QUOTE;
    this.length = at;
  }

  #grow(size: number): void {
    const bytes = new Uint8Array(Math.max(this.length + size, this.#bytes.length * 2));
    bytes.set(this.#bytes.subarray(0, this.length));
    this.#bytes = bytes;
  }
}

function putEscape(bytes: Uint8Array, at: number, byte: number): number {
  bytes[at] = BACKSLASH;
  const letter = shortEscapes.get(byte);
  if (letter !== undefined) {
    bytes[at + 1] = letter;
    return at + 2;
  }
  const digits = `u${byte.toString(16).padStart(4, "0")}`;
  for (let digit = 0; digit < 5; digit++) bytes[at + 1 + digit] = digits.charCodeAt(digit);
  return at + 6;
}
