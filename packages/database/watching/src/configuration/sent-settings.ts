import { z } from "zod";

const metric = z.strictObject({
  enabled: z.boolean().optional().describe("Whether the metric is sent"),
  attributes: z.array(z.string()).optional().describe("Accepted for compatibility, without effect"),
  aggregation_strategy: z
    .enum(["sum", "avg", "min", "max"])
    .optional()
    .describe("Accepted for compatibility, without effect"),
});

const attribute = z.strictObject({ enabled: z.boolean().describe("Whether it is sent") });

/** An object schema with the same optional entry under each of some names. */
function named<Entry extends z.ZodType>(names: readonly string[], entry: Entry) {
  return z.strictObject(Object.fromEntries(names.map((name) => [name, entry.optional()]))).prefault({});
}

/** The settings `metrics` and `resource_attributes`, to be spread into a schema: what is sent, each by its name. */
export function sentSettings(names: {
  readonly metrics: readonly string[];
  readonly resourceAttributes: readonly string[];
}) {
  return {
    metrics: named(names.metrics, metric).describe("Which metrics are sent"),
    resource_attributes: named(names.resourceAttributes, attribute).describe(
      "Which attributes of the resource are sent",
    ),
  };
}

/** One entry of the setting `events`. */
export function sentEvent(description: string, standard = true) {
  return z.strictObject({ enabled: z.boolean().default(standard).describe(description) }).prefault({});
}

/** The settings of metrics that were given and have no effect; `absent` are those that are never sent. */
export function idleMetricSettings(
  metrics: Readonly<Record<string, z.output<typeof metric> | undefined>>,
  absent: readonly string[],
): readonly string[] {
  const idle: string[] = [];
  for (const [name, settings] of Object.entries(metrics)) {
    if (settings?.enabled === true && absent.includes(name)) idle.push(`metrics.${name}`);
    if (settings?.attributes !== undefined) idle.push(`metrics.${name}.attributes`);
    if (settings?.aggregation_strategy !== undefined) idle.push(`metrics.${name}.aggregation_strategy`);
  }
  return idle;
}
