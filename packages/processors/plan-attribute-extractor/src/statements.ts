import { analyzeSql, type SqlSyntax } from "@dbintel/sql";
import { LRUCache } from "lru-cache";

/** A statement that may leave. */
export interface SafeStatement {
  /** On one line, each constant a `?`. */
  readonly text: string;
  readonly fingerprint: string;
}

/** Longer statements are made safe each time: they are rare, and would fill the memory. */
const longestRemembered = 16_384;

/** Makes statements safe to ship, each text once as long as it is remembered. */
export class Statements {
  readonly #known: LRUCache<string, SafeStatement>;

  constructor(size: number) {
    this.#known = new LRUCache({ max: size });
  }

  safe(text: string, syntax: SqlSyntax): SafeStatement {
    const key = `${syntax.dialect} ${text}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { text: safeText, fingerprint } = analyzeSql(text, syntax);
    const safe = { text: safeText, fingerprint };
    if (text.length <= longestRemembered) this.#known.set(key, safe);
    return safe;
  }
}
