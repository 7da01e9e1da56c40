import type { WatchedServer } from "../watched-server.ts";
import { ColumnStatisticsErrand, columnStatisticsEvent } from "./column-statistics.ts";
import { SchemaErrand } from "./schema-errand.ts";
import { schemaEvent } from "./schema-events.ts";

/** Changes of tables, columns, indexes and constraints, and what ANALYZE finds of columns. */
export function schemaPart({ host, next, config, watch, errands }: WatchedServer): void {
  if (next.logs === undefined) return;
  const { schema_collection: settings, events } = config;
  if (events[schemaEvent].enabled) {
    const { collection_interval: intervalMs, max_tables: limit } = settings;
    const errand = new SchemaErrand({ host, intervalMs, limit });
    watch.closes(errand);
    errands.push(errand);
  }
  if (events[columnStatisticsEvent].enabled) {
    const { statistics_interval: intervalMs, max_columns: limit } = settings;
    errands.push(new ColumnStatisticsErrand({ host, intervalMs, limit }));
  }
}
