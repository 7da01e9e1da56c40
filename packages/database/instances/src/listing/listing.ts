import { createHash } from "node:crypto";

/** What every entry of a list has; anything else it says replaces a setting of the receiver. */
export interface InstanceEntry {
  /** `host:port`, or the path of a Unix socket. */
  readonly endpoint: string;
}

/** A server of a list. */
export interface ListedInstance<Entry extends InstanceEntry> {
  readonly entry: Entry;
  /** Another one when the entry says something else. */
  readonly signature: string;
}

/** Where it is written which servers are to be watched. */
export interface Listing<Entry extends InstanceEntry> {
  /** How often to look whether it has changed, in milliseconds; `undefined` for one that never does. */
  readonly intervalMs: number | undefined;
  /** The servers that it lists now, each once. Rejects with a `DbintelError` when it cannot be read. */
  list(): Promise<readonly ListedInstance<Entry>[]>;
}

/** The signature of an entry as it is written. A hash, because entries hold passwords. */
export function signatureOf(written: unknown): string {
  return createHash("sha256").update(JSON.stringify(written)).digest("hex");
}

/** The listing of endpoints that the configuration names itself. */
export function fixedListing<Entry extends InstanceEntry>(entries: readonly Entry[]): Listing<Entry> {
  const listed = entries.map((entry) => ({ entry, signature: "" }));
  return { intervalMs: undefined, list: async () => listed };
}
