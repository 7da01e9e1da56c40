import { type AttributeKey, type AttributeKeys, type Attributes, attributeKeys } from "@dbintel/pdata";
import { none } from "./sampling/candidates.ts";

/** What attributes tell of an item. */
export const topics = ["database", "fingerprint", "plan", "blocking", "weight", "adjusted_count", "error"] as const;
export type Topic = (typeof topics)[number];

const seed = 0x5bd1e995;

/** What an item's attributes tell, by topic: where they stand is found in one walk for all topics. */
export class Told {
  readonly #keys: AttributeKeys;
  readonly #found: Uint8Array;
  /** Where the keys of a topic begin; they end where those of the next begin. */
  readonly #starts: Readonly<Record<Topic, number>>;
  readonly #ends: Readonly<Record<Topic, number>>;

  /** Of several attributes of a topic the first one counts. */
  constructor(names: Readonly<Record<Topic, readonly string[]>>) {
    const all: string[] = [];
    const starts: Partial<Record<Topic, number>> = {};
    const ends: Partial<Record<Topic, number>> = {};
    for (const topic of topics) {
      starts[topic] = all.length;
      all.push(...names[topic]);
      ends[topic] = all.length;
    }
    this.#keys = attributeKeys(all);
    this.#found = new Uint8Array(all.length);
    this.#starts = starts as Record<Topic, number>;
    this.#ends = ends as Record<Topic, number>;
  }

  /** From here on the questions are about these attributes. */
  look(attributes: Attributes): void {
    attributes.mark(this.#keys, this.#found);
  }

  has(topic: Topic): boolean {
    return this.#next(topic, this.#starts[topic]) >= 0;
  }

  /** A hash of the first value; `none` without one. */
  hash(attributes: Attributes, topic: Topic): number {
    for (let at = this.#next(topic, this.#starts[topic]); at >= 0; at = this.#next(topic, at + 1)) {
      const hash = attributes.hash(this.#key(at), seed);
      if (hash !== none) return hash;
    }
    return none;
  }

  /** The first number. */
  number(attributes: Attributes, topic: Topic): number | undefined {
    for (let at = this.#next(topic, this.#starts[topic]); at >= 0; at = this.#next(topic, at + 1)) {
      const value = attributes.getNumber(this.#key(at));
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** Whether the first value is neither false, 0 nor empty. */
  isSet(attributes: Attributes, topic: Topic): boolean {
    for (let at = this.#next(topic, this.#starts[topic]); at >= 0; at = this.#next(topic, at + 1)) {
      const value = attributes.get(this.#key(at)) ?? null;
      if (value === null) continue;
      if (Array.isArray(value)) return value.length > 0;
      return value !== false && value !== "" && Number(value) !== 0;
    }
    return false;
  }

  /** The next key of the topic from `from` on that is there; -1 without one. */
  #next(topic: Topic, from: number): number {
    const end = this.#ends[topic];
    for (let at = from; at < end; at++) if (this.#found[at] === 1) return at;
    return -1;
  }

  #key(at: number): AttributeKey {
    return this.#keys.keys[at] as AttributeKey;
  }
}
