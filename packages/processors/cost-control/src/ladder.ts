import { noSavings, type Savings } from "@dbintel/feedback";
import type { CostControlConfig } from "./config.ts";

/** The steps in the order in which they are taken; each keeps those before it. */
export const steps = [
  "normal",
  "dedupe",
  "cold_intervals",
  "top_queries",
  "attributes",
  "sampling",
  "metric_intervals",
  "essentials",
] as const;
export type StepName = (typeof steps)[number];

/** A position in {@link steps}. */
export const stepNumber = (name: StepName): number => steps.indexOf(name);

/** What a step asks of those before the processor. */
export function savingsOf(step: number, ladder: CostControlConfig["ladder"]): Savings {
  const from = (name: StepName) => step >= stepNumber(name);
  return {
    suppressRepeats: from("dedupe"),
    coldIntervalFactor: from("cold_intervals") ? ladder.cold_interval_factor : noSavings.coldIntervalFactor,
    topQueryFactor: from("top_queries") ? ladder.top_query_factor : noSavings.topQueryFactor,
    samplingFactor: from("sampling") ? ladder.sampling_factor : noSavings.samplingFactor,
    metricsIntervalFactor: from("metric_intervals") ? ladder.metrics_interval_factor : noSavings.metricsIntervalFactor,
    essentialsOnly: from("essentials"),
  };
}
