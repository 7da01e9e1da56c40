import { Resolver } from "node:dns/promises";
import { DbintelError } from "@dbintel/errors";
import { type InstanceEntry, type Listing, signatureOf } from "./listing.ts";

const timeoutMs = 2000;
const tries = 2;
const hostName = /^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$/i;

/** The targets of a service in the DNS (RFC 2782): all of them, whatever their priority and weight. */
export function dnsListing<Entry extends InstanceEntry>(options: {
  /** Such as `_postgresql._tcp.example.com`. */
  readonly name: string;
  /** Addresses of name servers, `10.0.0.2` or `10.0.0.2:53`; none for those of the system. */
  readonly servers: readonly string[];
  readonly intervalMs: number;
  readonly entryOf: (endpoint: string) => Entry;
}): Listing<Entry> {
  const { name, servers, intervalMs, entryOf } = options;
  return {
    intervalMs,
    async list() {
      const endpoints = await resolve(name, servers);
      return endpoints.map((endpoint) => ({ entry: entryOf(endpoint), signature: signatureOf(endpoint) }));
    },
  };
}

/** Sorted, so that the order in which a server happens to answer changes nothing. */
async function resolve(name: string, servers: readonly string[]): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: timeoutMs, tries });
  if (servers.length > 0) resolver.setServers(servers);
  try {
    const records = await resolver.resolveSrv(name);
    // "." says that the service is not offered at all.
    const targets = records.filter((record) => record.name !== "" && record.name !== ".");
    if (!targets.every((target) => hostName.test(target.name) && target.port > 0)) throw new Error("no name of a host");
    return [...new Set(targets.map((target) => `${target.name.toLowerCase()}:${target.port}`))].sort();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "an answer that cannot be used";
    throw new DbintelError(`${name} cannot be resolved: ${code}`, {
      code: "DBI_UNAVAILABLE",
      hint: "check dns_srv and dns_servers, and that the name has SRV records; the servers that were found last are still watched",
      retryable: true,
      cause,
    });
  }
}
