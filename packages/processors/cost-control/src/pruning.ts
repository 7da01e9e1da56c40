import { AttributeValues } from "@dbintel/cardinality";
import type { AttributeKey, Attributes } from "@dbintel/pdata";

/** Attribute names whose values are counted; further ones count as having few. */
const maxNames = 256;

/** Removes the attributes of logs and spans that have too many values. */
export class Pruning {
  readonly #values = new AttributeValues(maxNames);
  readonly #limit: number;
  readonly #keep: ReadonlySet<string>;
  /** Those of the window before: an attribute does not come back with every window. */
  #before: readonly AttributeKey[] = [];

  constructor(args: { readonly limit: number; readonly keep: readonly string[] }) {
    this.#limit = args.limit;
    this.#keep = new Set(args.keep);
  }

  measure(attributes: Attributes): void {
    this.#values.measure(attributes);
  }

  /** The attributes that have too many values by now: looked up once for a batch. */
  excess(): readonly AttributeKey[] {
    return [...new Set([...this.#before, ...this.#measured()])];
  }

  /** Begins a new window. */
  rotate(): void {
    this.#before = this.#measured();
    this.#values.clear();
  }

  #measured(): AttributeKey[] {
    const keys = [];
    for (const { key, values } of this.#values.names()) {
      if (values.estimate > this.#limit && !this.#keep.has(key.name)) keys.push(key);
    }
    return keys;
  }
}

/** Removes the attributes with these names; answers how many were there. */
export function prune(attributes: Attributes, keys: readonly AttributeKey[]): number {
  let removed = 0;
  for (const key of keys) if (attributes.delete(key)) removed++;
  return removed;
}
