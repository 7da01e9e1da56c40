import { type Breach, type BreachCode, breachCodes, breaches } from "@dbintel/new-relic";
import { type Host, SlidingCount } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";
import type { NrErrorMonitorConfig } from "./config.ts";
import type { MonitorMetrics } from "./metrics.ts";

/** Breaches by code, metric and attribute that are remembered as logged. */
const maxPlaces = 10_000;

/** One kind of breach at one place, with how often it was met since it was last told of. */
export interface BreachSummary extends Breach {
  readonly count: number;
}

/** Counts breaches in a sliding window, and says which ones are worth telling of again. */
export class BreachBook {
  readonly #host: Host;
  readonly #metrics: MonitorMetrics;
  readonly #suppressionMs: number;
  readonly #windows: ReadonlyMap<BreachCode, SlidingCount>;
  readonly #places: LRUCache<string, { breach: Breach; count: number; toldMs: number }>;

  constructor(host: Host, config: NrErrorMonitorConfig, metrics: MonitorMetrics) {
    this.#host = host;
    this.#metrics = metrics;
    this.#suppressionMs = config.error_suppression_duration;
    this.#windows = new Map(breachCodes.map((code) => [code, new SlidingCount(host.clock, config.window)]));
    this.#places = new LRUCache({ max: maxPlaces });
  }

  add(breach: Breach): void {
    this.#metrics.breach(breach);
    this.#windows.get(breach.code)?.add();
    const key = [breach.code, breach.metric, breach.attribute].join("\0");
    const place = this.#places.get(key);
    if (place !== undefined) place.count++;
    else this.#places.set(key, { breach, count: 1, toldMs: Number.NEGATIVE_INFINITY });
  }

  /** Breaches within the window. */
  get recent(): number {
    let sum = 0;
    for (const window of this.#windows.values()) sum += window.value;
    return sum;
  }

  /** Breaches within the window, by code. */
  measure(): void {
    for (const [code, window] of this.#windows) this.#metrics.potential(code, window.value);
  }

  /** Whether a name is that of a metric or an attribute with a breach. */
  findNamed(names: readonly string[]): Breach | undefined {
    for (const { breach } of this.#places.values()) {
      if ([breach.metric, breach.attribute].some((name) => name !== undefined && names.includes(name))) return breach;
    }
    return undefined;
  }

  /** What was met since it was told of last, each place once in the time of suppression. Logs it. */
  tell(): readonly BreachSummary[] {
    const nowMs = this.#host.clock.monotonicMs();
    const summaries: BreachSummary[] = [];
    for (const place of this.#places.values()) {
      if (place.count === 0 || nowMs - place.toldMs < this.#suppressionMs) continue;
      const summary = { ...place.breach, count: place.count };
      place.count = 0;
      place.toldMs = nowMs;
      summaries.push(summary);
      this.#host.logger.warn({ ...summary }, `New Relic would not take this: ${breaches[summary.code]}`);
    }
    return summaries;
  }
}
