/** The quantile of the standard normal distribution below which 97.5 % lie. */
const z = 1.959963984540054;

/**
 * The interval that holds the true proportion with a confidence of 95 %, when `proportion` of `count` were observed: the
 * score interval of E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927). Unlike
 * the usual one it says something true of few observations and of shares near 0 and 1.
 */
export function wilsonInterval(proportion: number, count: number): { readonly low: number; readonly high: number } {
  if (!(count > 0)) return { low: 0, high: 1 };
  const scale = 1 + (z * z) / count;
  const centre = (proportion + (z * z) / (2 * count)) / scale;
  const half = (z * Math.sqrt((proportion * (1 - proportion)) / count + (z * z) / (4 * count * count))) / scale;
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
