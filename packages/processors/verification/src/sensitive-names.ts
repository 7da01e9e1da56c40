import { isSensitiveKey } from "@dbintel/pii";
import { LRUCache } from "lru-cache";
import { NamePatterns } from "./name-pattern.ts";

/** Names come from data: only so many answers are remembered. */
const maxRemembered = 4096;

/** Names whose values are sensitive whatever they hold: the built-in ones and those of the configuration. */
export class SensitiveNames {
  readonly #own: NamePatterns;
  readonly #known = new LRUCache<string, boolean>({ max: maxRemembered });

  constructor(patterns: readonly string[]) {
    this.#own = new NamePatterns(patterns);
  }

  /** Whether one of the names that lead to a value is sensitive. */
  hasSensitive(path: readonly string[]): boolean {
    return path.some((name) => this.#isSensitive(name));
  }

  #isSensitive(name: string): boolean {
    let known = this.#known.get(name);
    if (known === undefined) {
      known = isSensitiveKey(name) || this.#own.fits(name);
      this.#known.set(name, known);
    }
    return known;
  }
}

/** RE2 for bytes of a request that have an attribute whose name fits a pattern. */
export function signOfName(pattern: string): string {
  const pieces = pattern
    .split("*")
    .map((piece) => piece.replaceAll(/[^A-Za-z0-9]/g, (character) => `\\x{${character.codePointAt(0)?.toString(16)}}`));
  return `(?i)${pieces.join("[^\\x00-\\x09]*")}\\x12`;
}
