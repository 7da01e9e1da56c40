import { type AttributeKey, type Attributes, attributeKey, hashText, joinHash } from "@dbintel/pdata";
import { AttributeValues } from "./attribute-values.ts";
import { SeriesTable } from "./series-table.ts";
import { Sketch } from "./sketch.ts";
import { wideHash } from "./wide-hash.ts";

/** What stands for the values that were folded. */
export const otherValue = "other";
/** Attribute names of a metric whose values are counted; further ones are folded last. */
const maxNames = 64;

/** What tells the series of one metric from those of other producers: two hashes of resource, scope and metric. */
export interface Producer {
  readonly a: number;
  readonly b: number;
}

/** The folded series that a point becomes part of. */
export interface FoldedSeries {
  readonly id: number;
  /** Attributes whose values become `other`. */
  readonly keys: readonly AttributeKey[];
}

/**
 * The series of one metric: which ones have a place, and which attributes have how many values.
 *
 * Nine tenths of the places are for series as they are, the rest for folded ones, so that folding one attribute leaves
 * the others as long as possible. A place is freed when its series was silent for one to two windows: labels that
 * come and go do not push out those that stay, and do not come back with every sample.
 */
export class MetricSeries {
  readonly #limit: number;
  #window = 1;
  readonly #plain = new SeriesTable();
  readonly #folded = new SeriesTable();
  #all = new Sketch();
  readonly #values = new AttributeValues(maxNames);

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Series that were seen in this window, folded or not. */
  get cardinality(): number {
    return this.#all.estimate;
  }

  /** Whether a series has a place as it is, or is given one; `share` of the limit may be used. */
  hasPlace(attributes: Attributes, producer: Producer, share: number): boolean {
    const a = attributes.hashAll(producer.a);
    const b = attributes.hashAll(producer.b);
    const seen = this.#plain.see(a, b, this.#window);
    if (seen === this.#window) return true;
    // Once a window for a series that has a place: most points end above.
    this.#all.add(a);
    this.#values.measure(attributes);
    if (seen !== 0) return true;
    const places = this.#places(share);
    if (this.#plain.size >= Math.max(1, places - Math.max(1, Math.ceil(places / 10)))) return false;
    this.#plain.add(a, b, this.#window);
    return true;
  }

  /** The folded series of a point without a place: as few attributes are folded as there are places for. */
  fold(attributes: Attributes, producer: Producer, share: number): FoldedSeries | undefined {
    const keys: AttributeKey[] = [];
    let folded: FoldedSeries | undefined;
    for (let key = this.#widest(attributes, keys); key !== undefined; key = this.#widest(attributes, keys)) {
      keys.push(key);
      const a = idOf(attributes, producer.a, keys);
      const b = idOf(attributes, producer.b, keys);
      folded = { id: wideHash(a, b), keys };
      if (this.#folded.see(a, b, this.#window) !== 0) break;
      if (this.#plain.size + this.#folded.size < this.#places(share) - 1) {
        this.#folded.add(a, b, this.#window);
        break;
      }
    }
    return folded;
  }

  /** Begins a new window. */
  rotate(): void {
    this.#plain.forgetBefore(this.#window);
    this.#window++;
    this.#folded.forgetBefore(this.#window);
    this.#all = new Sketch();
    this.#values.clear();
  }

  #places(share: number): number {
    return Math.max(1, Math.floor(this.#limit * share));
  }

  /** The attribute of the point with most values that is not folded yet; those of unknown names come last. */
  #widest(attributes: Attributes, folded: readonly AttributeKey[]): AttributeKey | undefined {
    let widest: AttributeKey | undefined;
    let most = -1;
    for (const { key, values } of this.#values.names()) {
      if (values.estimate <= most || isAmong(folded, key) || !attributes.has(key)) continue;
      widest = key;
      most = values.estimate;
    }
    if (widest !== undefined || folded.length >= attributes.size) return widest;
    for (const name of attributes.keys()) {
      const key = attributeKey(name);
      if (!isAmong(folded, key)) return key;
    }
    return undefined;
  }
}

/** Keys of equal names are interchangeable, so it is names that are compared. */
function isAmong(keys: readonly AttributeKey[], { name }: AttributeKey): boolean {
  return keys.some((key) => key.name === name);
}

/** One half of the identity of a folded series: what is left, and the names of what is folded in any order. */
function idOf(attributes: Attributes, seed: number, keys: readonly AttributeKey[]): number {
  let names = 0;
  for (const { name } of keys) names = (names + hashText(name, seed)) | 0;
  return joinHash(attributes.hashAll(seed, keys), names);
}
