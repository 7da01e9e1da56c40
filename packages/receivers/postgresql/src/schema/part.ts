import type { WatchedServer } from "../watched-server.ts";
import { SchemaErrand } from "./schema-errand.ts";
import { schemaEvent } from "./schema-events.ts";

/** Changes of tables, columns, indexes and constraints. */
export function schemaPart({ host, next, config, watch, errands }: WatchedServer): void {
  if (next.logs === undefined || !config.events[schemaEvent].enabled) return;
  const { collection_interval: intervalMs, max_tables: limit } = config.schema_collection;
  const errand = new SchemaErrand({ host, intervalMs, limit });
  watch.closes(errand);
  errands.push(errand);
}
