import type { MetricDefinition } from "@dbintel/watching";
import type { WatchedServer } from "../watched-server.ts";
import { bloatErrand } from "./bloat.ts";
import { ObjectErrand } from "./object-errand.ts";

/** Bloat changes slowly: so many looks pass from one estimate to the next. */
const looksPerBloat = 5;

/** Tables, indexes and functions of each database. */
export function objectsPart({ host, config, next, watch, errands }: WatchedServer): void {
  const { object_collection: settings, metrics, resource_attributes: attributes } = config;
  if (next.metrics === undefined || !settings.enabled) return;
  const enabled = ({ name, enabled: usual }: MetricDefinition) => metrics[name]?.enabled ?? usual;
  const enabledLabel = (name: string) => attributes[name]?.enabled ?? true;
  const errand = new ObjectErrand({ host, settings, enabled, enabledLabel });
  watch.closes(errand);
  errands.push(errand);
  const { collection_interval: intervalMs, max_tables: maxTables, max_indexes: maxIndexes } = settings;
  const limits = { intervalMs: intervalMs * looksPerBloat, maxTables, maxIndexes };
  const bloat = bloatErrand({ ...limits, enabled, enabledLabel });
  if (bloat !== undefined) errands.push(bloat);
}
