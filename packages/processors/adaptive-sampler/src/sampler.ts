import { Allowance } from "./sampling/allowance.ts";
import { ByteLimit } from "./sampling/byte-limit.ts";
import { type Candidates, minimum, none, ordinary, type Verdict, verdicts } from "./sampling/candidates.ts";
import { FirstOfKey } from "./sampling/first-of-key.ts";
import { inclusionProbabilities } from "./sampling/inclusion.ts";
import { KeyRates } from "./sampling/key-rates.ts";
import { PivotalDraw } from "./sampling/pivotal-draw.ts";
import { Scratch } from "./sampling/scratch.ts";
import { SlowOfKey } from "./sampling/slow-of-key.ts";

const minuteMs = 60_000;

/** Values of the threshold of a trace: 48 of its 56 bits, which a double holds exactly. */
const thresholdRange = 2 ** 48;

/** Records with a rate of their own: those of a rule, or all that no rule names. */
export interface SamplingGroup {
  /** In [0, 1]: share of the group's records to keep. */
  readonly rate: number;
  /** Above 0; no limit when absent. */
  readonly maxPerMinute?: number | undefined;
}

export interface SamplerOptions {
  /** At least one; a candidate names its group by number. */
  readonly groups: readonly SamplingGroup[];
  /** Goal for what is kept without a keep-always class; never passed in any interval, but for traces by chance. */
  readonly maxRecordsPerSecond: number;
  /** Limit for everything that is kept; no limit when absent. */
  readonly maxBytesPerSecond?: number | undefined;
  /** Limit of each keep-always class on its own. Default: 0, no classes. */
  readonly keepAlwaysPerSecond?: number;
  /** The class of records above the 99th percentile of their key's weights. Default: none, they are like others. */
  readonly slowClass?: number | undefined;
  /** In [0, 1]: the rates of groups do not fall below it for pressure. Default: 0. */
  readonly minRate?: number;
  /** First records of each key in an interval that are kept, within half of the goal. Default: 0. */
  readonly minimumPerKey?: number;
  /** Keys with a throughput of their own. Default: 2000. */
  readonly maxKeys?: number;
  /** Over which goals and limits hold. Default: 10 seconds. */
  readonly intervalMs?: number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
}

/**
 * Decides which records of a batch to keep, and with which probability each of them was to be kept. Synchronous,
 * without clock or I/O. The probabilities are settled before anything is drawn, so that 1/p is an unbiased count.
 */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #intervalMs: number;
  readonly #goal: Allowance;
  readonly #bytes: ByteLimit | undefined;
  readonly #rules: readonly (Allowance | undefined)[];
  readonly #classes = new Map<number, Allowance>();
  readonly #firsts: FirstOfKey | undefined;
  readonly #slow: SlowOfKey | undefined;
  readonly #keys: KeyRates;
  readonly #draw: PivotalDraw;
  #scratch = new Scratch(0);

  constructor(options: SamplerOptions) {
    const { groups, maxRecordsPerSecond, maxBytesPerSecond, minimumPerKey = 0, intervalMs = 10_000 } = options;
    this.#options = options;
    this.#intervalMs = intervalMs;
    this.#goal = new Allowance({ perSecond: maxRecordsPerSecond, intervalMs });
    if (maxBytesPerSecond !== undefined) this.#bytes = new ByteLimit({ perSecond: maxBytesPerSecond, intervalMs });
    this.#rules = groups.map(({ maxPerMinute }) =>
      maxPerMinute === undefined ? undefined : new Allowance({ perSecond: maxPerMinute / 60, intervalMs: minuteMs }),
    );
    if (minimumPerKey > 0) {
      const budget = (maxRecordsPerSecond * intervalMs) / 2000;
      this.#firsts = new FirstOfKey({ perKey: minimumPerKey, budget, intervalMs });
    }
    const capacity = options.maxKeys ?? 2000;
    this.#keys = new KeyRates({ capacity, intervalMs });
    if (options.slowClass !== undefined) this.#slow = new SlowOfKey(capacity);
    this.#draw = new PivotalDraw(options.random);
  }

  /** Keys that have a throughput of their own. */
  get trackedKeys(): number {
    return this.#keys.size;
  }

  /**
   * Fills in what is decided about each candidate. `pressure` in (0, 1] multiplies the rates and the goal: less than 1
   * when those who receive ask for less.
   */
  decide(candidates: Candidates, nowMs: number, pressure = 1): void {
    if (candidates.count > this.#scratch.capacity || this.#scratch.capacity > 4 * Math.max(16_384, candidates.count)) {
      this.#scratch = new Scratch(candidates.count);
    }
    this.#guarantee(candidates, nowMs, pressure);
    this.#byRate(candidates, nowMs, pressure);
    this.#byGoal(candidates, nowMs, pressure);
    this.#bytes?.plan(candidates, nowMs);
    this.#drawAll(candidates);
    this.#bytes?.enforce(candidates, nowMs);
  }

  /** Keep-always classes and the first of each key, as far as their budgets go: probability 1. */
  #guarantee(candidates: Candidates, nowMs: number, pressure: number): void {
    const { classes, keys, groups, guarantees, probabilities, verdicts: decided } = candidates;
    const { slots } = this.#scratch;
    this.#keys.roll(nowMs);
    this.#firsts?.roll(nowMs);
    let left = this.#goal.left(nowMs, pressure);
    for (let index = 0; index < candidates.count; index++) {
      const key = keys[index] as number;
      let slot = none;
      if (key === none) this.#keys.observeOther();
      else slot = this.#keys.observe(key);
      slots[index] = slot;
      decided[index] = 0;
      guarantees[index] = ordinary;
      probabilities[index] = 0;
      let kind = classes[index] as number;
      if (this.#isSlow(candidates, index, slot)) kind ||= this.#options.slowClass ?? ordinary;
      if (kind !== ordinary && this.#takeOfClass(kind, nowMs)) {
        guarantees[index] = kind;
        probabilities[index] = 1;
        continue;
      }
      if (this.#firsts === undefined || key === none || left < 1) continue;
      if (this.#options.groups[groups[index] as number]?.rate === 0) continue;
      if (!this.#firsts.take(key, slot !== none)) continue;
      guarantees[index] = minimum;
      probabilities[index] = 1;
      this.#goal.charge(1);
      left -= 1;
    }
  }

  #isSlow({ keys, weights }: Candidates, index: number, slot: number): boolean {
    const weight = weights[index] as number;
    if (this.#slow === undefined || slot === none || !(weight > 0)) return false;
    return this.#slow.isSlow(slot, keys[index] as number, weight);
  }

  #takeOfClass(kind: number, nowMs: number): boolean {
    const { keepAlwaysPerSecond: perSecond = 0 } = this.#options;
    if (perSecond === 0) return false;
    let budget = this.#classes.get(kind);
    if (budget === undefined) {
      // In step with the goal, so that what both keep together does not bunch up in one interval.
      budget = new Allowance({ perSecond, intervalMs: this.#intervalMs, untilMs: this.#goal.endMs });
      this.#classes.set(kind, budget);
    }
    if (budget.left(nowMs) < 1) return false;
    budget.charge(1);
    return true;
  }

  /** What the rate of each group makes of the others. */
  #byRate(candidates: Candidates, nowMs: number, pressure: number): void {
    const { groups, minRate = 0 } = this.#options;
    const { probabilities, sizes } = this.#scratch;
    this.#scratch.arrange(candidates, groups.length);
    const { order, starts } = this.#scratch;
    for (let group = 0; group < groups.length; group++) {
      const from = starts[2 * group] as number;
      const traces = starts[2 * group + 1] as number;
      const to = starts[2 * group + 2] as number;
      if (from === to) continue;
      const { rate } = groups[group] as SamplingGroup;
      const wanted = Math.max(rate * pressure, Math.min(rate, minRate)) * (to - from);
      const allowance = this.#rules[group]?.take(nowMs, wanted) ?? wanted;
      const share = allowance / (to - from);
      // Records of traces are alike: with equal probabilities they agree, wherever they are decided on.
      probabilities.fill(share, traces, to);
      sizes.fill(2 * share, traces, to);
      this.#byWeight(candidates, from, traces, share);
      this.#blame(candidates, from, to, allowance < wanted ? "over_rule_limit" : "sampled_out");
    }
    for (let place = 0; place < (starts[2 * groups.length] as number); place++) {
      candidates.probabilities[order[place] as number] = probabilities[place] as number;
    }
  }

  /**
   * Probabilities for a stretch of which a share is to be kept: half of that is shared out evenly and half by weight,
   * so that sums of the weight are precise and no count is more than twice as coarse as without weights.
   */
  #byWeight(candidates: Candidates, from: number, to: number, share: number): void {
    const { weights, multiplicities } = candidates;
    const { order, sizes, caps, probabilities } = this.#scratch;
    if (share === 0) {
      probabilities.fill(0, from, to);
      return;
    }
    let sum = 0;
    let known = 0;
    for (let place = from; place < to; place++) {
      const weight = weights[order[place] as number] as number;
      if (!isUsable(weight)) continue;
      sum += weight;
      known += 1;
    }
    const mean = known === 0 ? 0 : sum / known;
    for (let place = from; place < to; place++) {
      const index = order[place] as number;
      const weight = weights[index] as number;
      const byWeight = mean > 0 && isUsable(weight) ? weight / mean : 1;
      sizes[place] = share * (multiplicities[index] as number) * (1 + byWeight);
    }
    caps.fill(1, from, to);
    inclusionProbabilities({ sizes, caps, probabilities, from, to, allowance: share * (to - from) });
  }

  #blame(candidates: Candidates, from: number, to: number, verdict: Verdict): void {
    const { order } = this.#scratch;
    const code = verdicts.indexOf(verdict);
    for (let place = from; place < to; place++) candidates.verdicts[order[place] as number] = code;
  }

  /** What the goal leaves of that, shared by keys. */
  #byGoal(candidates: Candidates, nowMs: number, pressure: number): void {
    const { order, starts, probabilities, sizes, caps, slots } = this.#scratch;
    const to = starts[2 * this.#options.groups.length] as number;
    let wanted = 0;
    let wanting = 0;
    // Those with a rate of 0 want nothing; the others close ranks.
    for (let place = 0; place < to; place++) {
      const probability = probabilities[place] as number;
      if (probability === 0) continue;
      const index = order[place] as number;
      order[wanting] = index;
      caps[wanting] = probability;
      // The size, not the probability: at a rate of 1 all probabilities are alike, and the weight has to count still.
      sizes[wanting] = (sizes[place] as number) * this.#keys.share(slots[index] as number);
      wanting += 1;
      wanted += probability;
    }
    const allowance = this.#goal.take(nowMs, wanted, pressure);
    if (allowance >= wanted) return;
    inclusionProbabilities({ sizes, caps, probabilities, from: 0, to: wanting, allowance });
    this.#blame(candidates, 0, wanting, "over_record_limit");
    for (let place = 0; place < wanting; place++) {
      candidates.probabilities[order[place] as number] = probabilities[place] as number;
    }
  }

  #drawAll(candidates: Candidates): void {
    const { probabilities, randomness, thresholds, verdicts: decided, count } = candidates;
    for (let index = 0; index < count; index++) {
      const probability = probabilities[index] as number;
      if (probability === 0) continue;
      const own = randomness[index] as number;
      if (own === none || probability === 1) {
        if (this.#draw.keep(probability)) decided[index] = 0;
        continue;
      }
      const before = thresholds[index] as number;
      const range = thresholdRange - before;
      const threshold = Math.min(thresholdRange - 1, before + Math.ceil((1 - probability) * range));
      probabilities[index] = (thresholdRange - threshold) / range;
      if (own < threshold) continue;
      thresholds[index] = threshold;
      decided[index] = 0;
    }
  }
}

function isUsable(weight: number): boolean {
  return weight >= 0 && weight < Number.POSITIVE_INFINITY;
}
