/** The probability that a value of Student's t distribution lies above `t`. */
export function studentUpperTail(t: number, degreesOfFreedom: number): number {
  const tail = incompleteBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5) / 2;
  return t > 0 ? tail : 1 - tail;
}

/** The value that a t-distributed variable exceeds with a probability of 2.5 %, to 9 digits. */
export function studentQuantile975(degreesOfFreedom: number): number {
  let low = 0;
  let high = 13;
  // One degree of freedom has the largest quantile, 12.7.
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (studentUpperTail(middle, degreesOfFreedom) > 0.025) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The regularised incomplete beta function I_x(a, b), by the continued fraction of DLMF 8.17.22. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side of the mean; DLMF 8.17.4 mirrors the other.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)) / a;
  return front / continuedFraction(x, a, b);
}

/** `1 + d₁/(1 + d₂/(1 + …))` by Lentz's method, as modified by Thompson and Barnett (1986). */
function continuedFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 0;
  let value = 1;
  for (let term = 1; term < 2000; term++) {
    const factor = fractionTerm(term, x, a, b);
    d = 1 / nonZero(1 + factor * d);
    c = nonZero(1 + factor / c);
    value *= c * d;
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return value;
}

function fractionTerm(term: number, x: number, a: number, b: number): number {
  const m = Math.floor(term / 2);
  if (term % 2 === 0) return (m * (b - m) * x) / ((a + term - 1) * (a + term));
  return (-(a + m) * (a + b + m) * x) / ((a + term - 1) * (a + term));
}

function nonZero(value: number): number {
  return Math.abs(value) < 1e-300 ? 1e-300 : value;
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** Stirling's series (DLMF 5.11.1) behind the recurrence of the gamma function; good to 1e-12 for positive arguments. */
function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 10; z++) shift += Math.log(z);
  const series = 1 / (12 * z) - 1 / (360 * z ** 3) + 1 / (1260 * z ** 5) - 1 / (1680 * z ** 7);
  return (z - 0.5) * Math.log(z) - z + Math.log(2 * Math.PI) / 2 + series - shift;
}
