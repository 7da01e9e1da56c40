/**
 * What a round trip usually takes: the exponentially weighted mean of those so far, and how far they stray from it.
 *
 * The variance beside the mean in one step: T. Finch, "Incremental calculation of weighted mean and variance"
 * (University of Cambridge, 2009), section 9. The first deviation is half of the first value, as TCP assumes
 * (RFC 6298, section 2.2): one round trip alone says nothing about how they differ.
 */
export class RoundTrips {
  readonly #weight: number;
  #mean: number | undefined;
  #variance = 0;

  /** `weight`, in (0, 1]: how much the newest value counts. */
  constructor(weight: number) {
    this.#weight = weight;
  }

  /** Milliseconds; `undefined` before the first. */
  get mean(): number | undefined {
    return this.#mean;
  }

  /** Milliseconds, one standard deviation. */
  get deviation(): number {
    return Math.sqrt(this.#variance);
  }

  add(milliseconds: number): void {
    if (this.#mean === undefined) {
      this.#mean = milliseconds;
      this.#variance = (milliseconds / 2) ** 2;
      return;
    }
    const difference = milliseconds - this.#mean;
    const step = this.#weight * difference;
    this.#mean += step;
    this.#variance = (1 - this.#weight) * (this.#variance + difference * step);
  }
}
