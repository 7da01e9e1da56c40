/** Passes after which the probabilities are taken as they are: a little below the allowance, and as valid. */
const maxPasses = 64;

const undecided = -1;

/** A stretch of records that share an allowance. */
export interface InclusionArgs {
  /** Above 0: how much each record deserves to be kept, in any unit. */
  readonly sizes: Float64Array;
  /** In (0, 1]: no record gets a probability above its cap. */
  readonly caps: Float64Array;
  /** Where the probabilities go. */
  readonly probabilities: Float64Array;
  /** The stretch: positions `from` (inclusive) to `to` (exclusive). */
  readonly from: number;
  readonly to: number;
  /** Above 0: what the probabilities shall add up to; less only where the caps add up to less. */
  readonly allowance: number;
}

/**
 * Inclusion probabilities proportional to size: p = min(cap, size / τ), with τ such that they add up to the
 * allowance. With caps of 1 these are the probabilities that minimize the variance of subset sums of the sizes (Cohen,
 * Duffield, Kaplan, Lund, Thorup, SIAM J. Comput. 40(5), 2011). Returns their sum.
 */
export function inclusionProbabilities(args: InclusionArgs): number {
  const { sizes, caps, probabilities, from, to, allowance } = args;
  let left = allowance;
  for (let index = from; index < to; index++) left -= caps[index] as number;
  if (left >= 0) {
    for (let index = from; index < to; index++) probabilities[index] = caps[index] as number;
    return allowance - left;
  }
  left = allowance;
  probabilities.fill(undecided, from, to);
  let tau = 0;
  // Those above their cap get it; what they leave over raises the others. τ only falls, so each decision is final.
  for (let pass = 0; pass < maxPasses; pass++) {
    let size = 0;
    for (let index = from; index < to; index++) {
      if (probabilities[index] === undecided) size += sizes[index] as number;
    }
    if (size === 0) break;
    tau = size / left;
    const before = left;
    for (let index = from; index < to; index++) {
      if (probabilities[index] !== undecided) continue;
      const cap = caps[index] as number;
      if ((sizes[index] as number) < cap * tau) continue;
      probabilities[index] = cap;
      left -= cap;
    }
    if (left === before) break;
  }
  let sum = 0;
  for (let index = from; index < to; index++) {
    if (probabilities[index] === undecided) {
      probabilities[index] = Math.min(caps[index] as number, (sizes[index] as number) / tau);
    }
    sum += probabilities[index] as number;
  }
  return sum;
}
