import type { Field, MessageType } from "./message-type.ts";
import { PdataError } from "./pdata-error.ts";
import type { Writer } from "./writer.ts";

/** Unknown values are passed over down to this depth. */
const maxDepth = 256;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const MINUS = 0x2d;

const escapes = new Map<number, number>([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

const numberPattern = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/;

/**
 * Reads JSON (RFC 8259) from UTF-8 bytes, value by value: numbers keep all their digits, strings need not become
 * JavaScript strings, and errors know their byte.
 */
export class JsonScanner {
  readonly #bytes: Uint8Array;
  readonly #text: Buffer;
  #pos = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get pos(): number {
    return this.#pos;
  }

  /** Goes back to the value that began here. */
  set pos(start: number) {
    this.#pos = start;
  }

  error(what: string, offset = this.#pos): PdataError {
    return new PdataError(what, { code: "DBI_PDATA_JSON", offset: Math.min(offset, this.#bytes.length) });
  }

  /** Only white space may follow. */
  end(): void {
    if (this.#peek() !== -1) throw this.error("text behind the value");
  }

  /** Whether the next value is `null`, which is then passed over. */
  skipNull(): boolean {
    if (this.#peek() !== 0x6e) return false;
    this.#literal("null");
    return true;
  }

  startsString(): boolean {
    return this.#peek() === QUOTE;
  }

  openObject(): void {
    this.#expect(OPEN_BRACE, "object");
  }

  openArray(): void {
    this.#expect(OPEN_BRACKET, "array");
  }

  /** The next name of an object with its colon, or `undefined` when the object ends. */
  nextName(isFirst: boolean): string | undefined {
    if (!this.#more(isFirst, CLOSE_BRACE)) return undefined;
    const name = this.string();
    this.#expect(COLON, "colon");
    return name;
  }

  /** The field that the next name of an object is, `undefined` for an unknown name, `null` when the object ends. */
  nextField(type: MessageType, isFirst: boolean): Field | undefined | null {
    if (!this.#more(isFirst, CLOSE_BRACE)) return null;
    const start = this.#openString();
    const end = this.#plainEnd(start);
    let field: Field | undefined;
    if (this.#bytes[end] === QUOTE) {
      this.#pos = end + 1;
      field = type.fieldAt(this.#bytes, start - 1, end + 1);
    } else {
      this.#pos = start - 1;
      field = type.byName.get(this.string());
    }
    this.#expect(COLON, "colon");
    return field;
  }

  /**
   * The next value when it is a number or a string of one to fifteen digits, which a double holds exactly, and not
   * above `max`; else -1, and nothing is read.
   */
  smallInteger(max: number): number {
    const bytes = this.#bytes;
    const isString = this.#peek() === QUOTE;
    const start = isString ? this.#pos + 1 : this.#pos;
    let pos = start;
    let value = 0;
    for (; pos < start + 16; pos++) {
      const digit = (bytes[pos] ?? 0) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    const byte = bytes[pos];
    const isZeroLed = pos > start + 1 && bytes[start] === 0x30;
    const isWhole = isString ? byte === QUOTE : !isZeroLed && !isNumberByte(byte);
    if (pos === start || pos === start + 16 || !isWhole || value > max) return -1;
    this.#pos = isString ? pos + 1 : pos;
    return value;
  }

  /** Whether another element of an array follows. */
  nextElement(isFirst: boolean): boolean {
    return this.#more(isFirst, CLOSE_BRACKET);
  }

  boolean(): boolean {
    const isTrue = this.#peek() === 0x74;
    this.#literal(isTrue ? "true" : "false");
    return isTrue;
  }

  /** The digits of a number. */
  number(): string {
    this.#peek();
    const start = this.#pos;
    while (isNumberByte(this.#bytes[this.#pos])) this.#pos++;
    const digits = this.#text.toString("latin1", start, this.#pos);
    if (!numberPattern.test(digits)) throw this.error("no number", start);
    return digits;
  }

  string(): string {
    const start = this.#openString();
    const end = this.#plainEnd(start);
    if (this.#bytes[end] === QUOTE) {
      this.#pos = end + 1;
      return this.#text.toString("utf8", start, end);
    }
    this.#pos = start;
    const units: string[] = [];
    this.#pieces(
      (from, to) => units.push(this.#text.toString("utf8", from, to)),
      (unit) => units.push(String.fromCharCode(unit)),
    );
    return units.join("").toWellFormed();
  }

  /** Writes the string as a protobuf field; without escapes its bytes are copied as they are. */
  stringTo(writer: Writer, field: number): void {
    const mark = this.#pos;
    const start = this.#openString();
    const end = this.#plainEnd(start);
    if (this.#bytes[end] === QUOTE) {
      this.#pos = end + 1;
      writer.rangeField(field, this.#bytes, start, end);
    } else {
      this.#pos = mark;
      writer.string(field, this.string());
    }
  }

  /** Passes over any value that is nested at most `deepest` deep. */
  skip(deepest = maxDepth): void {
    const closers: number[] = [];
    do {
      const byte = this.#peek();
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (closers.length === deepest) {
          throw new PdataError(`JSON nested deeper than ${deepest}`, { code: "DBI_PDATA_DEPTH", offset: this.#pos });
        }
        this.#pos++;
        closers.push(byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET);
        if (this.#enter(closers, true)) continue;
      } else {
        this.#skipScalar(byte);
      }
      while (closers.length > 0 && !this.#enter(closers, false));
    } while (closers.length > 0);
  }

  /** Moves to the next value of the innermost object or array; false when that ended. */
  #enter(closers: number[], isFirst: boolean): boolean {
    const closer = closers[closers.length - 1];
    if (closer === CLOSE_BRACE ? this.nextName(isFirst) !== undefined : this.nextElement(isFirst)) return true;
    closers.pop();
    return false;
  }

  #skipScalar(byte: number): void {
    if (byte === QUOTE) this.string();
    else if (byte === 0x74 || byte === 0x66) this.boolean();
    else if (byte === 0x6e) this.#literal("null");
    else this.number();
  }

  #more(isFirst: boolean, closer: number): boolean {
    const byte = this.#peek();
    if (byte === closer) {
      this.#pos++;
      return false;
    }
    if (!isFirst) {
      this.#expect(COMMA, "comma");
      this.#peek();
    }
    return true;
  }

  /** The next byte that is no white space, -1 at the end. */
  #peek(): number {
    for (;;) {
      const byte = this.#bytes[this.#pos];
      if (byte === undefined) return -1;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.#pos++;
    }
  }

  #expect(byte: number, what: string): void {
    if (this.#peek() !== byte) throw this.error(`no ${what} where one belongs`);
    this.#pos++;
  }

  #literal(word: string): void {
    this.#peek();
    if (this.#text.toString("latin1", this.#pos, this.#pos + word.length) !== word) throw this.error(`no ${word}`);
    this.#pos += word.length;
  }

  #openString(): number {
    this.#expect(QUOTE, "string");
    return this.#pos;
  }

  /** The position of the first quote, escape, control character or end of input. */
  #plainEnd(start: number): number {
    let pos = start;
    for (;;) {
      const byte = this.#bytes[pos];
      if (byte === undefined || byte === QUOTE || byte === BACKSLASH || byte < 0x20) return pos;
      pos++;
    }
  }

  /** The pieces of a string with escapes, up to behind its quote. */
  #pieces(plain: (from: number, to: number) => void, unit: (code: number) => void): void {
    for (;;) {
      const end = this.#plainEnd(this.#pos);
      if (end > this.#pos) plain(this.#pos, end);
      this.#pos = end;
      const byte = this.#bytes[end];
      if (byte === QUOTE) {
        this.#pos++;
        return;
      }
      if (byte !== BACKSLASH) throw this.error("a string that is not closed or has a control character");
      unit(this.#escape());
    }
  }

  #escape(): number {
    const kind = this.#bytes[this.#pos + 1];
    if (kind === 0x75) {
      const digits = this.#text.toString("latin1", this.#pos + 2, this.#pos + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.error("no \\u escape");
      this.#pos += 6;
      return Number.parseInt(digits, 16);
    }
    const code = kind === undefined ? undefined : escapes.get(kind);
    if (code === undefined) throw this.error("no escape that JSON knows");
    this.#pos += 2;
    return code;
  }
}

function isNumberByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= 0x30 && byte <= 0x39) || byte === MINUS || byte === 0x2b || byte === 0x2e || (byte | 32) === 0x65;
}
