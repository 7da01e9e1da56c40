import { RegressionDetector } from "../src/regression/detector.ts";
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

interface Change {
  readonly window: number;
  found: number | undefined;
}

/** A Sunday, at midnight. */
const startMs = Date.UTC(2026, 0, 4);

/** Runs the detector, and beside it the rule "mean > 1.5 × yesterday", over the same history. */
export function simulate({ seed, queries, days, factor, otherPlan = true, rhythms = false }: History): {
  readonly detector: Outcome;
  readonly rule: Outcome;
} {
  const draw = seeded(seed);
  const all = simulatedQueries(queries, draw, rhythms);
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
  const falseAlarms = { detector: [] as number[], rule: [] as number[] };
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
      if (slow && alarmed[number] !== true && !found(ruleChanges[number], window)) falseAlarms.rule.push(window);
      alarmed[number] = slow;
      const day = today[number];
      if (day === undefined) continue;
      day.sum += observation.meanMs * observation.calls;
      day.calls += observation.calls;
      if ((window + 1) % windowsPerDay !== 0) continue;
      yesterday[number] = day.sum / day.calls;
      today[number] = { sum: 0, calls: 0 };
    }
    const endMs = startMs + (window + 1) * windowSeconds * 1000 - 1;
    for (const event of detector.endWindow({ seconds: windowSeconds, endMs })) {
      if (event.kind !== "regression") continue;
      if (!found(changes[Number(event.query.slice("query ".length))], window)) falseAlarms.detector.push(window);
    }
  }
  return {
    detector: outcome(changes, falseAlarms.detector),
    rule: outcome(ruleChanges, falseAlarms.rule),
  };
}

function outcome(changes: readonly Change[], falseAlarms: readonly number[]): Outcome {
  const real = changes.filter(({ window }) => Number.isFinite(window));
  const delays = real.flatMap(({ window, found }) => (found === undefined ? [] : [found - window + 1]));
  return { delays, missed: real.length - delays.length, falseAlarms };
}

/** The share of all alarms that were right. */
export function precision({ delays, falseAlarms }: Outcome): number {
  return delays.length / (delays.length + falseAlarms.length);
}
