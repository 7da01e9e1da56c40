import { type DailyRhythm, expectedOffset, learnOffset, noRhythm } from "./daily-rhythm.ts";
import type { Slowdown } from "./events.ts";
import type { Evidence } from "./evidence.ts";
import { variance } from "./moments.ts";
import { studentQuantile975, studentUpperTail } from "./student.ts";

/** What is usual for a statement, as plain values that can be stored. */
export interface Reference {
  /** The plan that is usual; "" where the source tells none. */
  readonly plan: string;
  /** Verdicts that went in, up to the memory. */
  readonly weight: number;
  /** Mean and variance over the verdicts of the mean logarithm of the time, without the rhythm of the day. */
  readonly logMean: number;
  readonly logVariance: number;
  readonly rhythm: DailyRhythm;
  readonly meanMs: number;
  readonly rowsPerCall?: number | undefined;
  readonly blocksReadPerCall?: number | undefined;
}

/** What is usual after the first verdict. */
export function firstReference(evidence: Evidence, plan: string): Reference {
  return {
    plan,
    weight: 1,
    logMean: evidence.log.mean,
    logVariance: 0,
    rhythm: noRhythm,
    meanMs: evidence.meanMs,
    rowsPerCall: evidence.rowsPerCall,
    blocksReadPerCall: evidence.blocksReadPerCall,
  };
}

/** What is usual after one verdict more: a mean that forgets what is older than `memory` verdicts. */
export function learn(reference: Reference, evidence: Evidence, memory: number): Reference {
  const weight = Math.min(reference.weight + 1, memory);
  const share = 1 / weight;
  const difference = evidence.log.mean - reference.logMean;
  const delta = difference - expectedOffset(reference.rhythm, evidence.hour);
  return {
    plan: reference.plan,
    weight,
    logMean: reference.logMean + delta * share,
    // Exponentially weighted variance (Finch, "Incremental calculation of weighted mean and variance", 2009).
    logVariance: (1 - share) * (reference.logVariance + delta * delta * share),
    rhythm: learnOffset(reference.rhythm, evidence.hour, difference, Math.ceil(memory / 24)),
    meanMs: mixed(reference.meanMs, evidence.meanMs, share) ?? 0,
    rowsPerCall: mixed(reference.rowsPerCall, evidence.rowsPerCall, share),
    blocksReadPerCall: mixed(reference.blocksReadPerCall, evidence.blocksReadPerCall, share),
  };
}

function mixed(old: number | undefined, value: number | undefined, share: number): number | undefined {
  return old === undefined || value === undefined ? (value ?? old) : old + (value - old) * share;
}

/** The outcome of a comparison, with the difference of mean logarithms and its standard error. */
export interface Comparison extends Omit<Slowdown, "ratioLow" | "ratioHigh"> {
  readonly difference: number;
  readonly error: number;
  readonly degrees: number;
}

/**
 * Compares with what is usual at that hour: Welch's t on mean logarithms, one-sided.
 *
 * Executions of one window share the load of that time and are no independent samples. So what varies is taken from
 * window to window: the variance of a new mean is at least that of the old ones, which holds the load and the state of
 * the cache, and the degrees of freedom are the number of windows, not of executions.
 */
export function compare(reference: Reference, evidence: Evidence): Comparison {
  const offset = expectedOffset(reference.rhythm, evidence.hour);
  const difference = evidence.log.mean - reference.logMean - offset;
  const usualMs = reference.meanMs * Math.exp(offset);
  const degrees = Math.max(reference.weight - 1, 1);
  const between = (reference.logVariance * reference.weight) / degrees;
  const within = variance(evidence.log) / Math.max(evidence.log.count, 1);
  const error = Math.sqrt(between / reference.weight + Math.max(between, within));
  return {
    difference,
    error,
    degrees,
    ratio: Math.exp(difference),
    pValue: pValueOf(difference, error, degrees),
    usualMs,
    currentMs: evidence.meanMs,
    impact: ((evidence.meanMs - usualMs) / 1000) * (evidence.calls / Math.max(evidence.seconds, 1)),
  };
}

/** The comparison as events tell it. The interval is left to this, for it costs more than all the rest. */
export function slowdownOf({ difference, error, degrees, ...told }: Comparison): Slowdown {
  const margin = studentQuantile975(degrees) * error;
  return { ...told, ratioLow: Math.exp(difference - margin), ratioHigh: Math.exp(difference + margin) };
}

/** Times that never varied before leave no doubt. */
function pValueOf(difference: number, error: number, degrees: number): number {
  if (difference <= 0) return 1;
  return error > 0 ? studentUpperTail(difference / error, degrees) : 0;
}
