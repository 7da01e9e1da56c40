import type { MetricDefinition } from "@dbintel/watching";
import { sizeMetrics } from "./table-sizes.ts";
import { usageKinds } from "./usage-kinds.ts";

/** Every metric that is collected of tables and indexes. */
export const objectMetrics: readonly MetricDefinition[] = [
  ...usageKinds.flatMap(({ metrics }) => metrics),
  ...sizeMetrics,
];
