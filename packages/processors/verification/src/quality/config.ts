import { positiveDuration } from "@dbintel/config";
import { nerdGraphSettings } from "@dbintel/new-relic";
import { z } from "zod";

const share = () => z.number().min(0).max(1);
const percent = () => z.number().gt(0).max(100);
const names = () => z.array(z.string().min(1)).refine((list) => new Set(list).size === list.length, "names one twice");

/** Kinds of values that can be asked for; `number` is an integer or a double. */
export const fieldTypes = ["string", "bool", "int", "double", "number", "array", "map", "bytes"] as const;

const check = z.strictObject({
  name: z.string().min(1).describe("Name, in metrics and events"),
  query: z.string().min(1).describe("NRQL; the first number of its first row is the answer"),
  interval: positiveDuration().prefault("5m").describe("Time between two questions"),
  threshold: z.number().describe("What the answer is compared with"),
  comparison: z.enum(["gt", "lt", "eq"]).describe("How the answer must compare with `threshold` for all to be well"),
});

const nerdgraph = z
  .strictObject({
    ...nerdGraphSettings,
    queries: z
      .array(check)
      .min(1)
      .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, "names one twice")
      .describe("Questions whose answers tell whether the data has arrived as it should"),
  })
  .optional()
  .describe("Asks New Relic whether the data has arrived");

const health = z
  .strictObject({
    interval: positiveDuration().prefault("30s").describe("Time between two looks"),
    memory_percent: percent().default(85).describe("Resident memory, of what the container or the machine has"),
    cpu_percent: percent().default(80).describe("Processor time, of all cores that the process may use"),
    event_loop_delay: positiveDuration().prefault("500ms").describe("99th percentile of the delay of the event loop"),
    disk_percent: percent().default(90).describe("Used space of the file system of `disk_path`"),
    disk_path: z.string().min(1).default(".").describe("Where the collector writes"),
  })
  .optional()
  .describe("Thresholds of the collector's own health");

const tuning = z
  .strictObject({
    auto_apply: z.boolean().default(false).describe("Whether suggestions are followed, within the bounds below"),
    interval: positiveDuration()
      .prefault("10m")
      .describe("Time between two suggestions, and after which one is judged"),
    max_change: share()
      .refine((value) => value > 0, "expected more than 0")
      .default(0.2)
      .describe("Most that one suggestion lowers the rates of samplers, as a share of them"),
    least_sampling: share()
      .refine((value) => value > 0, "expected more than 0")
      .default(0.25)
      .describe("Rates are never lowered below this share of what is configured"),
    queue_fill: share().default(0.8).describe("Fill of an exporter's queue that calls for less"),
  })
  .optional()
  .describe("Suggests lower sampling rates while exporters cannot keep up");

/** Settings of the quality checks. */
export const qualityConfig = z
  .strictObject({
    required_fields: names().default([]).describe("Attributes that each item must have, itself or by its resource"),
    data_types: z
      .record(z.string().min(1), z.enum(fieldTypes))
      .default({})
      .describe("Types that attributes must have where they are there"),
    cardinality_limits: z
      .record(z.string().min(1), z.number().int().positive())
      .default({})
      .describe("Most values of an attribute within `window`"),
    statements: names().default(["db.query.text", "db.statement"]).describe("Attributes that hold a statement"),
    fingerprints: names()
      .default(["db.query.fingerprint", "db.query.summary", "postgresql.queryid"])
      .describe("Attributes of which an item with a statement has one when the statement was normalised"),
    min_normalization_rate: share().default(0.9).describe("Least share of items with a statement that are normalised"),
    entity_attributes: names()
      .default(["service.instance.id", "mysql.instance.endpoint", "service.name", "entity.guid"])
      .describe("Attributes of which an item, or its resource, has one when it belongs to an entity"),
    min_entity_correlation_rate: share().default(0.8).describe("Least share of items that belong to an entity"),
    min_quality_score: share().default(0.8).describe("Least mean score of the items within `window`"),
    data_freshness_threshold: positiveDuration().prefault("10m").describe("Silence of a source that is told of"),
    sources: names()
      .default(["service.instance.id", "mysql.instance.endpoint", "server.address", "service.name"])
      .describe("Attributes of a resource by which sources are told apart; the first that is there counts"),
    window: positiveDuration().prefault("5m").describe("How far back items count"),
    minimum_items: z
      .number()
      .int()
      .positive()
      .default(100)
      .describe("Items in the window below which no rate is judged"),
    interval: positiveDuration().prefault("30s").describe("Time between two looks at rates and silence"),
    feedback_interval: positiveDuration()
      .prefault("10m")
      .describe("Time in which the same finding is not told of again"),
    nerdgraph,
    health,
    tuning,
  })
  .describe("Checks whether the data is complete, fresh, well-typed, and belongs to an entity");

export type QualityConfig = z.output<typeof qualityConfig>;
export type NerdGraphCheckConfig = NonNullable<QualityConfig["nerdgraph"]>;
export type HealthConfig = NonNullable<QualityConfig["health"]>;
export type TuningConfig = NonNullable<QualityConfig["tuning"]>;
