import { type AttributeKey, type Attributes, attributeKey } from "@dbintel/pdata";
import { Sketch } from "./sketch.ts";

interface Name {
  readonly key: AttributeKey;
  readonly values: Sketch;
}

/** How many values each attribute has, for as many names as there is room for. */
export class AttributeValues {
  readonly #maxNames: number;
  /** By the hash of the name. */
  readonly #names = new Map<number, Name>();
  #isUnknown = false;

  constructor(maxNames: number) {
    this.#maxNames = maxNames;
  }

  /** Counts the values; decodes nothing but names that it has not met. */
  measure(attributes: Attributes): void {
    this.#isUnknown = false;
    attributes.forEachHash(this.#count);
    if (this.#isUnknown && this.#names.size < this.#maxNames) this.#learn(attributes);
  }

  /** The names, each with the number of its values. */
  names(): Iterable<{ readonly key: AttributeKey; readonly values: { readonly estimate: number } }> {
    return this.#names.values();
  }

  /** Begins a new window. */
  clear(): void {
    this.#names.clear();
  }

  readonly #count = (name: number, value: number): void => {
    const found = this.#names.get(name);
    if (found === undefined) this.#isUnknown = true;
    else found.values.add(value);
  };

  /** Names come in the same order as their hashes. */
  #learn(attributes: Attributes): void {
    const names = attributes.keys()[Symbol.iterator]();
    attributes.forEachHash((hash, value) => {
      const { value: name } = names.next();
      if (this.#names.has(hash) || this.#names.size >= this.#maxNames) return;
      const values = new Sketch();
      values.add(value);
      this.#names.set(hash, { key: attributeKey(name), values });
    });
  }
}
