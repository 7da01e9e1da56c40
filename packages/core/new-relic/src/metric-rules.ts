import { createHash } from "node:crypto";
import type { DataPoint, Metric } from "@dbintel/pdata";
import type { BreachCode } from "./breach.ts";

const hashDigits = 16;

/** What New Relic does not take of a metric as a whole, if anything. */
export function metricBreach(metric: Metric): BreachCode | undefined {
  if (metric.type === "none") return "metric_empty";
  if (metric.name === "") return "metric_name_empty";
  if (metric.type === "summary") return "summary";
  return metric.type === "sum" && metric.temporality === "delta" && !metric.monotonic
    ? "delta_not_monotonic"
    : undefined;
}

/** What New Relic does not take of the value of a point, if anything. */
export function pointBreach(point: DataPoint): BreachCode | undefined {
  const { value } = point;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : "value_not_finite";
  return Number.isFinite(point.sum ?? 0) ? undefined : "value_not_finite";
}

/** The name within `length`: a longer one ends in a hash of itself, so that two that begin alike stay two. */
export function shortMetricName(name: string, length: number): string {
  if (name.length <= length) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, hashDigits);
  const start = name.slice(0, length - hashDigits - 1);
  // Half a surrogate pair would become U+FFFD.
  return `${start.isWellFormed() ? start : start.slice(0, -1)}.${hash}`;
}
