import RE2 from "re2";
import { wordStart } from "./sign.ts";

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

const isAscii = (word: string) => /^[\x20-\x7e]*$/.test(word);
const spelt = (word: string) => word.replaceAll(/[ _-]/g, "[ _.-]?");

/** The pattern of words as a whole: ASCII words end where letters end, words of other scripts may stand in others. */
function wordPattern(words: readonly string[]): string {
  const ascii = words.filter(isAscii).map(spelt).join("|");
  const other = words.filter((word) => !isAscii(word)).map(spelt);
  return [`(?:^|[^a-z])(?:${ascii})s?(?:[^a-z]|$)`, ...other].join("|");
}

/** What occurs in all bytes that have one of the words, in a text or in a name such as `customerPhone`. */
export function contextSign(words: readonly string[]): string {
  const ascii = words.filter(isAscii);
  const other = words.filter((word) => !isAscii(word)).map((word) => `(?i:${spelt(word)})`);
  const capital = ascii.map((word) => `${word[0]?.toUpperCase()}${spelt(word.slice(1))}`);
  const starts = [`${wordStart}(?i:${ascii.map(spelt).join("|")})`, `[a-z](?:${capital.join("|")})`];
  return [`(?:${starts.join("|")})s?[^a-z]`, ...other].join("|");
}

/** A name with a space where its case changes, as in `customerPhone`. */
function spaced(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, "$1 $2");
}
