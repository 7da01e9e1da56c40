import { RoundTrips } from "./round-trips.ts";

/** Weight of the newest round trips in the mean: `ewma_alpha` of Vector, its default. */
const newestWeight = 0.4;
/** Deviations above the mean that are still usual: `rtt_deviation_scale` of Vector, its default. */
const usualDeviations = 2.5;
/** What is left of the limit when round trips take longer than usual: `decrease_ratio` of Vector, its default. */
const slowRatio = 0.9;
/** What is left of it when requests are not taken: the half, as in TCP (RFC 5681) and in Vector's RFC 1858. */
const refusedRatio = 0.5;

/** Judgements without a refusal after which it is tried whether the destination takes more than it did. */
const calmToTryMore = 60;

/**
 * How many requests of one signal may be on their way to a destination at the same time: additive increase,
 * multiplicative decrease (AIMD), by round trips and refusals.
 *
 * The rule is that of Vector's adaptive request concurrency (its RFC 1858 of 2020-04-06 and the options
 * `request.adaptive_concurrency` of its documentation), judged once a round trip: requests that were not taken, or
 * round trips above mean + 2.5 deviations, lower the limit; round trips at or below the mean raise it by one, when
 * all of it was used. Different from there: it begins at its maximum, which is what people configure and what the
 * OpenTelemetry Collector does at all times; a refusal halves it, and what was on its way beside the refused request is
 * remembered as what the destination takes, so that it is not asked for more every few round trips (the idea of
 * W_max in CUBIC, RFC 9438).
 */
export class ConcurrencyLimit {
  readonly #most: number;
  readonly #adaptive: boolean;
  readonly #usual = new RoundTrips(newestWeight);
  #limit: number;
  #inFlight = 0;
  /** Of the time since the last judgement. */
  #trips = 0;
  #tripsMs = 0;
  /** The fewest requests that were on their way beside one that was refused; infinite without refusals. */
  #beside = Number.POSITIVE_INFINITY;
  #exhausted = false;
  #judgeAtMs = 0;
  /** What the destination takes, as far as refusals have told. */
  #ceiling = Number.POSITIVE_INFINITY;
  #calm = 0;

  /** `most` may be infinite where it is not adaptive. */
  constructor({ most, adaptive }: { readonly most: number; readonly adaptive: boolean }) {
    this.#most = most;
    this.#adaptive = adaptive;
    this.#limit = most;
  }

  get limit(): number {
    return this.#limit;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get hasRoom(): boolean {
    return this.#inFlight < this.#limit;
  }

  begin(): void {
    this.#inFlight++;
    if (!this.hasRoom) this.#exhausted = true;
  }

  /** The destination took the request after this long. */
  taken(roundTripMs: number, nowMs: number): void {
    this.#inFlight--;
    this.#trips++;
    this.#tripsMs += roundTripMs;
    this.#judge(nowMs);
  }

  /** The destination could not take the request, or not in time. */
  refused(nowMs: number): void {
    this.#inFlight--;
    this.#beside = Math.min(this.#beside, this.#inFlight);
    this.#judge(nowMs);
  }

  /** The request's end says nothing about the load of the destination. */
  ended(): void {
    this.#inFlight--;
  }

  #judge(nowMs: number): void {
    if (!this.#adaptive || nowMs < this.#judgeAtMs) return;
    const tripMs = this.#trips === 0 ? undefined : this.#tripsMs / this.#trips;
    this.#adjust(tripMs);
    if (tripMs !== undefined) this.#usual.add(tripMs);
    this.#trips = 0;
    this.#tripsMs = 0;
    this.#beside = Number.POSITIVE_INFINITY;
    this.#exhausted = !this.hasRoom;
    this.#judgeAtMs = nowMs + (this.#usual.mean ?? 0);
  }

  #adjust(tripMs: number | undefined): void {
    const { mean = tripMs, deviation } = this.#usual;
    if (this.#beside < Number.POSITIVE_INFINITY) {
      // A destination that takes nothing at all tells nothing about how much it takes when it works.
      this.#ceiling = tripMs === undefined ? Number.POSITIVE_INFINITY : Math.max(1, this.#beside);
      this.#calm = 0;
      this.#lower(refusedRatio);
      return;
    }
    this.#calm++;
    if (tripMs === undefined || mean === undefined) return;
    if (tripMs > mean && tripMs > mean + usualDeviations * deviation) this.#lower(slowRatio);
    else if (tripMs <= mean && this.#exhausted) this.#raise();
  }

  #raise(): void {
    if (this.#calm > calmToTryMore) this.#ceiling = Number.POSITIVE_INFINITY;
    this.#limit = Math.min(this.#most, Math.max(this.#limit, Math.min(this.#ceiling, this.#limit + 1)));
  }

  #lower(ratio: number): void {
    this.#limit = Math.max(1, Math.floor(this.#limit * ratio));
  }
}
