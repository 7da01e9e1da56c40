/** One piece of memory that slices of a batch lie in, with the views that decode strings and 64-bit numbers. */
export class Source {
  readonly bytes: Uint8Array;
  #view: DataView | undefined;
  #text: Buffer | undefined;

  /** `bytes` may be a `Buffer`; kept is a plain `Uint8Array` on the same memory, so that hot loops see one type. */
  constructor(bytes: Uint8Array) {
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get view(): DataView {
    this.#view ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    return this.#view;
  }

  /** Decodes UTF-8; what is not UTF-8 becomes U+FFFD. */
  string(start: number, end: number): string {
    if (start === end) return "";
    this.#text ??= Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    return this.#text.toString("utf8", start, end);
  }

  /** Lower-case hexadecimal digits. */
  hex(start: number, end: number): string {
    this.#text ??= Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    return this.#text.toString("hex", start, end);
  }

  base64(start: number, end: number): string {
    this.#text ??= Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    return this.#text.toString("base64", start, end);
  }
}
