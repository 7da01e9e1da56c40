import { byteSize, positiveDuration } from "@dbintel/config";
import { z } from "zod";
import { steps } from "./ladder.ts";

const size = (least: number) =>
  byteSize().refine((bytes) => bytes >= least, { error: `expected at least ${least} bytes` });

const weight = z.number().positive();

/** Names, each once: one that is listed twice is a slip of the pen, and another may be missing. */
const names = () =>
  z.array(z.string().min(1)).superRefine((list, refinement) => {
    list.forEach((name, index) => {
      if (list.indexOf(name) === index) return;
      refinement.addIssue({ code: "custom", path: [index], message: `${JSON.stringify(name)} is listed twice` });
    });
  });

const tenants = z.strictObject({
  attribute: z
    .string()
    .min(1)
    .default("db.namespace")
    .describe("Attribute of the item, else of its resource, whose value names the tenant"),
  weights: z
    .record(z.string(), weight)
    .default({})
    .describe("Weight by tenant; what a tenant does not use flows to the others by their weights"),
  default_weight: weight.default(1).describe("Weight of a tenant without one of its own"),
});

const replicas = z
  .strictObject({
    count: z.number().int().positive().default(1).describe("Collectors that spend this budget together"),
    share: z
      .number()
      .positive()
      .max(1)
      .optional()
      .describe("Share of the budget that belongs to this collector; without it one part of `count`"),
  })
  .prefault({})
  .describe("How the budget is split among collectors; they do not talk to each other");

const ladder = z
  .strictObject({
    up: z.number().positive().default(1).describe("A forecast above this share of what is left climbs a step"),
    down: z.number().positive().default(0.8).describe("A forecast below this share of what is left goes back a step"),
    highest: z
      .enum(steps)
      .default("essentials")
      .describe("The last step that is ever taken, though the budget be passed; `normal` takes none"),
    interval: positiveDuration()
      .prefault("1m")
      .describe("Time between two looks at the forecast; at most one step each"),
    warmup: positiveDuration()
      .prefault("1h")
      .describe("Observation before the first step, unless the budget is used up"),
    dedupe_window: positiveDuration()
      .prefault("10m")
      .describe("From step 1 on: time in which a repeated log record is left out"),
    cold_interval_factor: z.number().min(1).default(2).describe("From step 2 on: asked of polls of what seldom runs"),
    top_query_factor: z.number().gt(0).max(1).default(0.5).describe("From step 3 on: asked of lists of top queries"),
    attribute_cardinality: z
      .number()
      .int()
      .positive()
      .default(1000)
      .describe("From step 4 on: attributes of logs and spans with more values than this are removed"),
    keep_attributes: names()
      .default(["db.query.fingerprint", "db.query.hash", "error.type"])
      .describe("Attributes that step 4 never removes"),
    sampling_factor: z.number().gt(0).max(1).default(0.5).describe("From step 5 on: asked of samplers"),
    metrics_interval_factor: z.number().min(1).default(2).describe("From step 6 on: asked of what reports metrics"),
  })
  .refine(({ up, down }) => down < up, {
    path: ["down"],
    error: "must be below `up`, or steps would go back and forth",
  })
  .prefault({})
  .describe("The steps that save, and when they are taken and taken back");

/** How much may be spent, and what is given up, in which order, to keep within it. */
export const costControlConfig = z
  .strictObject({
    monthly_budget_usd: z.number().positive().optional().describe("Money a calendar month (UTC), in US dollars"),
    price_per_gb: z.number().positive().optional().describe("Price of 10^9 stored bytes in US dollars"),
    price_date: z.iso
      .date({ error: 'expected a date such as "2026-01-31"' })
      .optional()
      .describe("Day on which the price was looked up; shown with every amount"),
    free_gb_per_month: z.number().nonnegative().default(0).describe("Gigabytes (10^9) a month that cost nothing"),
    region: z.string().default("").describe("Region the price is for; a label"),
    plan: z.string().default("").describe("Plan the price is for; a label"),
    bytes_per_day: size(1).optional().describe("Stored bytes a day (UTC)"),
    calibration: z
      .number()
      .positive()
      .default(1)
      .describe("Stored bytes for each encoded byte, as fitted to the backend's own account of usage"),
    replicas,
    tenants: tenants.optional().describe("Fair sharing of what is left when the last step is reached"),
    ladder,
    metric_cardinality_limit: z
      .number()
      .int()
      .min(2)
      .default(10_000)
      .describe("Series a metric; the values of further ones become `other`"),
    series_window: positiveDuration()
      .prefault("1h")
      .describe("A series that is silent for one to two of these frees its place"),
    max_body_bytes: size(32).prefault("10KiB").describe("Text bodies of log records are cut at this size"),
    max_attribute_bytes: size(32)
      .prefault("4KiB")
      .describe("Text attributes, those of span events too, are cut at this size"),
    slow_span_threshold: positiveDuration().prefault("2s").describe("Spans of at least this duration are always kept"),
    golden_metrics: names().default([]).describe("Names of metrics that are always kept"),
    golden_events: names()
      .default(["telemetry.budget.step", "db.circuit.state_change"])
      .describe("Event names of log records that are always kept, as those of severity ERROR and above are"),
    on_error: z.enum(["pass", "drop"]).default("pass").describe("What becomes of an item that cannot be judged"),
  })
  .superRefine((config, refinement) => {
    const wrong = (key: string, message: string) => refinement.addIssue({ code: "custom", path: [key], message });
    const { monthly_budget_usd: money, price_per_gb: price, price_date: date, bytes_per_day: bytes } = config;
    if (money === undefined && bytes === undefined) {
      wrong("monthly_budget_usd", "a budget is missing: set monthly_budget_usd with price_per_gb, or bytes_per_day");
    }
    if (money !== undefined && price === undefined) wrong("price_per_gb", "is needed to turn money into bytes");
    if (price !== undefined && date === undefined) wrong("price_date", "is needed: prices change, so date yours");
  });

export type CostControlConfig = z.output<typeof costControlConfig>;
