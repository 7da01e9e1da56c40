import type { Attributes } from "@dbintel/pdata";
import { addHash, hashAttribute, hashText } from "./hash.ts";
import { Sketch } from "./sketch.ts";

/** What stands for the values that were folded. */
export const otherValue = "other";
const foldedKeys = 64;
const otherHash = (key: string): number => hashAttribute(key, otherValue);

/**
 * The series of one metric: which ones have a place, and which attributes have how many values.
 *
 * Nine tenths of the places are for series as they are, the rest for folded ones, so that folding one attribute leaves
 * the others as long as possible. A place is freed when its series was silent for one to two windows: labels that
 * come and go do not push out those that stay, and do not come back with every sample.
 */
export class MetricSeries {
  readonly #limit: number;
  #current = new Set<number>();
  #before = new Set<number>();
  #folded = new Set<number>();
  #size = 0;
  #all = new Sketch();
  readonly #values = new Map<string, Sketch>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Series that were seen in this window, folded or not. */
  get cardinality(): number {
    return this.#all.estimate;
  }

  /**
   * Gives the point's series a place, or folds attributes of the point until it has one; true when it was folded.
   * `resource` is the hash of what else tells the series apart. `share` of the limit may be used.
   */
  admit(attributes: Attributes, resource: number, share: number): boolean {
    const entries = [...attributes.entries()].map(([key, value]) => ({ key, hash: hashAttribute(key, value) }));
    let series = resource;
    for (const { key, hash } of entries) {
      series = addHash(series, hash);
      this.#measure(key, hash);
    }
    this.#all.add(series);
    const places = Math.max(1, Math.floor(this.#limit * share));
    const plain = Math.max(1, places - Math.max(1, Math.ceil(places / 10)));
    if (this.#place(series, plain)) return false;
    const byCardinality = entries.sort((a, b) => this.#valuesOf(b.key) - this.#valuesOf(a.key));
    let folded = false;
    for (const { key, hash } of byCardinality) {
      attributes.set(key, otherValue);
      folded = true;
      series = addHash(addHash(series, 2 ** 53 - hash), otherHash(key));
      if (this.#folded.has(series)) break;
      if (this.#size + this.#folded.size < places - 1) {
        this.#folded.add(series);
        break;
      }
    }
    return folded;
  }

  /** Begins a new window. */
  rotate(): void {
    this.#before = this.#current;
    this.#current = new Set();
    this.#folded = new Set();
    this.#size = this.#before.size;
    this.#all = new Sketch();
    this.#values.clear();
  }

  #place(series: number, places: number): boolean {
    if (this.#current.has(series)) return true;
    if (!this.#before.has(series)) {
      if (this.#size >= places) return false;
      this.#size++;
    }
    this.#current.add(series);
    return true;
  }

  #measure(key: string, hash: number): void {
    const values = this.#values.get(key);
    if (values !== undefined) values.add(hash);
    else if (this.#values.size < foldedKeys) {
      const sketch = new Sketch();
      sketch.add(hash);
      this.#values.set(key, sketch);
    }
  }

  #valuesOf(key: string): number {
    return this.#values.get(key)?.estimate ?? 0;
  }
}

/** Tells series of different producers apart. */
export function producerHash(metric: string, resource: number, scope: string): number {
  return addHash(resource, hashText(`${metric}\0${scope}`));
}
