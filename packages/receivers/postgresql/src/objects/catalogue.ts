import type { MetricDefinition } from "@dbintel/watching";
import { bloatMetric } from "./bloat.ts";
import { objectQueries } from "./database-queries.ts";
import { indexBloatMetric } from "./index-bloat.ts";
import { indexKind } from "./indexes.ts";
import { tableKind } from "./tables.ts";

/** Every metric that is collected inside the databases. */
export const objectMetrics: readonly MetricDefinition[] = [
  ...tableKind.metrics,
  ...indexKind.metrics,
  ...objectQueries.flatMap(({ metrics }) => metrics),
  bloatMetric,
  indexBloatMetric,
];
