import { lead } from "@dbintel/watching";
import type { WatchedServer } from "../watched-server.ts";
import { AdvisoryLock } from "./advisory-lock.ts";

/** Lets one of several collectors poll, where the configuration wants it. */
export function leasePart({ host, config, views, watch, context: { endpoint } }: WatchedServer): void {
  const { high_availability: settings, collection_interval: intervalMs } = config;
  const dialect = (name: string) => new AdvisoryLock(views.connection, name);
  lead({ host, watch, endpoint, settings, intervalMs, server: views, dialect });
}
