import type { Action } from "./config.ts";
import type { HashKey } from "./hash-key.ts";

/** Hexadecimal digits of a hash that are written: 128 bits. */
const hashDigits = 32;
/** Entities of which the last characters tell people apart without saying who they are. */
const shownEnd = new Set(["payment_card", "iban", "phone"]);
const shownCharacters = 4;
const longestMask = 64;

/** Writes what takes the place of something sensitive. Nothing that it writes is found as sensitive again. */
export class Replacements {
  readonly #key: HashKey | undefined;

  constructor(key: HashKey | undefined) {
    this.#key = key;
  }

  /** `undefined` for the actions that leave the text as it is. */
  for(action: Action, entity: string, text: string): string | undefined {
    switch (action) {
      case "redact":
        return redacted(entity);
      case "mask":
        return masked(entity, text);
      case "hash":
        return this.#hashed(entity, text);
      default:
        return undefined;
    }
  }

  #hashed(entity: string, text: string): string {
    const digest = this.#key?.digest(`${entity}\0${text}`);
    return digest === undefined ? redacted(entity) : `[HASH:${this.#key?.id}:${digest.slice(0, hashDigits)}:${entity}]`;
  }
}

function redacted(entity: string): string {
  return `[REDACTED:${entity}]`;
}

/** Of an address the domain stays, of a card, an account or a telephone number the end; of all else nothing. */
function masked(entity: string, text: string): string {
  if (entity === "email") return `****${text.slice(text.lastIndexOf("@"))}`;
  if (!shownEnd.has(entity)) return "********";
  const end = text.slice(-shownCharacters);
  return text.slice(0, Math.min(longestMask, text.length - end.length)).replaceAll(/[A-Za-z0-9]/g, "*") + end;
}

/** Whether a text is what a replacement looks like, so that it is not replaced again. */
export function isReplacement(text: string): boolean {
  return /^(?:\[REDACTED(?::[a-z0-9_]+)?\]|\[HASH:[A-Za-z0-9._-]+:[0-9a-f]{32}:[a-z0-9_]+\]|\*{4,})$/.test(text);
}
