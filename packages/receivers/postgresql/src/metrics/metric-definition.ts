import { type MetricDefinition, type MetricQuery as Query, single } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";

/** A query for PostgreSQL and the metrics that are made of its rows. */
export interface MetricQuery extends Query<Capabilities> {
  /** Its answer is one row at most, whose columns no other such query has: they are asked together, see `overview.ts`. */
  readonly oneRow?: boolean;
  /** A condition in SQL without which it has no rows: most servers have no replicas, slots or subscriptions. */
  readonly when?: string;
}

/** Labels for rows that belong to a database: the semantic conventions' name and the one of New Relic's charts. */
export const databaseLabels = { "db.namespace": "database", "postgresql.database.name": "database" } as const;

/** Microseconds since 1970 as an int8. */
export function micros(expression: string): string {
  return `(date_part('epoch', ${expression}) * 1000000)::int8`;
}

/** What a metric of our own says of itself: its name behind `dbintel.postgresql.`, what it is, its unit. */
type Words = readonly [name: string, description: string, unit: string];

/** A metric of our own that shows how much there is now, by default as an integer. */
export function ownGauge(words: Words, column: string, number: "int" | "double" = "int"): MetricDefinition {
  return single({ ...spoken(words), type: "gauge", number, enabled: true }, column);
}

/** A metric of our own that only grows; counts since the microseconds in a column, by default `start`. */
export function ownCounter(
  words: Words,
  values: MetricDefinition["values"],
  options: { readonly number?: "int" | "double"; readonly enabled?: boolean; readonly start?: string } = {},
): MetricDefinition {
  const { number = "int", enabled = true, start: startColumn = "start" } = options;
  return { ...spoken(words), type: "counter", number, enabled, startColumn, values };
}

/** One value for each column, told apart by the attribute. */
export function by(attribute: string, columns: Readonly<Record<string, string>>): MetricDefinition["values"] {
  return Object.entries(columns).map(([value, column]) => ({ column, attributes: { [attribute]: value } }));
}

function spoken([name, description, unit]: Words) {
  return { name: `dbintel.postgresql.${name}`, description, unit };
}
