import type { DataPoint, Metrics } from "@dbintel/pdata";
import { textTable } from "./text-table.ts";

/** The data points of a batch as a table: metric, attributes, value, unit. */
export function metricTable(metrics: Metrics): string {
  const rows: string[][] = [];
  for (const point of metrics.points()) {
    rows.push([point.metric.name, attributesText(point), valueText(point), point.metric.unit]);
  }
  return textTable(
    [{ title: "metric" }, { title: "attributes" }, { title: "value", align: "right" }, { title: "unit" }],
    rows.sort(([one = ""], [other = ""]) => one.localeCompare(other)),
  );
}

function attributesText({ attributes }: DataPoint): string {
  return [...attributes.entries()].map(([name, value]) => `${name}=${String(value)}`).join(" ");
}

function valueText({ value, count, sum }: DataPoint): string {
  if (value !== undefined) return String(value);
  return count === undefined ? "" : `count ${count}, sum ${sum ?? "none"}`;
}
