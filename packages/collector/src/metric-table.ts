import type { DataPoint, Metrics } from "@dbintel/pdata";
import { textTable } from "./text-table.ts";

/** The data points of a batch as a table: metric, attributes, value, unit; of each series the last point. */
export function metricTable(metrics: Metrics): string {
  const series = new Map<string, readonly string[]>();
  for (const point of metrics.points()) {
    const [name, attributes] = [point.metric.name, attributesText(point)];
    series.set(`${name} ${attributes}`, [name, attributes, valueText(point), point.metric.unit]);
  }
  return textTable(
    [{ title: "metric" }, { title: "attributes" }, { title: "value", align: "right" }, { title: "unit" }],
    [...series.values()].sort(([one = ""], [other = ""]) => one.localeCompare(other)),
  );
}

function attributesText({ attributes }: DataPoint): string {
  return [...attributes.entries()].map(([name, value]) => `${name}=${String(value)}`).join(" ");
}

function valueText({ value, count, sum }: DataPoint): string {
  if (value !== undefined) return String(value);
  return count === undefined ? "" : `count ${count}, sum ${sum ?? "none"}`;
}
