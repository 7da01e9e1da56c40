import { positiveDuration, unsupported } from "@dbintel/config";
import { documentedLimits, nerdGraphSettings } from "@dbintel/new-relic";
import { z } from "zod";

const count = () => z.number().int().positive();
const names = () => z.array(z.string().min(1));

const attributes = z
  .strictObject({
    metrics: count().default(documentedLimits.attributes.metrics).describe("Of a data point"),
    logs: count().default(documentedLimits.attributes.logs).describe("Of a log record"),
    traces: count().default(documentedLimits.attributes.traces).describe("Of a span"),
  })
  .prefault({})
  .describe("Most attributes, those of resource and scope included");

const canary = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe("Whether to send `nr.collector.canary` and look whether it was stored"),
    interval: positiveDuration().prefault("1m").describe("Time between two of them"),
    timeout: positiveDuration().prefault("10m").describe("After which one that is not stored counts as lost"),
  })
  .prefault({})
  .describe("A gauge of one point that proves from end to end that data is stored, and measures how long that takes");

const nerdgraph = z
  .strictObject({
    ...nerdGraphSettings,
    interval: positiveDuration().prefault("1m").describe("Time between two questions about errors"),
    actions: z
      .enum(["propose", "apply"])
      .default("propose")
      .describe("Whether what an error calls for is only reported, or done until the errors end"),
    canary,
  })
  .optional()
  .describe("Reads what New Relic says afterwards; without it only what can be known beforehand is found");

/** The settings of `nr_error_monitor`. */
export const nrErrorMonitorConfig = z.strictObject({
  mode: z
    .enum(["monitor", "fix"])
    .default("monitor")
    .describe("`monitor` reports what New Relic would not take as it is, `fix` mends it or drops it with a reason"),
  max_attribute_length: count()
    .default(documentedLimits.attributeValueLength)
    .describe("Longest text of an attribute, in UTF-16 code units"),
  max_attribute_name_length: count()
    .default(documentedLimits.attributeNameLength)
    .describe("Longest name of an attribute"),
  max_metric_name_length: count()
    .min(32)
    .default(documentedLimits.metricNameLength)
    .describe("Longest name of a metric"),
  max_attributes: attributes,
  max_age: positiveDuration().prefault("48h").describe("Items that are older are not stored"),
  max_future: positiveDuration().prefault("24h").describe("Data points that are further ahead are not stored"),
  keep_attributes: names().default([]).describe("Attributes of items that are never removed when there are too many"),
  entity_attributes: names()
    .default(["service.name", "service.instance.id", "mysql.instance.endpoint", "host.id", "host.name"])
    .describe("A resource must have one of these to belong to an entity; empty asks for none"),
  cardinality_limit: count()
    .min(2)
    .default(100_000)
    .describe("Series of a metric in a day (UTC), above which New Relic keeps no rollups; `fix` folds the rest"),
  cardinality_warning_threshold: count()
    .default(10_000)
    .describe("Series of a metric in a day that are worth a warning"),
  alert_threshold: count()
    .default(100)
    .describe("Breaches within `window` at which the component reports an error as its state"),
  window: positiveDuration().prefault("5m").describe("How far back breaches count"),
  reporting_interval: positiveDuration().prefault("1m").describe("Time between two looks at all of it"),
  error_suppression_duration: positiveDuration()
    .prefault("5m")
    .describe("Time in which the same breach of the same attribute or metric is not logged again"),
  nerdgraph,
  enable_proactive_validation: unsupported("use mode: monitor or mode: fix"),
});

export type NrErrorMonitorConfig = z.output<typeof nrErrorMonitorConfig>;
export type NerdGraphConfig = NonNullable<NrErrorMonitorConfig["nerdgraph"]>;
