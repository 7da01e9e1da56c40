import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import { DbintelError } from "@dbintel/errors";
import { z } from "zod";

/** `host:port`, the host a name, an address or an IPv6 address in brackets. */
const endpointPattern = /^(\[[^\]]+\]|[^:\s]+):(\d{1,5})$/;

/** The setting `endpoint`. */
export function endpointSetting(standard: string) {
  return z.string().regex(endpointPattern, 'expected "host:port"').default(standard);
}

/** Host and port of an endpoint that the schema has accepted. */
export function parseEndpoint(endpoint: string): { readonly host: string; readonly port: number } {
  const [, host = "localhost", port = "0"] = endpointPattern.exec(endpoint) ?? [];
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

/** The setting `tls`. */
export const tlsSettings = z.strictObject({
  insecure: z.boolean().default(false).describe("Connect without TLS"),
  insecure_skip_verify: z
    .boolean()
    .default(false)
    .describe("Use TLS and accept any certificate; true in the OpenTelemetry Collector"),
  ca_file: z.string().optional().describe("Certificate authorities to trust, PEM; the system's by default"),
  cert_file: z.string().optional().describe("Client certificate, PEM"),
  key_file: z.string().optional().describe("Key of the client certificate, PEM"),
});

/** What a driver takes, the files read; `false` for no TLS. Rejects with `DBI_CONFIG_UNREADABLE`. */
export async function tlsOptions(tls: z.output<typeof tlsSettings>): Promise<ConnectionOptions | false> {
  if (tls.insecure) return false;
  const [ca, cert, key] = await Promise.all([tls.ca_file, tls.cert_file, tls.key_file].map(fileContent));
  return {
    rejectUnauthorized: !tls.insecure_skip_verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

async function fileContent(path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (cause) {
    throw new DbintelError(`cannot read ${path}`, {
      code: "DBI_CONFIG_UNREADABLE",
      hint: "check the paths under tls and that the collector's user may read them",
      cause,
    });
  }
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

/** A setting of the OpenTelemetry Collector that is accepted, so that its configuration loads, and does nothing. */
export function withoutEffect(reason: string) {
  return z.unknown().optional().describe(`Without effect: ${reason}`);
}

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
