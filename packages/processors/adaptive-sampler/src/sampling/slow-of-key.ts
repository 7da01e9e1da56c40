/** Observations of a key before its quantile is used. */
const warmup = 100;

/** A step up is as large as this; one down is smaller such that both balance where 1 % of the values lie above. */
const step = 0.1;
const above = 0.01;

/** So much above the quantile a value is slow: the estimate swings by a step even where all values are alike. */
const margin = Math.exp(step);

/**
 * The 99th percentile of each key of the table, by stochastic approximation (Robbins, Monro, Ann. Math. Statist. 22,
 * 1951) on a logarithmic scale: it follows a distribution that shifts, and needs one number a key.
 */
export class SlowOfKey {
  readonly #keys: Int32Array;
  readonly #quantiles: Float64Array;
  readonly #counts: Uint8Array;

  /** `capacity`: of the table whose slots are handed in. */
  constructor(capacity: number) {
    this.#keys = new Int32Array(capacity);
    this.#quantiles = new Float64Array(capacity);
    this.#counts = new Uint8Array(capacity);
  }

  /** Whether a value above 0 is clearly above the 99th percentile of its key so far; counts it in any case. */
  isSlow(slot: number, key: number, value: number): boolean {
    if (this.#keys[slot] !== key) {
      this.#keys[slot] = key;
      this.#counts[slot] = 0;
      this.#quantiles[slot] = 0;
    }
    const quantile = this.#quantiles[slot] as number;
    const count = this.#counts[slot] as number;
    if (count < warmup) {
      this.#counts[slot] = count + 1;
      this.#quantiles[slot] = Math.max(quantile, value);
      return false;
    }
    this.#quantiles[slot] = quantile * Math.exp(step * (value > quantile ? 1 - above : -above));
    return value > quantile * margin;
  }
}
