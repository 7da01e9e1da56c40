import RE2 from "re2";
import { wordStart } from "./sign.ts";

/** Bytes before a candidate in which its context is looked for. */
const reach = 48;

/** Bytes behind a candidate in which a server's message names its column. */
const reachBehind = 64;

/**
 * The words of which one must stand before a candidate, or in the name of its attribute, for it to count. Between word
 * and candidate no other number may stand but one of up to three digits, as in `phone 2`: it would be the one meant.
 */
export class Context {
  readonly #words: RE2;
  readonly #before: RE2;
  readonly #behind: RE2;
  /** The column that a message names behind a value: what follows is another matter. */
  readonly #named = new RE2("(?i)(?:for|in|of)\\s+(?:key|column)\\s+['\"\\x60][^'\"\\x60]*['\"\\x60][^'\"\\x60]*$");
  #key = "";
  #keyHas = false;

  constructor(words: readonly string[]) {
    const pattern = wordPattern(words);
    this.#words = new RE2(`(?i)${pattern}`);
    this.#before = new RE2(`(?i)(?:${pattern})[^0-9]*(?:[0-9]{1,3}[^0-9]+)?$`);
    // "Duplicate entry '…' for key 'customer.phone'"
    this.#behind = new RE2(
      `(?i)^['"]?\\)?\\s+(?:for|in|of)\\s+(?:key|column)\\s+['"\x60]?[^'"\x60]{0,40}?(?:${pattern})`,
    );
  }

  /** Whether `text[start, end)` has it. `key` is the name of the attribute, "" for none. */
  has(text: Buffer, start: number, end: number, key: string): boolean {
    if (key !== this.#key) {
      this.#key = key;
      this.#keyHas = key !== "" && this.#words.test(Buffer.from(spaced(key)));
    }
    if (this.#keyHas) return true;
    const before = text.subarray(Math.max(0, start - reach), start);
    return (
      (this.#before.test(before) && !this.#named.test(before)) ||
      this.#behind.test(text.subarray(end, end + reachBehind))
    );
  }
}

const isAscii = (word: string) => /^[\x20-\x7e]*$/.test(word);
const spelt = (word: string) => word.replaceAll(/[ _-]/g, "[ _.-]?");

/** The pattern of words as a whole: ASCII words end where letters end, words of other scripts may stand in others. */
function wordPattern(words: readonly string[]): string {
  const ascii = words.filter(isAscii).map(spelt).join("|");
  const other = words.filter((word) => !isAscii(word)).map(spelt);
  return [`(?:^|[^a-z])(?:${ascii})s?(?:[^a-z0-9]|[0-9]{1,3}(?:[^0-9]|$)|$)`, ...other].join("|");
}

/** What occurs in all bytes that have one of the words, in a text or in a name such as `customerPhone`. */
export function contextSign(words: readonly string[]): string {
  const ascii = words.filter(isAscii);
  const other = words.filter((word) => !isAscii(word)).map((word) => `(?i:${spelt(word)})`);
  const capital = ascii.map((word) => `${word[0]?.toUpperCase()}${spelt(word.slice(1))}`);
  const starts = [`${wordStart}(?i:${ascii.map(spelt).join("|")})`, `[a-z](?:${capital.join("|")})`];
  return [`(?:${starts.join("|")})s?(?:[^a-z]|\\z)`, ...other].join("|");
}

/** A name with a space where its case changes, as in `customerPhone`. */
function spaced(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, "$1 $2");
}
