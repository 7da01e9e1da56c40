/**
 * The probability that a χ²-distributed variable lies above `x`, for a whole number of degrees of freedom: Abramowitz and
 * Stegun, 26.4.4 and 26.4.5.
 */
export function chiSquareUpperTail(x: number, degreesOfFreedom: number): number {
  if (!(x > 0)) return 1;
  const half = x / 2;
  const odd = degreesOfFreedom % 2 === 1;
  let tail = odd ? complementaryError(Math.sqrt(half)) : 0;
  let term = odd ? Math.exp(-half) * 2 * Math.sqrt(half / Math.PI) : Math.exp(-half);
  for (let order = odd ? 1.5 : 1; order <= degreesOfFreedom / 2; order++) {
    tail += term;
    term *= half / order;
  }
  return Math.min(1, tail);
}

/** erfc(z) for z > 0: the series DLMF 7.6.2 near 0, the continued fraction DLMF 7.9.1 beyond. */
function complementaryError(z: number): number {
  const scale = Math.exp(-z * z) / Math.sqrt(Math.PI);
  if (z < 2) {
    let term = 2 * z;
    let sum = 0;
    for (let order = 1; term > sum * 1e-17; order++) {
      sum += term;
      term *= (2 * z * z) / (2 * order + 1);
    }
    return 1 - scale * sum;
  }
  let fraction = z;
  for (let order = 100; order > 0; order--) fraction = z + order / 2 / fraction;
  return scale / fraction;
}
