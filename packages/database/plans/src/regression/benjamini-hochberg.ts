/**
 * Which of many p-values count as discoveries when at most the share `rate` of all discoveries may be false
 * (Benjamini and Hochberg, "Controlling the false discovery rate", 1995): the largest p-value that counts.
 * -1 when none does.
 */
export function discoveryThreshold(pValues: readonly number[], rate: number): number {
  const sorted = pValues.toSorted((one, other) => one - other);
  for (let rank = sorted.length; rank > 0; rank--) {
    const pValue = sorted[rank - 1];
    if (pValue !== undefined && pValue <= (rank / sorted.length) * rate) return pValue;
  }
  return -1;
}
