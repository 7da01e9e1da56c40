import { byteSize, positiveDuration } from "@dbintel/config";
import { defaultPlanLimits, defaultRegressionSettings } from "@dbintel/plans";
import { sqlModeSettings } from "@dbintel/sql";
import { z } from "zod";

const names = () => z.array(z.string().min(1)).refine((list) => new Set(list).size === list.length, "names one twice");

/** Settings of the processor `plan_attribute_extractor`. */
export const planAttributeExtractorConfig = z.strictObject({
  plan_attributes: names()
    .default(["plan_json", "db.query.plan", "postgresql.query_plan", "mysql.query_plan", "db.querylens.plan_text"])
    .describe("Attributes that may hold a plan; the first one that a record has is read, and any other removed"),
  body: z
    .boolean()
    .default(true)
    .describe("Read a body that holds a plan, such as a message of auto_explain, where no attribute does"),
  plan_output: z
    .enum(["anonymized", "text", "removed"])
    .default("anonymized")
    .describe(
      "What takes the plan's place: its tree with `?` for each constant as JSON, the same as text for people, or nothing",
    ),
  query_anonymization: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Replace the constants of statements by `?`"),
      attributes: names()
        .default(["db.query.text", "db.statement", "query_text", "db.query"])
        .describe("Attributes that hold a statement; the first that a record has gives the fingerprint"),
      fingerprint_attribute: z
        .string()
        .min(1)
        .default("db.query.fingerprint")
        .describe("Where the statement's fingerprint goes, unless the record has one"),
    })
    .prefault({})
    .describe("What becomes of the statement beside the plan"),
  findings: z
    .boolean()
    .default(true)
    .describe("Add what is wrong with the plan, with evidence and recommendation, as db.query.plan.findings"),
  regression: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe("Tell of statements that get another plan, become slower, and recover"),
      window: positiveDuration()
        .prefault("5m")
        .describe("How long executions are gathered before they are compared with what is usual"),
      ratio: z.number().gt(1).default(defaultRegressionSettings.ratio).describe("Times the usual time that is slow"),
      recovery_ratio: z
        .number()
        .gt(1)
        .default(defaultRegressionSettings.recoveryRatio)
        .describe("Times the usual time below which a statement has recovered"),
      min_impact: z
        .number()
        .nonnegative()
        .default(defaultRegressionSettings.minImpact)
        .describe("Seconds of database time lost per second below which slowness does not matter"),
      max_queries: z
        .int()
        .positive()
        .max(1_000_000)
        .default(defaultRegressionSettings.maxQueries)
        .describe("Statements that are followed; the one that has not run for longest goes"),
    })
    .refine(({ ratio, recovery_ratio }) => recovery_ratio < ratio, {
      error: "must be less than ratio",
      path: ["recovery_ratio"],
    })
    .prefault({})
    .describe("Following statements over time"),
  ...sqlModeSettings,
  max_plan_size: byteSize()
    .refine((bytes) => bytes > 0, "must be more than 0")
    .prefault("256KiB")
    .describe("A longer plan is not read: reading one holds up everything else"),
  max_depth: z
    .int()
    .positive()
    .default(defaultPlanLimits.maxDepth)
    .describe("A plan with more levels of operations is not read"),
  max_nodes: z.int().positive().default(defaultPlanLimits.maxNodes).describe("A plan with more operations is not read"),
  timeout: positiveDuration()
    .prefault("100ms")
    .describe("Time for the plans of one batch that were not read before; those that are left then are not read"),
  cache_size: z
    .int()
    .positive()
    .max(1_000_000)
    .default(1000)
    .describe("Plans, and as many statements, whose result is remembered by their content"),
});

export type PlanAttributeExtractorConfig = z.output<typeof planAttributeExtractorConfig>;
