import type { Attributes } from "@dbintel/pdata";
import { hashValue } from "./hash.ts";
import { Sketch } from "./sketch.ts";

/** Attribute names whose values are counted; further ones count as having few. */
const maxNames = 256;

/** How many values each attribute of logs or spans has. */
export class AttributeValues {
  readonly #sketches = new Map<string, Sketch>();
  readonly #limit: number;
  readonly #keep: ReadonlySet<string>;

  constructor(args: { readonly limit: number; readonly keep: readonly string[] }) {
    this.#limit = args.limit;
    this.#keep = new Set(args.keep);
  }

  measure(attributes: Attributes): void {
    for (const [key, value] of attributes.entries()) {
      let sketch = this.#sketches.get(key);
      if (sketch === undefined) {
        if (this.#sketches.size >= maxNames) continue;
        sketch = new Sketch();
        this.#sketches.set(key, sketch);
      }
      sketch.add(hashValue(value));
    }
  }

  /** Removes the attributes with too many values; answers how many. */
  prune(attributes: Attributes): number {
    let removed = 0;
    for (const key of [...attributes.keys()]) {
      if (this.#keep.has(key) || (this.#sketches.get(key)?.estimate ?? 0) <= this.#limit) continue;
      if (attributes.delete(key)) removed++;
    }
    return removed;
  }

  /** Begins a new window. */
  clear(): void {
    this.#sketches.clear();
  }
}
