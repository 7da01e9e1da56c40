/** Weight of the newest arrival in what is expected of the next ones. */
const weight = 0.2;

/** Batches that come within this share of the interval are one arrival: sources that poll at the same time. */
const together = 1e-3;

/** Before there is a second arrival the time between two is presumed to be this share of the interval. */
const presumedGap = 0.1;

/** Arrivals that are only just expected before the interval ends are not: the last one would leave its share unused. */
const tolerance = 0.1;

/** At most this share of what is left goes to one batch, so that another that was not expected finds something. */
const largestShare = 0.9;

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
  /** When the first arrival was, and the present one. */
  #firstMs = Number.NaN;
  #arrivalMs = Number.NaN;
  /** What the batches of the present arrival wanted, and an average of those before. */
  #wanted = 0;
  #meanWanted = Number.NaN;
  /** Arrivals in the last interval, older ones counting less and less. */
  #arrivals = 0;

  /** `untilMs`: when the first interval ends. Default: one interval after the first question. */
  constructor(args: { readonly perSecond: number; readonly intervalMs: number; readonly untilMs?: number }) {
    this.#endMs = args.untilMs ?? Number.NEGATIVE_INFINITY;
    this.#intervalMs = args.intervalMs;
    this.#budget = (args.perSecond * args.intervalMs) / 1000;
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
    const given = Math.min(wanted, left * Math.min(largestShare, wanted / (wanted + this.#expected(nowMs))));
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
    if (Number.isNaN(this.#firstMs)) {
      this.#firstMs = nowMs;
      this.#arrivalMs = nowMs;
      this.#arrivals = 1;
    } else if (nowMs - this.#arrivalMs >= this.#intervalMs * together) {
      const before = Number.isNaN(this.#meanWanted) ? this.#wanted : this.#meanWanted;
      this.#meanWanted = before + weight * (this.#wanted - before);
      this.#arrivals = 1 + this.#arrivals * Math.exp((this.#arrivalMs - nowMs) / this.#intervalMs);
      this.#arrivalMs = nowMs;
      this.#wanted = 0;
    }
    this.#wanted += wanted;
  }

  /** What will be wanted until the interval ends, beside what is now. A burst is taken to go on. */
  #expected(nowMs: number): number {
    const before = Math.exp((this.#firstMs - this.#arrivalMs) / this.#intervalMs);
    // The first and the present arrival count half: n arrivals have n - 1 gaps between them.
    const arrivals = before === 1 ? 1 / presumedGap : (this.#arrivals - (1 + before) / 2) / (1 - before);
    const more = (arrivals * (this.#endMs - nowMs)) / this.#intervalMs;
    const mean = Number.isNaN(this.#meanWanted) ? 0 : this.#meanWanted;
    const here = Math.max(0, mean - this.#wanted);
    return here + Math.max(0, Math.floor(more - tolerance)) * Math.max(mean, this.#wanted);
  }
}
