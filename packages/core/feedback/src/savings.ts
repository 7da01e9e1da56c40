/**
 * What a budget asks of those who make or sample telemetry. Each factor is relative to the component's own
 * configuration, so that taking the demand back restores it exactly. Whoever cannot follow a demand ignores it.
 */
export interface Savings {
  /** Leave out what was sent before and did not change: texts, schemas, settings. */
  readonly suppressRepeats: boolean;
  /** ≥ 1: the intervals of polls of what seldom changes or seldom runs are this many times longer. */
  readonly coldIntervalFactor: number;
  /** In (0, 1]: report this share of the top queries one by one, the rest in the row `other`. */
  readonly topQueryFactor: number;
  /** In (0, 1]: keep sampled events at this share of their rate. */
  readonly samplingFactor: number;
  /** ≥ 1: the intervals of metrics are this many times longer. */
  readonly metricsIntervalFactor: number;
  /** Send only golden metrics and errors. */
  readonly essentialsOnly: boolean;
}

/** No demand at all. */
export const noSavings: Savings = {
  suppressRepeats: false,
  coldIntervalFactor: 1,
  topQueryFactor: 1,
  samplingFactor: 1,
  metricsIntervalFactor: 1,
  essentialsOnly: false,
};

/** What satisfies both demands. */
export function strongest(a: Savings, b: Savings): Savings {
  return {
    suppressRepeats: a.suppressRepeats || b.suppressRepeats,
    coldIntervalFactor: Math.max(a.coldIntervalFactor, b.coldIntervalFactor),
    topQueryFactor: Math.min(a.topQueryFactor, b.topQueryFactor),
    samplingFactor: Math.min(a.samplingFactor, b.samplingFactor),
    metricsIntervalFactor: Math.max(a.metricsIntervalFactor, b.metricsIntervalFactor),
    essentialsOnly: a.essentialsOnly || b.essentialsOnly,
  };
}
