import { z } from "zod";

export const verbosities = ["basic", "normal", "detailed"] as const;
export type Verbosity = (typeof verbosities)[number];

/** The settings of `debug`: the OpenTelemetry Collector's keys, with `output` in place of its logger settings. */
export const debugConfig = z.strictObject({
  verbosity: z
    .enum(verbosities)
    .default("basic")
    .describe("basic: a line for each batch. normal: a line for each record, point or span. detailed: every field."),
  sampling_initial: z.int().nonnegative().default(2).describe("Batches of a signal that are printed in each second."),
  sampling_thereafter: z
    .int()
    .nonnegative()
    .default(1)
    .describe("Of the further batches in that second, every n-th is printed; 0 prints none."),
  output: z.enum(["stdout", "stderr"]).default("stdout").describe("The standard stream to print to."),
});

export type DebugConfig = z.output<typeof debugConfig>;
