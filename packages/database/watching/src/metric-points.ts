import type { MetricsBuilder, NumberPointInit } from "@dbintel/pdata";
import type { MetricDefinition, MetricLabels } from "./metric-definition.ts";
import { integer, number, type Row, text } from "./row.ts";

/** Makes the data points of one metric from the rows of its query and adds the metric, if there are any. */
export function addMetric(args: {
  readonly metrics: MetricsBuilder;
  readonly definition: MetricDefinition;
  readonly labels: MetricLabels | undefined;
  readonly rows: readonly Row[];
  readonly timeUnixNano: bigint;
}): void {
  const { metrics, definition, labels = {}, rows, timeUnixNano } = args;
  const points: NumberPointInit[] = [];
  for (const row of rows) {
    const shared = Object.fromEntries(Object.entries(labels).map(([name, column]) => [name, text(row, column)]));
    const start = definition.startColumn === undefined ? undefined : integer(row, definition.startColumn);
    for (const { column, attributes } of definition.values) {
      const value = measured(row, column, definition.number);
      if (value === undefined) continue;
      points.push({
        attributes: { ...shared, ...attributes },
        timeUnixNano,
        value,
        ...(start === undefined ? {} : { startTimeUnixNano: start * 1000n }),
      });
    }
  }
  if (points.length === 0) return;
  const { name, description, unit, type } = definition;
  if (type === "gauge") metrics.gauge({ name, description, unit }, points);
  else metrics.sum({ name, description, unit, monotonic: type === "counter", temporality: "cumulative" }, points);
}

function measured(row: Row, column: string, kind: "int" | "double"): bigint | number | undefined {
  if (kind === "double") return number(row, column);
  const exact = integer(row, column);
  if (exact !== undefined) return exact;
  const measurement = number(row, column);
  return measurement === undefined ? undefined : BigInt(Math.trunc(measurement));
}
