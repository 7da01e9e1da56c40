import { lead } from "@dbintel/watching";
import type { WatchedServer } from "../watched-server.ts";
import { NamedLock } from "./named-lock.ts";

/** Lets one of several collectors poll, where the configuration wants it. */
export function leasePart({ host, config, status, watch, context: { endpoint } }: WatchedServer): void {
  const { high_availability: settings, collection_interval: intervalMs } = config;
  const dialect = (name: string) => new NamedLock(status.connection, name);
  lead({ host, watch, endpoint, settings, intervalMs, server: status, dialect });
}
