import { seededRandom } from "@dbintel/pipeline/testing";

/** The seeds 1 to 1,000: the tests are the same in each run. */
export const seeds = Array.from({ length: 1000 }, (_, index) => index + 1);

/** Numbers in [0, 1), the same for the same seed. */
export function numbers(seed: number): () => number {
  const random = seededRandom(seed);
  return () => random.next();
}

/** Durations as databases have them: most short, a few that hold most of the time. */
export function logNormal(count: number, seed: number): Float64Array {
  const next = numbers(seed);
  return Float64Array.from({ length: count }, () =>
    // Box and Muller, Annals of Mathematical Statistics 29, 1958.
    Math.exp(1.5 * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())),
  );
}

/** Members of a subset: what is summed up, and the probability with which each is kept. */
export interface Member {
  readonly value: number;
  readonly probability: number;
}

/** What was estimated of the sum of a subset, once for each seed, beside the truth. */
export class Estimates {
  readonly #members: readonly Member[];
  readonly #truth: number;
  readonly #values: number[] = [];

  constructor(members: readonly Member[]) {
    this.#members = members;
    this.#truth = members.reduce((sum, { value }) => sum + value, 0);
  }

  add(estimate: number): void {
    this.#values.push(estimate);
  }

  /** That of independent draws with these probabilities (Horvitz, Thompson, JASA 47, 1952). */
  get expectedDeviation(): number {
    return Math.sqrt(
      this.#members.reduce((sum, { value, probability }) => sum + value ** 2 * (1 / probability - 1), 0),
    );
  }

  /** Standard deviation over the seeds. */
  get deviation(): number {
    const { mean } = this;
    const squares = this.#values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return Math.sqrt(squares / (this.#values.length - 1));
  }

  get mean(): number {
    return this.#values.reduce((sum, value) => sum + value, 0) / this.#values.length;
  }

  /** How far the mean is from the truth, in standard errors. */
  get bias(): number {
    const distance = Math.abs(this.mean - this.#truth);
    if (distance <= this.#rounding) return 0;
    return (distance / this.expectedDeviation) * Math.sqrt(this.#values.length);
  }

  /** The share of estimates that are further than `distance` from the truth. */
  beyond(distance: number): number {
    const far = this.#values.filter((value) => Math.abs(value - this.#truth) > distance + this.#rounding);
    return far.length / this.#values.length;
  }

  /**
   * The share that may be beyond three deviations: 0.27 % of normal estimates are, and few more of those with a skewness
   * below a half, which counts as nearly symmetric. A record that is kept once in a hundred times is beyond each time
   * it is, if the sum is of it alone: all that holds for any sum is Chebyshev's inequality.
   */
  get mayBeBeyond(): number {
    const third = this.#members.reduce(
      (sum, { value, probability: p }) => sum + (value ** 3 * (1 - p) * (1 - 2 * p)) / p ** 2,
      0,
    );
    return Math.abs(third) <= 0.5 * this.expectedDeviation ** 3 ? 0.01 : 1 / 9;
  }

  /** What is kept for certain is estimated exactly, but for the rounding of sums. */
  get #rounding(): number {
    return 1e-9 * Math.abs(this.#truth);
  }
}
