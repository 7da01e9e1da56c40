import { type WaitShift, waitClassOf } from "@dbintel/waits";
import type { RegressionCause, RegressionEvent, RegressionWindow } from "./events.ts";
import { Evidence } from "./evidence.ts";
import {
  type Comparison,
  compare,
  firstReference,
  learn,
  learnRhythm,
  type Reference,
  rankPValueOf,
  slowdownOf,
} from "./reference.ts";
import type { RegressionSettings } from "./settings.ts";
import { Verdicts } from "./verdicts.ts";
import { addWaits, shiftOf, type WaitCounts } from "./wait-counts.ts";
import type { WeeklyRhythm } from "./weekly-rhythm.ts";

/** What is stored of a statement over a restart. */
export interface StoredQuery {
  readonly query: string;
  readonly plan: string;
  readonly reference?: Reference | undefined;
  readonly regressed: boolean;
}

/** A p-value for which few executions are enough. */
const convincing = 1e-4;

/** A p-value that a single statement may be blamed for. */
const unlikely = 0.01;

/** What the ranks must say of the slow verdicts behind a regression. Two above twelve usual ones say 0.018. */
const unlikelyByRank = 0.05;

/** What was slow for no longer than this may be slow again at the same time of another day or week. */
const passingMs = 36 * 3_600_000;

/** Slower by less than this is no drift, in logarithms. */
const driftTolerance = Math.log(1.25);

/** Verdicts at the usual speed after which another plan is the usual one. */
const acceptedPlanAfter = 12;

/** Follows one statement: gathers evidence, and knows what is usual and whether it has regressed. */
export class QueryState {
  readonly #query: string;
  readonly #settings: RegressionSettings;
  #plan: string;
  #reference: Reference | undefined;
  #window: Evidence | undefined;
  #pending: Evidence | undefined;
  #regressed: boolean;
  readonly #verdicts = new Verdicts();
  /** Verdicts since the last that was out of the ordinary. */
  #steady = 0;
  /** Verdicts since the regression, and when it came. */
  #regressedFor = 0;
  #regressedAtMs = 0;
  /** The rhythm as it would be if what is slow now belonged to it; absent while nothing is, or by another plan. */
  #slowRhythm: WeeklyRhythm | undefined;
  /** The waits behind the slow verdicts. */
  #slowWaits: WaitCounts | undefined;
  /** The sum of Page and Hinkley, in logarithms. */
  #drift = 0;

  constructor(query: string, settings: RegressionSettings, stored?: StoredQuery) {
    this.#query = query;
    this.#settings = settings;
    this.#plan = stored?.plan ?? "";
    this.#reference = stored?.reference;
    this.#regressed = stored?.regressed ?? false;
  }

  get stored(): StoredQuery {
    return { query: this.#query, plan: this.#plan, reference: this.#reference, regressed: this.#regressed };
  }

  /** Whether the statement runs by another plan than the usual one. */
  get hasOtherPlan(): boolean {
    return this.#reference !== undefined && this.#reference.plan !== this.#plan;
  }

  /** What the current window has shown so far. */
  get window(): Evidence {
    this.#window ??= new Evidence();
    return this.#window;
  }

  /** Ends the window; tells of another plan. */
  close({ seconds, endMs }: RegressionWindow): RegressionEvent | undefined {
    const window = this.#window;
    this.#window = undefined;
    if (window === undefined) {
      if (this.#pending !== undefined) this.#pending.seconds += seconds;
      return undefined;
    }
    window.seconds = seconds;
    window.endMs = endMs;
    const before = this.#plan;
    this.#plan = window.plan ?? before;
    const changed = before !== "" && this.#plan !== before;
    if (changed) this.#steady = 0;
    if (this.#pending === undefined || changed) this.#pending = window;
    else this.#pending.merge(window);
    return changed ? { kind: "change", query: this.#query, before, after: this.#plan } : undefined;
  }

  /** The comparison with what is usual, once there is evidence enough. Takes in what is usual on the way. */
  weigh(): Comparison | undefined {
    const pending = this.#pending;
    if (pending === undefined || pending.calls < this.#settings.fewestCalls) return undefined;
    const reference = this.#reference;
    if (reference === undefined || reference.weight < this.#settings.minReference) {
      if (pending.calls >= this.#settings.minCalls) this.#learn(pending);
      return undefined;
    }
    const comparison = compare(reference, pending);
    return pending.calls >= this.#settings.minCalls || comparison.pValue < convincing ? comparison : undefined;
  }

  /** Takes the verdict on what was weighed; `discovered` tells whether it stands among all statements. */
  judge(comparison: Comparison, discovered: boolean): RegressionEvent | undefined {
    const pending = this.#pending;
    const reference = this.#reference;
    if (pending === undefined || reference === undefined) return undefined;
    if (this.#regressed) return this.#judgeRecovery(comparison, { pending, reference });
    const drifted = this.#drifts(comparison, reference);
    const { ratio, minImpact } = this.#settings;
    const slow = (discovered || drifted) && comparison.ratio >= ratio && comparison.impact >= minImpact;
    this.#verdicts.push(slow, comparison.level);
    if (!slow) {
      this.#learn(pending);
      return undefined;
    }
    this.#steady = 0;
    this.#pending = undefined;
    this.#learnSlowRhythm({ pending, reference });
    this.#slowWaits = addWaits(this.#slowWaits, pending.waits);
    const { levels } = this.#verdicts;
    // Two windows with a cold cache are no rarity. Where nothing else has changed, all three must be slow.
    if (levels.length < (this.hasOtherPlan ? 2 : 3)) return undefined;
    const rankPValue = rankPValueOf(reference, levels);
    if (rankPValue > unlikelyByRank) return undefined;
    this.#become(true);
    this.#regressedAtMs = pending.endMs;
    const waitShift = shiftOf(reference.waits, this.#slowWaits);
    const cause = causeOf({ reference, pending, plan: this.#plan, drifted: !discovered, waitShift });
    const [before, after] = [reference.plan, this.#plan];
    const slowdown = slowdownOf(comparison, rankPValue);
    return { kind: "regression", query: this.#query, before, after, cause, waitShift, ...slowdown };
  }

  #judgeRecovery(comparison: Comparison, seen: Seen): RegressionEvent | undefined {
    const { pending, reference } = seen;
    this.#pending = undefined;
    this.#learnSlowRhythm(seen);
    this.#verdicts.push(comparison.ratio < this.#settings.recoveryRatio, comparison.level);
    if (this.#verdicts.levels.length >= 2) {
      // A nightly job, or the busy Monday: to be expected the next time.
      const rhythm = pending.endMs - this.#regressedAtMs <= passingMs ? this.#slowRhythm : undefined;
      if (rhythm !== undefined) this.#reference = { ...reference, rhythm };
      this.#become(false);
      return { kind: "recovery", query: this.#query, plan: this.#plan, ...slowdownOf(comparison) };
    }
    if (++this.#regressedFor < this.#settings.acceptAfter) return undefined;
    this.#become(false);
    this.#reference = firstReference(pending, this.#plan);
    return undefined;
  }

  #become(regressed: boolean): void {
    this.#regressed = regressed;
    this.#regressedFor = 0;
    this.#verdicts.clear();
    this.#steady = 0;
    this.#drift = 0;
    if (regressed) return;
    this.#slowRhythm = undefined;
    this.#slowWaits = undefined;
  }

  #learnSlowRhythm({ pending: evidence, reference }: Seen): void {
    const memory = this.#settings.referenceMemory;
    this.#slowRhythm = this.hasOtherPlan
      ? undefined
      : learnRhythm(this.#slowRhythm ?? reference.rhythm, { reference, evidence, memory });
  }

  /**
   * Page's test with Hinkley's tolerance: adds up by how much more than the tolerance each mean lies above what is
   * usual. The threshold keeps the chance of a false alarm below 1e-5 for the variance seen so far, by Wald's bound
   * exp(-2·tolerance·threshold/variance). The busy hours of a day add up as well, so the present mean alone has to be
   * unlikely too.
   */
  #drifts(comparison: Comparison, { logVariance }: Reference): boolean {
    this.#drift = Math.max(0, this.#drift + Math.log(comparison.ratio) - driftTolerance);
    return this.#drift > Math.max(2, (6 * logVariance) / driftTolerance) && comparison.pValue < unlikely;
  }

  #learn(evidence: Evidence): void {
    this.#pending = undefined;
    if (this.#verdicts.levels.length === 0) {
      this.#slowRhythm = undefined;
      this.#slowWaits = undefined;
    }
    const reference = this.#reference;
    if (reference === undefined) {
      this.#reference = firstReference(evidence, this.#plan);
      return;
    }
    const learned = learn(reference, evidence, this.#settings.referenceMemory);
    this.#steady++;
    this.#reference = this.#steady >= acceptedPlanAfter ? { ...learned, plan: this.#plan } : learned;
  }
}

/** What awaits a verdict, and what is usual. */
interface Seen {
  readonly pending: Evidence;
  readonly reference: Reference;
}

interface Circumstances {
  readonly reference: Reference;
  readonly pending: Evidence;
  readonly plan: string;
  readonly drifted: boolean;
  readonly waitShift: WaitShift | undefined;
}

/** Rows within a quarter of what is usual are the same work. */
const sameWork = 1.25;

function causeOf({ reference, pending, plan, drifted, waitShift }: Circumstances): RegressionCause {
  const gained = waitShift === undefined ? undefined : waitClassOf(waitShift.gained.category);
  // Whatever else it does: it waits for others.
  if (gained === "lock") return "lock";
  const rows = timesUsual(pending.rowsPerCall, reference.rowsPerCall);
  if (rows !== undefined && rows > sameWork) return "data_growth";
  if (rows !== undefined && rows < 1 / sameWork) return "parameter_shift";
  if (plan !== reference.plan) return "plan_change";
  const blocks = timesUsual(pending.blocksReadPerCall, reference.blocksReadPerCall);
  if (blocks !== undefined && blocks > sameWork) return "cache";
  if (gained === "io") return "io";
  return drifted ? "drift" : "unknown";
}

function timesUsual(current: number | undefined, usual: number | undefined): number | undefined {
  if (current === undefined || usual === undefined) return undefined;
  // From nothing to something is more than any factor.
  return usual === 0 ? (current === 0 ? 1 : Number.POSITIVE_INFINITY) : current / usual;
}
