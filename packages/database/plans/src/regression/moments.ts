/** Number, mean and sum of squared deviations of values, without the values (Welford 1962; Chan, Golub, LeVeque 1979). */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** The sum of squared deviations from the mean. */
  readonly m2: number;
}

export const noMoments: Moments = { count: 0, mean: 0, m2: 0 };

export function mergeMoments(one: Moments, other: Moments): Moments {
  const count = one.count + other.count;
  if (count === 0) return noMoments;
  const delta = other.mean - one.mean;
  return {
    count,
    mean: one.mean + (delta * other.count) / count,
    m2: one.m2 + other.m2 + (delta * delta * one.count * other.count) / count,
  };
}

/** Of a sample; 0 for fewer than two values. */
export function variance({ count, m2 }: Moments): number {
  return count < 2 ? 0 : m2 / (count - 1);
}

/** Times below a nanosecond count as one, so that they have a logarithm. */
const shortest = 1e-6;

/**
 * The moments of the logarithms of times of which only number, mean and standard deviation are known, as those of a
 * lognormal distribution with that mean and deviation. Without a deviation the mean counts as a single value.
 */
export function logMoments(calls: number, mean: number, standardDeviation: number | undefined): Moments {
  const time = Math.max(mean, shortest);
  if (standardDeviation === undefined || calls < 2) return { count: 1, mean: Math.log(time), m2: 0 };
  const spread = Math.log1p((standardDeviation / time) ** 2);
  return { count: calls, mean: Math.log(time) - spread / 2, m2: spread * (calls - 1) };
}
