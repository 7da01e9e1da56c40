import type { MetricDefinition } from "@dbintel/watching";
import type { WatchedServer } from "../watched-server.ts";
import { bloatErrand, bloatMetric } from "./bloat.ts";
import { ObjectErrand } from "./object-errand.ts";

/** The bloat of tables changes slowly: so many looks pass from one estimate to the next. */
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
  if (!enabled(bloatMetric)) return;
  const { collection_interval: intervalMs, max_tables: limit } = settings;
  errands.push(bloatErrand({ intervalMs: intervalMs * looksPerBloat, limit, enabledLabel }));
}
