import { dayMs, hourMs } from "./calendar.ts";

/** Weight of the newest day in the profile. */
const profileWeight = 0.3;
/** How fast the short level follows, and how long what it saw is expected to last. */
const shortMs = 15 * 60_000;
const lastsMs = 6 * hourMs;
const longMs = dayMs;
/** An hour counts in the profile at most this many times its former value: an incident is no season. */
const outlier = 4;

export interface SeasonState {
  /** Bytes a millisecond by hour of the day (UTC); 0 where none was seen. */
  readonly profile: readonly number[];
  readonly short: number;
  readonly long: number;
  readonly observedMs: number;
}

/**
 * Forecasts bytes: multiplicative Holt-Winters without a trend (Winters 1960, "Forecasting Sales by Exponentially
 * Weighted Moving Averages"), a level times a profile of the hours of the day. The level is that of the last day plus
 * what the last quarter of an hour lies above it, damped with distance (Gardner & McKenzie 1985): an incident is not
 * expected to last for the rest of the month.
 */
export class Season {
  readonly #profile: number[];
  #short: number;
  #long: number;
  #observedMs: number;
  #hour = -1;
  #hourBytes = 0;
  #hourMs = 0;

  constructor(state?: SeasonState) {
    this.#profile = Array.from({ length: 24 }, (_, hour) => state?.profile[hour] ?? 0);
    this.#short = state?.short ?? 0;
    this.#long = state?.long ?? 0;
    this.#observedMs = state?.observedMs ?? 0;
  }

  get state(): SeasonState {
    return { profile: this.#profile, short: this.#short, long: this.#long, observedMs: this.#observedMs };
  }

  get observedMs(): number {
    return this.#observedMs;
  }

  /** Notes what was offered and what was passed on in the time that ends now. */
  observe(args: {
    readonly unixMs: number;
    readonly elapsedMs: number;
    readonly offered: number;
    readonly sent: number;
  }): void {
    const { unixMs, elapsedMs, offered, sent } = args;
    if (elapsedMs <= 0) return;
    this.#learnHour(hourOf(unixMs), elapsedMs, offered);
    const level = sent / elapsedMs / factorOf(this.#factors(), unixMs);
    // Corrected for the short past at the beginning: the first level is the first observation, not a part of it.
    this.#observedMs += elapsedMs;
    this.#short += (level - this.#short) * weightOf(elapsedMs, Math.min(shortMs, this.#observedMs));
    this.#long += (level - this.#long) * weightOf(elapsedMs, Math.min(longMs, this.#observedMs));
  }

  /** Bytes expected from one moment to another. */
  forecast(fromMs: number, toMs: number): number {
    return this.#integrate(fromMs, toMs, (distance) => {
      return this.#long + (this.#short - this.#long) * Math.exp(-distance / lastsMs);
    });
  }

  /** Bytes a millisecond that spend `bytes` until `toMs` along the profile of the day. */
  pace(bytes: number, fromMs: number, toMs: number): number {
    return (bytes * factorOf(this.#factors(), fromMs)) / this.#integrate(fromMs, toMs, () => 1);
  }

  #integrate(fromMs: number, toMs: number, level: (distance: number) => number): number {
    const factors = this.#factors();
    let sum = 0;
    for (let at = fromMs; at < toMs; ) {
      const end = Math.min(toMs, (Math.floor(at / hourMs) + 1) * hourMs);
      sum += (end - at) * factorOf(factors, at) * level(at - fromMs);
      at = end;
    }
    return sum;
  }

  #learnHour(hour: number, elapsedMs: number, offered: number): void {
    if (hour !== this.#hour && this.#hourMs > 0) {
      const rate = this.#hourBytes / this.#hourMs;
      const before = this.#profile[this.#hour] ?? 0;
      const next = before === 0 ? rate : before + (Math.min(rate, before * outlier) - before) * profileWeight;
      this.#profile[this.#hour] = next;
      this.#hourBytes = 0;
      this.#hourMs = 0;
    }
    this.#hour = hour;
    this.#hourBytes += offered;
    this.#hourMs += elapsedMs;
  }

  /** The rate of each hour against the mean of the day; 1 until the whole day was seen. */
  #factors(): readonly number[] {
    const sum = this.#profile.reduce((total, rate) => total + rate, 0);
    return this.#profile.includes(0) ? this.#profile.map(() => 1) : this.#profile.map((rate) => (rate * 24) / sum);
  }
}

function factorOf(factors: readonly number[], unixMs: number): number {
  return factors[hourOf(unixMs)] ?? 1;
}

function hourOf(unixMs: number): number {
  return Math.floor(unixMs / hourMs) % 24;
}

/** The part that one observation takes in an exponential average over irregular intervals. */
function weightOf(elapsedMs: number, memoryMs: number): number {
  return elapsedMs >= memoryMs ? 1 : 1 - Math.exp(-elapsedMs / memoryMs);
}
