import { hash } from "node:crypto";
import { argumentError } from "@dbintel/errors";
import { LRUCache } from "lru-cache";
import { type SqlDialect, type SqlSyntax, syntaxOf } from "./syntax.ts";

/** Longer texts are read each time: they are rare, and what is read of them may be long as well. */
const longestRemembered = 16_384;

/**
 * Reads statements, each text once as long as it is remembered.
 *
 * A text may hold constants, and is itself not remembered: it is known again by its SHA-256.
 */
export class TextCache<Value extends object> {
  readonly #known: LRUCache<string, Value>;
  readonly #read: (text: string, syntax: SqlSyntax) => Value;

  constructor(args: {
    /** Texts whose reading is remembered; the one that has not come for longest goes. */
    readonly max: number;
    /** Reads a text that is not remembered. */
    readonly read: (text: string, syntax: SqlSyntax) => Value;
  }) {
    this.#known = new LRUCache({ max: args.max });
    this.#read = args.read;
  }

  /**
   * `text` as it is, or its UTF-8 bytes, which are decoded only to be read.
   *
   * @throws {DbintelError} DBI_ARGUMENT for anything else, or for a dialect that is not known.
   */
  read(text: string | Uint8Array, syntax: SqlDialect | SqlSyntax): { readonly value: Value; readonly known: boolean } {
    if (typeof text !== "string" && !ArrayBuffer.isView(text)) {
      throw argumentError({ expected: "a text", given: text, hint: "give a string or its UTF-8 bytes" });
    }
    const resolved = syntaxOf(syntax);
    if (text.length > longestRemembered) return { value: this.#read(decoded(text), resolved), known: false };
    const key = variantOf(resolved) + hash("sha256", text, "binary");
    const known = this.#known.get(key);
    if (known !== undefined) return { value: known, known: true };
    const value = this.#read(decoded(text), resolved);
    this.#known.set(key, value);
    return { value, known: false };
  }
}

function decoded(text: string | Uint8Array): string {
  return typeof text === "string" ? text : Buffer.from(text.buffer, text.byteOffset, text.length).toString("utf8");
}

/** A text can mean different things to different syntaxes. */
function variantOf({ dialect, ansiQuotes = false, noBackslashEscapes = false }: SqlSyntax): string {
  return `${dialect}${ansiQuotes ? "+a" : ""}${noBackslashEscapes ? "+b" : ""} `;
}
