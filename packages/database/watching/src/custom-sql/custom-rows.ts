import { bounded, printable } from "../bounded-text.ts";
import type { MetricDefinition } from "../metric-definition.ts";
import type { Row, Value } from "../row.ts";
import type { CustomQuery } from "./settings.ts";

/** Longest value of a label, in bytes: it goes with every data point. */
const longestLabel = 255;

/** The rows of an answer, made fit to be data points, and what is wrong with them. */
export interface CustomRows {
  readonly rows: readonly Row[];
  readonly complaints: readonly string[];
}

/** What a row's metrics are, for `addMetric`. */
export function metricDefinitions({ metrics }: CustomQuery): readonly MetricDefinition[] {
  return metrics.map(({ column, ...metric }) => ({ ...metric, enabled: true, values: [{ column: asNumber(column) }] }));
}

/** A column may be a label too: its numbers stand in a column of their own. */
const asNumber = (column: string) => `${column} as number`;

/**
 * Reads what the query's metrics and labels name: numbers also where the server sends them as text, labels as bounded
 * texts. Of rows with the same labels the first counts, because they would be one data point.
 */
export function customRows(query: CustomQuery, answer: readonly Row[]): CustomRows {
  const complaints = new Set<string>();
  const rows: Row[] = [];
  const seen = new Set<string>();
  const labels = Object.values(query.labels);
  if (answer.length > query.max_rows) complaints.add(`has more than ${query.max_rows} rows: the rest is left out`);
  for (const row of answer.slice(0, query.max_rows)) {
    const texts = labels.map((column) => label(row[column]));
    const identity = JSON.stringify(texts);
    if (seen.has(identity)) complaints.add("has several rows with the same labels: the first of them counts");
    if (seen.has(identity)) continue;
    seen.add(identity);
    const numbers = query.metrics.map(({ column }) => numeric(row[column]));
    query.metrics.forEach(({ column }, at) => {
      const value = row[column];
      if (value === undefined) complaints.add(`has no column ${column}: it has ${Object.keys(row).join(", ")}`);
      else if (value !== null && numbers[at] === null) complaints.add(`has in column ${column} what is no number`);
    });
    for (const column of labels) {
      if (!(column in row)) complaints.add(`has no column ${column}: it has ${Object.keys(row).join(", ")}`);
    }
    rows.push({
      ...Object.fromEntries(labels.map((column, at) => [column, texts[at] ?? null])),
      ...Object.fromEntries(query.metrics.map(({ column }, at) => [asNumber(column), numbers[at] ?? null])),
    });
  }
  return { rows, complaints: [...complaints] };
}

function label(value: Value | undefined): string | null {
  return value === undefined || value === null ? null : printable(bounded(String(value), longestLabel));
}

/** `null` for NULL and for what is no number. */
function numeric(value: Value | undefined): bigint | number | null {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "string") return null;
  if (/^[-+]?\d{1,18}$/.test(value)) return BigInt(value);
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value) && Number.isFinite(Number(value)) ? Number(value) : null;
}
