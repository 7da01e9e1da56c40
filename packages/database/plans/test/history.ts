import { RegressionDetector } from "../src/regression/detector.ts";
import type { Observation } from "../src/regression/events.ts";
import { seeded, simulatedQueries, simulatedWindow, windowSeconds, windowsPerDay } from "./simulation.ts";

/** Detections of one rule over a simulated history. */
export interface Outcome {
  /** Windows from the change to its detection, for each change that was found. */
  readonly delays: readonly number[];
  readonly missed: number;
  /** The windows of alarms about statements that had not changed. */
  readonly falseAlarms: readonly number[];
}

export interface History {
  readonly seed: number;
  readonly queries: number;
  readonly days: number;
  /** By how much each second statement becomes slower, at some time after the second day; 1 for never. */
  readonly factor: number;
  /** Whether another plan is to blame. */
  readonly otherPlan?: boolean;
  /** Whether each statement has a busy hour and a busy day. */
  readonly rhythms?: boolean;
}

/** Less is beneath the detector's notice: a slowdown that costs less than two thousandths of a core. */
const minImpact = 0.002;

/** A Sunday, at midnight. */
const startMs = Date.UTC(2026, 0, 4);

/**
 * Runs the detector over a history, and beside it two rules that compare a mean with yesterday's: `rule`, above 1.5 times
 * their mean, and `fences`, above the upper fence of a box plot (Tukey, 1977), 1.5 interquartile ranges beyond the third
 * quartile.
 */
export function simulate({ seed, queries, days, factor, otherPlan = true, rhythms = false }: History): {
  readonly detector: Outcome;
  readonly rule: Outcome;
  readonly fences: Outcome;
} {
  const draw = seeded(seed);
  const all = simulatedQueries(queries, draw, rhythms);
  const changes = all.map(({ meanMs, callsPerWindow }, number): number => {
    const window = Math.round((2 + draw() * (days - 2.2)) * windowsPerDay);
    const impact = ((meanMs * (factor - 1)) / 1000) * (callsPerWindow / windowSeconds);
    const never = number % 2 === 1 || impact < minImpact;
    return never ? Number.POSITIVE_INFINITY : window;
  });
  const detector = new RegressionDetector();
  const detected = new Detections(changes);
  const rule = new YesterdayRule(changes, (means) => 1.5 * mean(means));
  const fences = new YesterdayRule(changes, upperFence);
  for (let window = 0; window < days * windowsPerDay; window++) {
    for (const [number, query] of all.entries()) {
      const changed = window >= (changes[number] ?? 0);
      const options = { window, factor: changed ? factor : 1, plan: changed && otherPlan ? "new" : "old" };
      const observation = simulatedWindow(query, options, draw);
      detector.observe(observation);
      for (const rival of [rule, fences]) rival.observe(number, window, observation);
    }
    const endMs = startMs + (window + 1) * windowSeconds * 1000 - 1;
    for (const event of detector.endWindow({ seconds: windowSeconds, endMs })) {
      if (event.kind === "regression") detected.alarm(Number(event.query.slice("query ".length)), window);
    }
  }
  return { detector: detected.outcome, rule: rule.detections.outcome, fences: fences.detections.outcome };
}

/** Tells alarms that are right from those that are not. */
class Detections {
  /** The window of each statement's change. */
  readonly #changes: readonly number[];
  readonly #found = new Map<number, number>();
  readonly #falseAlarms: number[] = [];

  constructor(changes: readonly number[]) {
    this.#changes = changes;
  }

  alarm(number: number, window: number): void {
    if (window < (this.#changes[number] ?? 0)) this.#falseAlarms.push(window);
    else if (!this.#found.has(number)) this.#found.set(number, window);
  }

  get outcome(): Outcome {
    const real = this.#changes.flatMap((window, number) => (Number.isFinite(window) ? [{ window, number }] : []));
    const delays = real.flatMap(({ window, number }) => {
      const found = this.#found.get(number);
      return found === undefined ? [] : [found - window + 1];
    });
    return { delays, missed: real.length - delays.length, falseAlarms: this.#falseAlarms };
  }
}

/** An alarm whenever a mean rises above a threshold that yesterday's means give. One that goes on is one alarm. */
class YesterdayRule {
  readonly detections: Detections;
  readonly #thresholdOf: (means: readonly number[]) => number;
  readonly #today = new Map<number, number[]>();
  readonly #thresholds = new Map<number, number>();
  readonly #alarmed = new Set<number>();

  constructor(changes: readonly number[], thresholdOf: (means: readonly number[]) => number) {
    this.detections = new Detections(changes);
    this.#thresholdOf = thresholdOf;
  }

  observe(number: number, window: number, { meanMs }: Observation): void {
    const slow = meanMs > (this.#thresholds.get(number) ?? Number.POSITIVE_INFINITY);
    if (slow && !this.#alarmed.has(number)) this.detections.alarm(number, window);
    if (slow) this.#alarmed.add(number);
    else this.#alarmed.delete(number);
    const today = this.#today.get(number) ?? [];
    today.push(meanMs);
    this.#today.set(number, today);
    if ((window + 1) % windowsPerDay !== 0) return;
    this.#thresholds.set(number, this.#thresholdOf(today));
    this.#today.delete(number);
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function upperFence(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const quartile = (share: number): number => sorted[Math.floor(share * sorted.length)] ?? Number.NaN;
  return quartile(0.75) + 1.5 * (quartile(0.75) - quartile(0.25));
}

/** The share of all alarms that were right. */
export function precision({ delays, falseAlarms }: Outcome): number {
  return delays.length / (delays.length + falseAlarms.length);
}
