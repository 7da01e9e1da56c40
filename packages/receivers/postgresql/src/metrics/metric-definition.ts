import type { MetricQuery as Query } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";

/** A query for PostgreSQL and the metrics that are made of its rows. */
export type MetricQuery = Query<Capabilities>;

/** Labels for rows that belong to a database: the semantic conventions' name and the one of New Relic's charts. */
export const databaseLabels = { "db.namespace": "database", "postgresql.database.name": "database" } as const;

/** Microseconds since 1970 as an int8. */
export function micros(expression: string): string {
  return `(date_part('epoch', ${expression}) * 1000000)::int8`;
}
