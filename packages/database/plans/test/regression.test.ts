import { describe, expect, it } from "vitest";
import { RegressionDetector } from "../src/regression/detector.ts";
import { seeded, simulatedQueries, simulatedWindow, windowSeconds, windowsPerDay } from "./simulation.ts";

/** Detections of one rule over a simulated history. */
interface Outcome {
  /** Windows from the change to its detection, for each change that was found. */
  readonly delays: readonly number[];
  readonly missed: number;
  readonly falseAlarms: number;
}

interface History {
  readonly seed: number;
  readonly queries: number;
  readonly days: number;
  /** By how much each second statement becomes slower, at some time after the second day; 1 for never. */
  readonly factor: number;
  /** Whether another plan is to blame. */
  readonly otherPlan?: boolean;
}

/** Less is beneath the detector's notice: a slowdown that costs less than two thousandths of a core. */
const minImpact = 0.002;

interface Change {
  readonly window: number;
  found: number | undefined;
}

/** Runs the detector, and beside it the rule "mean > 1.5 × yesterday", over the same history. */
function simulate({ seed, queries, days, factor, otherPlan = true }: History): {
  readonly detector: Outcome;
  readonly rule: Outcome;
} {
  const draw = seeded(seed);
  const all = simulatedQueries(queries, draw);
  const changes = all.map(({ meanMs, callsPerWindow }, number): Change => {
    const window = Math.round((2 + draw() * (days - 2.2)) * windowsPerDay);
    const impact = ((meanMs * (factor - 1)) / 1000) * (callsPerWindow / windowSeconds);
    const never = number % 2 === 1 || impact < minImpact;
    return { window: never ? Number.POSITIVE_INFINITY : window, found: undefined };
  });
  const ruleChanges = changes.map(({ window }): Change => ({ window, found: undefined }));
  const detector = new RegressionDetector();
  const today = all.map(() => ({ sum: 0, calls: 0 }));
  const yesterday: (number | undefined)[] = all.map(() => undefined);
  const alarmed = all.map(() => false);
  const falseAlarms = { detector: 0, rule: 0 };
  const found = (change: Change | undefined, window: number): boolean => {
    if (change === undefined || window < change.window) return false;
    change.found ??= window;
    return true;
  };
  for (let window = 0; window < days * windowsPerDay; window++) {
    for (const [number, query] of all.entries()) {
      const changed = window >= (changes[number]?.window ?? 0);
      const options = { window, factor: changed ? factor : 1, plan: changed && otherPlan ? "new" : "old" };
      const observation = simulatedWindow(query, options, draw);
      detector.observe(observation);
      const usual = yesterday[number];
      const slow = usual !== undefined && observation.meanMs > 1.5 * usual;
      // An alarm that goes on is one alarm.
      if (slow && alarmed[number] !== true && !found(ruleChanges[number], window)) falseAlarms.rule++;
      alarmed[number] = slow;
      const day = today[number];
      if (day === undefined) continue;
      day.sum += observation.meanMs * observation.calls;
      day.calls += observation.calls;
      if ((window + 1) % windowsPerDay !== 0) continue;
      yesterday[number] = day.sum / day.calls;
      today[number] = { sum: 0, calls: 0 };
    }
    for (const event of detector.endWindow({ seconds: windowSeconds, endMs: window * windowSeconds * 1000 })) {
      if (event.kind !== "regression") continue;
      if (!found(changes[Number(event.query.slice("query ".length))], window)) falseAlarms.detector++;
    }
  }
  return {
    detector: outcome(changes, falseAlarms.detector),
    rule: outcome(ruleChanges, falseAlarms.rule),
  };
}

function outcome(changes: readonly Change[], falseAlarms: number): Outcome {
  const real = changes.filter(({ window }) => Number.isFinite(window));
  const delays = real.flatMap(({ window, found }) => (found === undefined ? [] : [found - window + 1]));
  return { delays, missed: real.length - delays.length, falseAlarms };
}

function precision({ delays, falseAlarms }: Outcome): number {
  return delays.length / (delays.length + falseAlarms);
}

describe("the detector over a simulated history", () => {
  it("finds statements that take twice the time by another plan, within three windows", () => {
    const { detector, rule } = simulate({ seed: 1, queries: 60, days: 8, factor: 2 });
    expect(detector.missed).toBe(0);
    expect(detector.delays.length).toBeGreaterThan(15);
    expect(Math.max(...detector.delays)).toBeLessThanOrEqual(3);
    expect(precision(detector)).toBeGreaterThanOrEqual(0.95);
    expect(precision(rule)).toBeLessThan(0.05);
  });

  it("finds those that do so by the same plan, within three windows", () => {
    const { detector } = simulate({ seed: 1, queries: 60, days: 8, factor: 2, otherPlan: false });
    expect(detector.missed).toBe(0);
    expect(Math.max(...detector.delays)).toBeLessThanOrEqual(3);
    expect(precision(detector)).toBeGreaterThanOrEqual(0.95);
  });

  it("is silent when nothing happens: less than one false alarm for each statement in a year", () => {
    const { detector, rule } = simulate({ seed: 2, queries: 30, days: 30, factor: 1 });
    expect(detector.falseAlarms).toBeLessThan((30 * 30) / 365);
    expect(rule.falseAlarms).toBeGreaterThan(1000);
  });
});
