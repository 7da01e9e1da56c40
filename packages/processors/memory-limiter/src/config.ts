import { duration, positiveDuration } from "@dbintel/config";
import { z } from "zod";

const percentage = () => z.number().gt(0).max(100);
const mebibytes = () => z.number().int().positive();

/** The settings of `memory_limiter`: keys and meaning of the OpenTelemetry Collector's processor. */
export const memoryLimiterConfig = z
  .strictObject({
    check_interval: positiveDuration().prefault("1s").describe("Time between two readings of the memory in use."),
    limit_mib: mebibytes().optional().describe("The hard limit in MiB. Comes before limit_percentage."),
    spike_limit_mib: mebibytes()
      .optional()
      .describe("MiB kept free below the hard limit for growth between two readings; default 20 % of the limit."),
    limit_percentage: percentage()
      .optional()
      .describe("The hard limit in percent of the memory of the container, or of the machine where there is none."),
    spike_limit_percentage: percentage()
      .optional()
      .describe("The part kept free below the hard limit, in percent of the same memory."),
    min_gc_interval_when_soft_limited: duration()
      .prefault("10s")
      .describe("Shortest time between two forced garbage collections above the soft limit."),
    max_gc_interval_when_soft_limited: duration()
      .prefault("30s")
      .describe("Longest time between them, reached by doubling while collections free almost nothing."),
    min_gc_interval_when_hard_limited: duration()
      .prefault("0s")
      .describe("Shortest time between two forced garbage collections above the hard limit; 0s means every reading."),
    max_gc_interval_when_hard_limited: duration()
      .prefault("30s")
      .describe("Longest time between them, reached by doubling while collections free almost nothing."),
  })
  .superRefine((config, context) => {
    const problem = limitProblem(config);
    if (problem !== undefined) context.addIssue({ code: "custom", ...problem });
  });

export type MemoryLimiterConfig = z.output<typeof memoryLimiterConfig>;

interface Limits {
  readonly limit_mib?: number | undefined;
  readonly spike_limit_mib?: number | undefined;
  readonly limit_percentage?: number | undefined;
  readonly spike_limit_percentage?: number | undefined;
}

function limitProblem(config: Limits): { readonly message: string; readonly path: string[] } | undefined {
  if (config.limit_mib === undefined && config.limit_percentage === undefined) {
    return { message: "set limit_mib or limit_percentage", path: [] };
  }
  if (config.limit_mib !== undefined) {
    if (config.spike_limit_mib !== undefined && config.spike_limit_mib >= config.limit_mib) {
      return { message: "spike_limit_mib must be smaller than limit_mib", path: ["spike_limit_mib"] };
    }
  } else if ((config.spike_limit_percentage ?? 0) >= (config.limit_percentage ?? 0)) {
    return {
      message: "spike_limit_percentage must be smaller than limit_percentage",
      path: ["spike_limit_percentage"],
    };
  }
  return undefined;
}
