import { byteSize, positiveDuration, unsupported } from "@dbintel/config";
import { z } from "zod";
import { celCondition, comparisons } from "./rule-condition.ts";

const rate = () => z.number().min(0).max(1);
const count = () => z.number().int().positive();
const names = () => z.array(z.string().min(1));

const rule = z
  .strictObject({
    name: z.string().min(1).describe("Name, as `sampling.reason` and the metrics show it"),
    priority: z.number().default(0).describe("The matching rule with the highest one decides; then the first"),
    condition: celCondition.optional().describe("CEL over the log record or span; a rule without one matches all"),
    conditions: comparisons.optional().describe("The same as a list of comparisons, all of which must hold"),
    sample_rate: rate().describe("Share of the records to keep"),
    max_per_minute: z.number().int().min(0).default(0).describe("Records to keep a minute at most; 0 is no limit"),
  })
  .refine(({ condition, conditions }) => condition === undefined || conditions === undefined, {
    path: ["conditions"],
    error: "write either condition or conditions",
  });

/** Classes of records that are kept before others, in the order in which a record is asked for them. */
export const keepAlwaysClasses = ["deadlocks", "errors", "blocking", "new_fingerprints", "new_plans", "slow"] as const;
export type KeepAlwaysClass = (typeof keepAlwaysClasses)[number];

const keepAlways = z
  .strictObject({
    classes: z
      .array(z.enum(keepAlwaysClasses))
      .default([...keepAlwaysClasses])
      .describe("Which records: slow ones are above the 99th percentile of the durations of their key"),
    max_records_per_second: z
      .number()
      .positive()
      .default(50)
      .describe("Budget of each class, beside `max_records_per_second`; above it records are sampled like others"),
    memory: count()
      .default(100_000)
      .describe("Fingerprints, and plans, that are remembered as seen; the longest unseen are forgotten"),
  })
  .prefault({})
  .describe("What is kept although it would be sampled");

const deduplication = z
  .strictObject({
    enabled: z.boolean().default(false).describe("Whether to suppress repeats; also on while a budget asks for it"),
    window: positiveDuration().prefault("5m").describe("Time in which a record is a repeat"),
    hash_attribute: z
      .string()
      .min(1)
      .default("db.query.plan.hash")
      .describe("Attribute by whose value records are alike; one without it is never a repeat"),
    cache_size: count().default(10_000).describe("Values that are remembered"),
    window_seconds: unsupported('write window: with a unit, such as "300s"'),
    cleanup_interval: unsupported("remove it: the cache is bounded without it"),
  })
  .prefault({})
  .describe("Suppresses repeats; they are counted on a record that is kept");

const attributes = z
  .strictObject({
    database: names().default(["db.namespace"]).describe("The database, of the item or else of its resource"),
    fingerprint: names().default(["db.query.fingerprint", "postgresql.queryid"]).describe("The statement's shape"),
    plan: names().default(["db.query.plan.hash"]).describe("The plan"),
    weight: names()
      .default(["db.client.operation.duration", "avg_duration_ms"])
      .describe("How much a log record weighs, a number; a span weighs its duration"),
    blocking: names()
      .default(["postgresql.blocking.pids"])
      .describe("Say that a session blocks or is blocked, when set and neither empty, 0 nor false"),
  })
  .prefault({})
  .describe("Where to look; of several attributes the first that is there counts");

/** What to keep of logs and traces: by rules, within limits, and with guarantees. */
export const adaptiveSamplerConfig = z.strictObject({
  rules: z
    .array(rule)
    .max(1000)
    .default([])
    .superRefine((rules, refinement) => {
      for (const [index, { name }] of rules.entries()) {
        if (rules.findIndex((other) => other.name === name) === index) continue;
        refinement.addIssue({ code: "custom", path: [index, "name"], message: `there is another rule "${name}"` });
      }
    })
    .describe("Rates of their own for what a condition names"),
  default_sample_rate: rate().default(0.1).describe("Share to keep of records that no rule matches"),
  min_sample_rate: rate()
    .default(0)
    .describe("Rates do not fall below it for back-pressure or a budget; the limits below still hold"),
  max_records_per_second: z
    .number()
    .positive()
    .default(1000)
    .describe("Records to keep a second, keep-always classes aside, on the average of each interval"),
  max_bytes_per_second: byteSize()
    .refine((bytes) => bytes > 0, { error: "expected more than 0" })
    .optional()
    .describe("Bytes to keep a second on the average of each interval, everything included; a hard limit"),
  interval: positiveDuration()
    .prefault("10s")
    .describe("Over which limits hold and rates adapt; not less than the time between two batches of a source"),
  keep_always: keepAlways,
  minimum_per_key: z
    .number()
    .int()
    .min(0)
    .default(2)
    .describe("First records of each database, statement and plan in an interval that are kept"),
  max_keys: count().default(2000).describe("Keys with a throughput of their own; the others share one"),
  deduplication,
  attributes,
  exact_events: names()
    .default([
      "db.server.top_query",
      "telemetry.budget.step",
      "db.circuit.state_change",
      "db.plan.change",
      "db.plan.regression",
      "db.plan.recovery",
    ])
    .describe("Names of events that pass untouched, because they are sums or changes of state and not samples"),
  on_error: z.enum(["pass", "drop"]).default("pass").describe("What becomes of a record that cannot be judged"),
  in_memory_only: unsupported("remove it: state is in memory"),
  enable_debug_logging: unsupported("remove it: metrics count every decision by reason"),
});

export type AdaptiveSamplerConfig = z.output<typeof adaptiveSamplerConfig>;
