import type { Slowdown } from "./events.ts";
import type { Evidence } from "./evidence.ts";
import { mannWhitneyUpperTail } from "./mann-whitney.ts";
import { variance } from "./moments.ts";
import { studentQuantile975, studentUpperTail } from "./student.ts";
import { learnWaits, type WaitCounts } from "./wait-counts.ts";
import { expectedOffset, learnOffset, noRhythm, slotOf, type WeeklyRhythm } from "./weekly-rhythm.ts";

/** Levels that are kept as they are: the first ones, and later some of the whole memory. */
const mostLevels = 24;

/** What is usual for a statement, as plain values that can be stored. */
export interface Reference {
  /** The plan that is usual; "" where the source tells none. */
  readonly plan: string;
  /** Verdicts that went in, up to the memory. */
  readonly weight: number;
  /** Mean and variance over the verdicts of the level: the mean logarithm of the time, without the rhythm of the week. */
  readonly logMean: number;
  readonly logVariance: number;
  /** At most 24 levels out of all that is remembered. */
  readonly levels: readonly number[];
  /** Verdicts since the last of them. */
  readonly sinceLevel: number;
  readonly rhythm: WeeklyRhythm;
  readonly meanMs: number;
  readonly rowsPerCall?: number | undefined;
  readonly blocksReadPerCall?: number | undefined;
  /** What sessions with the statement did, by the samples of the latest time. */
  readonly waits?: WaitCounts | undefined;
}

/** What is usual after the first verdict. */
export function firstReference(evidence: Evidence, plan: string): Reference {
  return {
    plan,
    weight: 1,
    logMean: evidence.log.mean,
    logVariance: 0,
    levels: [stored(evidence.log.mean)],
    sinceLevel: 0,
    rhythm: noRhythm,
    meanMs: evidence.meanMs,
    rowsPerCall: evidence.rowsPerCall,
    blocksReadPerCall: evidence.blocksReadPerCall,
    waits: learnWaits(undefined, evidence.waits),
  };
}

/** What is usual after one verdict more: a mean that forgets what is older than `memory` verdicts. */
export function learn(reference: Reference, evidence: Evidence, memory: number): Reference {
  const weight = Math.min(reference.weight + 1, memory);
  const share = 1 / weight;
  const level = levelOf(reference.rhythm, evidence);
  const delta = level - reference.logMean;
  return {
    plan: reference.plan,
    weight,
    logMean: reference.logMean + delta * share,
    // Exponentially weighted variance (Finch, "Incremental calculation of weighted mean and variance", 2009).
    logVariance: (1 - share) * (reference.logVariance + delta * delta * share),
    ...keepLevel(reference, { level, memory }),
    rhythm: learnRhythm(reference.rhythm, { reference, evidence, memory }),
    meanMs: mixed(reference.meanMs, evidence.meanMs, share) ?? 0,
    rowsPerCall: mixed(reference.rowsPerCall, evidence.rowsPerCall, share),
    blocksReadPerCall: mixed(reference.blocksReadPerCall, evidence.blocksReadPerCall, share),
    waits: learnWaits(reference.waits, evidence.waits),
  };
}

function keepLevel(
  { levels, sinceLevel }: Reference,
  { level, memory }: { readonly level: number; readonly memory: number },
): Pick<Reference, "levels" | "sinceLevel"> {
  const due = levels.length < mostLevels || sinceLevel + 1 >= memory / mostLevels;
  if (!due) return { levels, sinceLevel: sinceLevel + 1 };
  return { levels: [...levels.slice(1 - mostLevels), stored(level)], sinceLevel: 0 };
}

/** The rhythm after what one verdict more has shown of that hour and day. */
export function learnRhythm(
  rhythm: WeeklyRhythm,
  {
    reference,
    evidence,
    memory,
  }: { readonly reference: Reference; readonly evidence: Evidence; readonly memory: number },
): WeeklyRhythm {
  return learnOffset(rhythm, slotOf(evidence.endMs), evidence.log.mean - reference.logMean, memory);
}

function levelOf(rhythm: WeeklyRhythm, evidence: Evidence): number {
  return evidence.log.mean - expectedOffset(rhythm, slotOf(evidence.endMs));
}

/** To a ten thousandth, so that a snapshot of many statements stays small. */
function stored(level: number): number {
  return Math.round(level * 1e4) / 1e4;
}

function mixed(old: number | undefined, value: number | undefined, share: number): number | undefined {
  return old === undefined || value === undefined ? (value ?? old) : old + (value - old) * share;
}

/** The outcome of a comparison, with the difference of mean logarithms and its standard error. */
export interface Comparison extends Omit<Slowdown, "ratioLow" | "ratioHigh" | "rankPValue"> {
  /** The mean logarithm of the time, without the rhythm of the week. */
  readonly level: number;
  readonly difference: number;
  readonly error: number;
  readonly degrees: number;
}

/**
 * Compares with what is usual at that time of the week: Welch's t on mean logarithms, one-sided.
 *
 * Executions of one window share the load of that time and are no independent samples. So what varies is taken from
 * window to window: the variance of a new mean is at least that of the old ones, which holds the load and the state of
 * the cache, and the degrees of freedom are the number of windows, not of executions.
 */
export function compare(reference: Reference, evidence: Evidence): Comparison {
  const level = levelOf(reference.rhythm, evidence);
  const difference = level - reference.logMean;
  const usualMs = reference.meanMs * Math.exp(evidence.log.mean - level);
  const degrees = Math.max(reference.weight - 1, 1);
  const between = (reference.logVariance * reference.weight) / degrees;
  const within = variance(evidence.log) / Math.max(evidence.log.count, 1);
  const error = Math.sqrt(between / reference.weight + Math.max(between, within));
  return {
    level,
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

/**
 * The comparison as events tell it, with what the ranks say of the verdicts behind it. The interval is left to this, for
 * it costs more than all the rest.
 */
export function slowdownOf(comparison: Comparison, rankPValue?: number): Slowdown {
  const { level: _level, difference, error, degrees, ...told } = comparison;
  const margin = studentQuantile975(degrees) * error;
  return { ...told, rankPValue, ratioLow: Math.exp(difference - margin), ratioHigh: Math.exp(difference + margin) };
}

/** How likely levels that rank so high are among the usual ones. */
export function rankPValueOf({ levels }: Reference, current: readonly number[]): number {
  return mannWhitneyUpperTail(current, levels);
}

/** Times that never varied before leave no doubt. */
function pValueOf(difference: number, error: number, degrees: number): number {
  if (difference <= 0) return 1;
  return error > 0 ? studentUpperTail(difference / error, degrees) : 0;
}
