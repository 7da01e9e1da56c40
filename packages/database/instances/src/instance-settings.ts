import { isIP } from "node:net";
import { type Milliseconds, parseHostPort } from "@dbintel/config";
import { interval } from "@dbintel/polling";
import { z } from "zod";
import { dnsListing } from "./listing/dns-listing.ts";
import { fileListing } from "./listing/file-listing.ts";
import { fixedListing, type InstanceEntry, type Listing } from "./listing/listing.ts";

export interface InstanceSettings {
  readonly endpoint: string;
  readonly endpoints?: readonly string[] | undefined;
  readonly instances_file?: string | undefined;
  readonly dns_srv?: string | undefined;
  readonly dns_servers: readonly string[];
  readonly discovery_interval: Milliseconds;
}

const sources = ["endpoints", "instances_file", "dns_srv"] as const;

/** The settings of the servers of one receiver, to be spread into a schema that {@link checkInstances} refines. */
export function instanceSettings(endpoint: z.ZodType<string, string>) {
  return {
    endpoints: z.array(endpoint).min(1).optional().describe("Several servers, in place of endpoint"),
    instances_file: z
      .string()
      .min(1)
      .optional()
      .describe("YAML or JSON file with a list of servers, in place of endpoint; read again when it changes"),
    dns_srv: z
      .string()
      .min(1)
      .optional()
      .describe("Name whose SRV records name the servers, in place of endpoint; asked for again and again"),
    dns_servers: z
      .array(z.string().refine(isNameServer, 'expected an address such as "10.0.0.2" or "10.0.0.2:53"'))
      .default([])
      .describe("Name servers for dns_srv; those of the system by default"),
    discovery_interval: interval("30s").describe("Time between two looks at instances_file or dns_srv"),
    max_instances: z.number().int().positive().default(100).describe("Servers that are watched; the rest is left out"),
    concurrent_starts: z
      .number()
      .int()
      .positive()
      .default(8)
      .describe("Servers that are asked for the first time at once; the others follow"),
  };
}

/** For `superRefine`; `standard` is the default of `endpoint`. */
export function checkInstances(standard: string) {
  return (
    settings: Pick<InstanceSettings, "endpoint" | (typeof sources)[number]>,
    refinement: { addIssue(issue: { code: "custom"; path: string[]; message: string }): void },
  ): void => {
    const wrong = (setting: string, message: string) =>
      refinement.addIssue({ code: "custom", path: [setting], message });
    const given = sources.filter((source) => settings[source] !== undefined);
    for (const extra of given.slice(1)) wrong(extra, `${given[0]} is set too: keep one of them`);
    if (given.length > 0 && settings.endpoint !== standard)
      wrong("endpoint", `${given[0]} is set too: keep one of them`);
    const { endpoints = [] } = settings;
    const twice = endpoints.find((endpoint, index) => endpoints.indexOf(endpoint) < index);
    if (twice !== undefined) wrong("endpoints", `${twice} is named twice`);
  };
}

/** Where a configuration says which servers are watched; `schema` is what an entry of a file may say. */
export function listingOf<Entry extends InstanceEntry>(
  settings: InstanceSettings,
  schema: z.ZodType<Entry>,
): Listing<Entry> {
  const { instances_file: path, dns_srv: name, dns_servers: servers, discovery_interval: intervalMs } = settings;
  const entryOf = (endpoint: string) => schema.parse({ endpoint });
  if (path !== undefined) return fileListing({ path, intervalMs, schema });
  if (name !== undefined) return dnsListing({ name, servers, intervalMs, entryOf });
  return fixedListing(namedEndpoints(settings).map(entryOf));
}

/** The servers that a configuration names itself; none where a file or the DNS does. */
export function namedEndpoints(settings: Pick<InstanceSettings, "endpoint" | (typeof sources)[number]>) {
  const { endpoint, endpoints = [endpoint], instances_file: path, dns_srv: name } = settings;
  return path === undefined && name === undefined ? endpoints : [];
}

function isNameServer(text: string): boolean {
  const address = isIP(text) === 0 ? parseHostPort(text)?.host : text;
  return address !== undefined && isIP(address) !== 0;
}
