import { type AttributeKeys, type Attributes, attributeKeys } from "@dbintel/pdata";
import { none } from "./sampling/candidates.ts";

const topics = ["database", "fingerprint", "plan", "blocking", "weight", "adjusted_count", "error", "repeat"] as const;

/** Lists that receivers send as text: `{}` is PostgreSQL's empty array, `[]` that of JSON. */
const emptyTexts: ReadonlySet<string> = new Set(["", "{}", "[]"]);

/** What attributes tell of an item, by number: each record is asked about all of them (benchmark `processors`). */
export const topic = {
  database: 0,
  fingerprint: 1,
  plan: 2,
  blocking: 3,
  weight: 4,
  adjusted_count: 5,
  error: 6,
  repeat: 7,
} as const satisfies { readonly [T in (typeof topics)[number]]: number };

/** What an item's attributes tell, by topic: where they stand is found in one walk for all topics. */
export class Told {
  readonly #keys: AttributeKeys;
  readonly #places: Int32Array;
  /** Where the keys of each topic begin; they end where those of the next begin. */
  readonly #starts: Uint32Array;

  /** Of several attributes of a topic the first one counts. */
  constructor(names: Readonly<Record<(typeof topics)[number], readonly string[]>>) {
    const all: string[] = [];
    this.#starts = new Uint32Array(topics.length + 1);
    for (const [number, name] of topics.entries()) {
      all.push(...names[name]);
      this.#starts[number + 1] = all.length;
    }
    this.#keys = attributeKeys(all);
    this.#places = new Int32Array(all.length);
  }

  /** From here on the questions are about these attributes. */
  look(attributes: Attributes): void {
    attributes.locate(this.#keys, this.#places);
  }

  has(about: number): boolean {
    return this.#first(about) >= 0;
  }

  /** A hash of the first value; `none` without one. */
  hash(attributes: Attributes, about: number, seed: number): number {
    for (let at = this.#first(about); at >= 0; at = this.#next(about, at + 1)) {
      const hash = attributes.hash(this.#place(at), seed);
      if (hash !== none) return hash;
    }
    return none;
  }

  /** Writes down the first number, NaN without one: to return a double is to allocate it (benchmark `processors`). */
  number(attributes: Attributes, about: number, column: Float64Array, index: number): void {
    column[index] = Number.NaN;
    for (let at = this.#first(about); at >= 0; at = this.#next(about, at + 1)) {
      if (attributes.copyNumber(this.#place(at), column, index)) return;
    }
  }

  /** Whether the first value is neither false, 0 nor empty. */
  isSet(attributes: Attributes, about: number): boolean {
    for (let at = this.#first(about); at >= 0; at = this.#next(about, at + 1)) {
      const value = attributes.get(this.#place(at)) ?? null;
      if (value === null) continue;
      if (Array.isArray(value)) return value.length > 0;
      if (typeof value === "string" && emptyTexts.has(value)) return false;
      return value !== false && Number(value) !== 0;
    }
    return false;
  }

  #first(about: number): number {
    return this.#next(about, this.#starts[about] as number);
  }

  /** The next key of the topic from `from` on that is there; -1 without one. */
  #next(about: number, from: number): number {
    const end = this.#starts[about + 1] as number;
    for (let at = from; at < end; at++) if ((this.#places[at] as number) >= 0) return at;
    return -1;
  }

  #place(at: number): number {
    return this.#places[at] as number;
  }
}
