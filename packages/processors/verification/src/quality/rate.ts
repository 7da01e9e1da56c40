import { type Clock, SlidingCount } from "@dbintel/pipeline";

/** A share of items, or a mean of their scores, within a sliding window. */
export class Rate {
  readonly #sum: SlidingCount;
  readonly #all: SlidingCount;
  readonly #minimum: number;

  constructor(clock: Clock, options: { readonly windowMs: number; readonly minimum: number }) {
    this.#sum = new SlidingCount(clock, options.windowMs);
    this.#all = new SlidingCount(clock, options.windowMs);
    this.#minimum = options.minimum;
  }

  /** Adds `count` items that have `sum` together. */
  add(sum: number, count: number): void {
    this.#sum.add(sum);
    this.#all.add(count);
  }

  /** The share, and of how many items; `undefined` when they are too few to judge. */
  get value(): { readonly share: number; readonly items: number } | undefined {
    const items = this.#all.value;
    return items < this.#minimum ? undefined : { share: this.#sum.value / items, items };
  }
}
