import RE2 from "re2";

/** Bytes before a candidate in which its context is looked for. */
const reach = 48;

/** The words that must stand before a candidate, or in the name of its attribute, for it to count. */
export class Context {
  readonly #words: RE2;
  #key = "";
  #keyHas = false;

  constructor(words: readonly string[]) {
    this.#words = new RE2(`(?i)${wordPattern(words)}`);
  }

  /** `key` is the name of the attribute, "" for none. */
  has(text: Buffer, start: number, key: string): boolean {
    if (key !== this.#key) {
      this.#key = key;
      this.#keyHas = key !== "" && this.#words.test(Buffer.from(spaced(key)));
    }
    return this.#keyHas || this.#words.test(text.subarray(Math.max(0, start - reach), start));
  }
}

/** The pattern of words as a whole: ASCII words end where letters end, words of other scripts may stand in others. */
function wordPattern(words: readonly string[]): string {
  const isAscii = (word: string) => /^[\x20-\x7e]*$/.test(word);
  const spelt = (word: string) => word.replaceAll(/[ _-]/g, "[ _.-]?");
  const ascii = words.filter(isAscii).map(spelt).join("|");
  const other = words.filter((word) => !isAscii(word)).map(spelt);
  return [`(?:^|[^a-z])(?:${ascii})s?(?:[^a-z]|$)`, ...other].join("|");
}

/** What occurs in all bytes that have one of the words, whatever the case, and in few others. */
export function contextSign(words: readonly string[]): string {
  return `(?i)(?:${words.map((word) => word.replaceAll(/[ _-]/g, "[ _.-]?")).join("|")})`;
}

/** A name with a space where its case changes, as in `customerPhone`. */
function spaced(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, "$1 $2");
}
