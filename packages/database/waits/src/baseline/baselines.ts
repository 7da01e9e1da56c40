import { type BaselineState, expected, learn, noBaseline } from "./baseline.ts";

export interface BaselineSettings {
  /** Values before a baseline says anything. Default 20. */
  readonly minValues: number;
  /** How many values it remembers, fading. Default 2,000: about a week of windows of five minutes. */
  readonly memory: number;
  /** Baselines that are kept; the one that learnt longest ago makes room. Default 10,000. */
  readonly maxBaselines: number;
  /** A difference below this is none, whatever the ratio: the unit is that of the values. Default 0.05. */
  readonly floor: number;
}

export const defaultBaselineSettings: BaselineSettings = {
  minValues: 20,
  memory: 2_000,
  maxBaselines: 10_000,
  floor: 0.05,
};

/** A value against what is usual at that hour. */
export interface Comparison {
  readonly value: number;
  readonly usual: number;
  /** Of the value to what is usual, where that is not less than the floor; then to the floor. */
  readonly ratio: number;
  /** How many standard deviations it lies above (negative: below) what is usual. */
  readonly deviations: number;
  /** How many values the baseline rests on. */
  readonly values: number;
}

/** What is usual of many figures, learnt value by value, by hour of the day. Times are the caller's. */
export class Baselines {
  readonly #settings: BaselineSettings;
  /** In the order of their last value. */
  readonly #states = new Map<string, BaselineState>();

  constructor(settings: Partial<BaselineSettings> = {}, states: Iterable<readonly [string, BaselineState]> = []) {
    this.#settings = { ...defaultBaselineSettings, ...settings };
    for (const [key, state] of states) this.#put(key, state);
  }

  get size(): number {
    return this.#states.size;
  }

  /** What is known, the oldest first: `encodeSnapshot` makes bytes of it. */
  states(): IterableIterator<[string, BaselineState]> {
    return this.#states.entries();
  }

  /** What is not a finite number is no value. */
  learn(key: string, value: number, timeMs: number): void {
    if (!Number.isFinite(value)) return;
    this.#put(key, learn(this.#states.get(key) ?? noBaseline, value, hourOf(timeMs), this.#settings.memory));
  }

  /** `undefined` before there are values enough. Learns nothing. */
  compare(key: string, value: number, timeMs: number): Comparison | undefined {
    const state = this.#states.get(key);
    const { minValues, floor } = this.#settings;
    if (state === undefined || state.day.count < minValues) return undefined;
    const { centre, deviation } = expected(state, hourOf(timeMs));
    return {
      value,
      usual: centre,
      ratio: value / Math.max(centre, floor),
      deviations: (value - centre) / Math.max(deviation, floor),
      values: state.day.count,
    };
  }

  #put(key: string, state: BaselineState): void {
    this.#states.delete(key);
    this.#states.set(key, state);
    if (this.#states.size <= this.#settings.maxBaselines) return;
    const [oldest] = this.#states.keys();
    if (oldest !== undefined) this.#states.delete(oldest);
  }
}

function hourOf(timeMs: number): number {
  return Math.floor(timeMs / 3_600_000) % 24;
}
