import { z } from "zod";

/** `host:port`, the host a name, an address or an IPv6 address in brackets; or the path of a Unix socket. */
const endpointPattern = /^(\[[^\]]+\]|[^:\s]+):(\d{1,5})$/;
const socketPattern = /^\/[^:\s]+$/;

/** Where a server is: `host:port`, or the path of its Unix socket. */
export function endpointText() {
  return z
    .string()
    .refine((text) => endpointPattern.test(text) || socketPattern.test(text), 'expected "host:port"')
    .meta({ title: "host:port" });
}

/** Host and port of an endpoint that the schema has accepted; for the path of a socket the path and port 0. */
export function parseEndpoint(endpoint: string): { readonly host: string; readonly port: number } {
  const [, host = endpoint, port = "0"] = endpointPattern.exec(endpoint) ?? [];
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

/** One entry of the setting `metrics`. */
export const metricSetting = z.strictObject({
  enabled: z.boolean().optional().describe("Whether the metric is sent"),
  attributes: z.array(z.string()).optional().describe("Accepted for compatibility, without effect"),
  aggregation_strategy: z
    .enum(["sum", "avg", "min", "max"])
    .optional()
    .describe("Accepted for compatibility, without effect"),
});

/** A thing that is sent or not. */
export const switchable = z.strictObject({ enabled: z.boolean().describe("Whether it is sent") });

/** An object schema with the same optional entry under each of some names. */
export function named<Entry extends z.ZodType>(names: readonly string[], entry: Entry) {
  return z.strictObject(Object.fromEntries(names.map((name) => [name, entry.optional()])));
}

/** The settings of metrics that were given and have no effect; `absent` are those that are never sent. */
export function idleMetricSettings(
  metrics: Readonly<Record<string, z.output<typeof metricSetting> | undefined>>,
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
