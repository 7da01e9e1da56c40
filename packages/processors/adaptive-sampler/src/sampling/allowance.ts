/** Weight of the newest batch in what is expected of the next ones. */
const weight = 0.2;

/** Assumed before there is a second batch: so many come in an interval. */
const presumedBatches = 10;

/** At most this share of what is left goes to one batch, so that one more that was not expected is not left out. */
const largestShare = 0.99;

/** Share of the budget that is always taken as left: a probability of zero would bias what is estimated. */
const leastShare = 1e-6;

/**
 * A budget for each interval of time, handed out so that it lasts until the interval ends: a batch gets the share of
 * what is left that it is of the traffic still to be expected. Nothing is carried from one interval to the next, so
 * no interval takes more than its budget, and traffic that grows at once gets less at once.
 */
export class Allowance {
  readonly #budget: number;
  readonly #intervalMs: number;
  #endMs: number;
  #used = 0;
  #lastMs: number | undefined;
  #gapMs: number;
  #batch = 0;

  /** `untilMs`: when the first interval ends. Default: one interval after the first question. */
  constructor(args: { readonly perSecond: number; readonly intervalMs: number; readonly untilMs?: number }) {
    this.#endMs = args.untilMs ?? Number.NEGATIVE_INFINITY;
    this.#intervalMs = args.intervalMs;
    this.#budget = (args.perSecond * args.intervalMs) / 1000;
    this.#gapMs = args.intervalMs / presumedBatches;
  }

  /** When the present interval ends. */
  get endMs(): number {
    return this.#endMs;
  }

  /** What is left until the interval ends, when only `factor` of the budget is to be used; below 0 when it is less. */
  left(nowMs: number, factor = 1): number {
    this.#roll(nowMs);
    return this.#budget * factor - this.#used;
  }

  /** The same, but always above 0: for probabilities. */
  available(nowMs: number, factor = 1): number {
    return Math.max(this.left(nowMs, factor), this.#budget * factor * leastShare);
  }

  /** Takes off what was given without asking. */
  charge(amount: number): void {
    this.#used += amount;
  }

  /** How much of what a batch wants it gets: above 0 and at most all. */
  take(nowMs: number, wanted: number, factor = 1): number {
    const left = this.available(nowMs, factor);
    if (!(wanted > 0)) return 0;
    this.#observe(nowMs, wanted);
    const more = Math.max(0, Math.ceil((this.#endMs - nowMs) / this.#gapMs) - 1);
    const expected = more * Math.max(this.#batch, wanted);
    const given = Math.min(wanted, left * Math.min(largestShare, wanted / (wanted + expected)));
    this.#used += given;
    return given;
  }

  #roll(nowMs: number): void {
    if (nowMs < this.#endMs) return;
    const intervals = Number.isFinite(this.#endMs) ? Math.floor((nowMs - this.#endMs) / this.#intervalMs) + 1 : 0;
    this.#endMs = intervals === 0 ? nowMs + this.#intervalMs : this.#endMs + intervals * this.#intervalMs;
    this.#used = 0;
  }

  #observe(nowMs: number, wanted: number): void {
    if (this.#lastMs !== undefined) {
      const gap = Math.min(this.#intervalMs, nowMs - this.#lastMs);
      this.#gapMs = Math.max(1e-3, this.#gapMs + weight * (gap - this.#gapMs));
    }
    this.#batch = this.#lastMs === undefined ? wanted : this.#batch + weight * (wanted - this.#batch);
    this.#lastMs = nowMs;
  }
}
