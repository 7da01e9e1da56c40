import {
  type AttributeKey,
  type Attributes,
  attributeKey,
  attributeKeys,
  type Item,
  type ValueKind,
} from "@dbintel/pdata";
import type { fieldTypes } from "./config.ts";

type FieldType = (typeof fieldTypes)[number];

/** What one missing or empty required field takes from the score of an item: inventory of the system before. */
const missingCosts = 0.3;
const emptyCosts = 0.2;
const noBytes = new Uint8Array();

/** What is wrong with the fields of items: how often, by attribute. */
export interface FieldProblems {
  missing(attribute: string): void;
  empty(attribute: string): void;
  wrongType(attribute: string): void;
}

/** Required fields and types. Looks for all of them in one walk over the attributes of an item. */
export class FieldRules {
  readonly #required: readonly AttributeKey[];
  readonly #requiredKeys: ReturnType<typeof attributeKeys>;
  readonly #places: Int32Array;
  readonly #types: readonly (readonly [AttributeKey, FieldType])[];
  readonly #typedKeys: ReturnType<typeof attributeKeys>;
  readonly #problems: FieldProblems;

  constructor(args: {
    readonly required: readonly string[];
    readonly types: Readonly<Record<string, FieldType>>;
    readonly problems: FieldProblems;
  }) {
    this.#required = args.required.map(attributeKey);
    this.#requiredKeys = attributeKeys(args.required);
    this.#places = new Int32Array(args.required.length);
    this.#types = Object.entries(args.types).map(([name, type]) => [attributeKey(name), type]);
    this.#typedKeys = attributeKeys(Object.keys(args.types));
    this.#problems = args.problems;
  }

  /** The score of an item, in [0, 1]: 1 when it has all required fields, none of them empty, and no wrong type. */
  score({ attributes, resource }: Item): number {
    let score = 1;
    if (this.#required.length > 0) {
      attributes.locate(this.#requiredKeys, this.#places);
      for (let index = 0; index < this.#required.length; index++) {
        const owner = (this.#places[index] as number) >= 0 ? attributes : resource.attributes;
        score -= this.#costOf(owner, this.#required[index] as AttributeKey);
      }
    }
    if (this.#types.length > 0 && attributes.firstOf(this.#typedKeys) >= 0) score -= this.#wrongTypes(attributes);
    return Math.max(0, score);
  }

  #costOf(owner: Attributes, key: AttributeKey): number {
    const kind = owner.kind(key);
    if (kind === undefined) {
      this.#problems.missing(key.name);
      return missingCosts;
    }
    const isEmpty = kind === "empty" || (kind === "string" && owner.equals(key, noBytes));
    if (!isEmpty) return 0;
    this.#problems.empty(key.name);
    return emptyCosts;
  }

  #wrongTypes(attributes: Attributes): number {
    let cost = 0;
    for (const [key, type] of this.#types) {
      const kind = attributes.kind(key);
      if (kind === undefined || isOf(kind, type)) continue;
      this.#problems.wrongType(key.name);
      cost += emptyCosts;
    }
    return cost;
  }
}

function isOf(kind: ValueKind, type: FieldType): boolean {
  return kind === type || (type === "number" && (kind === "int" || kind === "double"));
}
