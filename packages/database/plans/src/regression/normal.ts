/** The probability that a value of the standard normal distribution lies above `z`. */
export function normalUpperTail(z: number): number {
  if (z < 0) return 1 - normalUpperTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  return z < 3 ? 0.5 - density * series(z) : density * millsRatio(z);
}

/** `z + z³/3 + z⁵/(3·5) + …` (Marsaglia, "Evaluating the normal distribution", 2004). */
function series(z: number): number {
  let term = z;
  let sum = z;
  for (let odd = 3; term > sum * 1e-17; odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return sum;
}

/** `1/(z + 1/(z + 2/(z + 3/…)))`, Laplace's continued fraction (DLMF 7.9.1); 100 terms give 14 digits from 3 on. */
function millsRatio(z: number): number {
  let below = z;
  for (let term = 100; term > 0; term--) below = z + term / below;
  return 1 / below;
}
