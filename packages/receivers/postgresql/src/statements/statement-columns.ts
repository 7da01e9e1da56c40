/** A counter of pg_stat_statements that is remembered between polls and shipped as a difference. */
export interface StatementCounter {
  readonly column: string;
  /** The attribute of the event. Names of the OpenTelemetry Collector's receiver where it has one. */
  readonly attribute: string;
  /** `integer`: an int8, shipped as it is. `milliseconds`: a float8, shipped in seconds. */
  readonly type: "integer" | "milliseconds";
}

/**
 * The counters that are read, in the order in which they are stored. One line here is all it takes to ship one more:
 * a column that a server lacks is left out there. They only grow until their entry is reset.
 */
export const statementCounters = [
  { column: "calls", attribute: "postgresql.calls", type: "integer" },
  { column: "total_exec_time", attribute: "postgresql.total_exec_time", type: "milliseconds" },
  { column: "plans", attribute: "postgresql.plans", type: "integer" },
  { column: "total_plan_time", attribute: "postgresql.total_plan_time", type: "milliseconds" },
  { column: "rows", attribute: "postgresql.rows", type: "integer" },
  { column: "shared_blks_hit", attribute: "postgresql.shared_blks_hit", type: "integer" },
  { column: "shared_blks_read", attribute: "postgresql.shared_blks_read", type: "integer" },
  { column: "shared_blks_dirtied", attribute: "postgresql.shared_blks_dirtied", type: "integer" },
  { column: "shared_blks_written", attribute: "postgresql.shared_blks_written", type: "integer" },
  { column: "temp_blks_read", attribute: "postgresql.temp_blks_read", type: "integer" },
  { column: "temp_blks_written", attribute: "postgresql.temp_blks_written", type: "integer" },
] as const satisfies readonly StatementCounter[];

/** A column of {@link statementCounters}. */
export type StatementColumn = (typeof statementCounters)[number]["column"];

/** What a server's pg_stat_statements offers of what is read; found by looking at its columns. */
export interface StatementShape {
  readonly counters: readonly StatementCounter[];
  /** Extension 1.9, PostgreSQL 14: the same statement called directly and from a function is told apart. */
  readonly toplevel: boolean;
  /** Extension 1.11, PostgreSQL 17: each entry says since when it counts. */
  readonly statsSince: boolean;
}

/** The shape for a set of columns. */
export function statementShape(columns: ReadonlySet<string>): StatementShape {
  return {
    counters: statementCounters.filter((counter) => columns.has(counter.column)),
    toplevel: columns.has("toplevel"),
    statsSince: columns.has("stats_since"),
  };
}

/** Where a counter stands in the shape, or -1. */
export function counterIndex(shape: StatementShape, column: StatementColumn): number {
  return shape.counters.findIndex((counter) => counter.column === column);
}
