import { Allowance } from "./allowance.ts";
import { type Candidates, ordinary, verdicts } from "./candidates.ts";

/** Share of the limit that is planned with, so that the limit itself seldom has to cut what was drawn. */
const plannedShare = 0.9;

/** Of the bytes that are left, guaranteed records may take this share. */
const guaranteedShare = 0.5;

const planned = verdicts.indexOf("over_byte_limit");
const cut = verdicts.indexOf("byte_limit_hit");

/**
 * A limit for the bytes of everything that is kept. As it comes close, probabilities fall, so that estimates stay
 * unbiased; what passes it all the same, because larger records than expected were drawn, is cut and counted apart.
 */
export class ByteLimit {
  readonly #plan: Allowance;
  readonly #limit: Allowance;

  constructor(args: { readonly perSecond: number; readonly intervalMs: number }) {
    this.#plan = new Allowance({ perSecond: args.perSecond * plannedShare, intervalMs: args.intervalMs });
    this.#limit = new Allowance(args);
  }

  /** Lowers probabilities to what is left: those of guaranteed records by one factor, the others by another. */
  plan(candidates: Candidates, nowMs: number): void {
    const { bytes, probabilities, guarantees, count } = candidates;
    let guaranteed = 0;
    let others = 0;
    for (let index = 0; index < count; index++) {
      const expected = (probabilities[index] as number) * (bytes[index] as number);
      if (guarantees[index] === ordinary) others += expected;
      else guaranteed += expected;
    }
    const ofGuaranteed = Math.min(guaranteed, this.#plan.available(nowMs) * guaranteedShare);
    this.#plan.charge(ofGuaranteed);
    const guaranteedFactor = guaranteed > 0 ? ofGuaranteed / guaranteed : 1;
    const othersFactor = others > 0 ? this.#plan.take(nowMs, others) / others : 1;
    if (guaranteedFactor === 1 && othersFactor === 1) return;
    for (let index = 0; index < count; index++) {
      const factor = guarantees[index] === ordinary ? othersFactor : guaranteedFactor;
      if (factor === 1 || probabilities[index] === 0) continue;
      probabilities[index] = (probabilities[index] as number) * factor;
      candidates.verdicts[index] = planned;
    }
  }

  /** Cuts drawn records that do not fit; guaranteed ones go first. */
  enforce(candidates: Candidates, nowMs: number): void {
    const before = this.#limit.left(nowMs);
    const after = this.#pass(candidates, this.#pass(candidates, before, true), false);
    this.#limit.charge(before - after);
  }

  #pass({ bytes, verdicts: decided, guarantees, count }: Candidates, available: number, guaranteed: boolean): number {
    let left = available;
    for (let index = 0; index < count; index++) {
      if (decided[index] !== 0 || (guarantees[index] !== ordinary) !== guaranteed) continue;
      const size = bytes[index] as number;
      if (size <= left) left -= size;
      else decided[index] = cut;
    }
    return left;
  }
}
