import { seededRandom } from "@dbintel/pipeline/testing";

/** The seeds 1 to 1,000: the tests are the same in each run. */
export const seeds = Array.from({ length: 1000 }, (_, index) => index + 1);

/** Durations as databases have them: most short, a few that hold most of the time. */
export function logNormal(count: number, seed: number): Float64Array {
  const { next } = seededRandom(seed);
  return Float64Array.from({ length: count }, () =>
    // Box and Muller, Annals of Mathematical Statistics 29, 1958.
    Math.exp(1.5 * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())),
  );
}

/** What was estimated of one number, once for each seed, beside the truth. */
export class Estimates {
  readonly #truth: number;
  readonly #values: number[] = [];

  constructor(truth: number) {
    this.#truth = truth;
  }

  add(value: number): void {
    this.#values.push(value);
  }

  get mean(): number {
    return this.#values.reduce((sum, value) => sum + value, 0) / this.#values.length;
  }

  /** Standard deviation over the seeds. */
  get deviation(): number {
    const { mean } = this;
    const squares = this.#values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return Math.sqrt(squares / (this.#values.length - 1));
  }

  /** How far the mean is from the truth, in standard errors of an estimate that has this deviation. */
  bias(deviation: number): number {
    const distance = Math.abs(this.mean - this.#truth);
    // What is kept for certain has no deviation, but its sums are rounded.
    if (distance <= 1e-9 * Math.abs(this.#truth)) return 0;
    return (distance / deviation) * Math.sqrt(this.#values.length);
  }

  /** The share of estimates that are further than `distance` from the truth. */
  beyond(distance: number): number {
    const rounding = 1e-9 * Math.abs(this.#truth);
    const far = this.#values.filter((value) => Math.abs(value - this.#truth) > distance + rounding);
    return far.length / this.#values.length;
  }
}
