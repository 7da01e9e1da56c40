/** A counter of pg_stat_statements that is remembered between polls and shipped as a difference. */
export interface StatementCounter {
  /** Its name, that of the newest PostgreSQL. */
  readonly column: string;
  /** The attribute of the event. Names of the OpenTelemetry Collector's receiver where it has one. */
  readonly attribute: string;
  /** `integer`: an int8, shipped as it is. `milliseconds`: a float8, shipped in seconds. */
  readonly type: "integer" | "milliseconds";
  /** What it is read from: the sum of those of these columns that the server has. Default: the column of its name. */
  readonly from?: readonly string[];
  /** 0 for most statements: then it does not appear in an event. */
  readonly rare?: boolean;
  /** Counters of one field are 0 together for most statements. Default: that of what no statement goes without. */
  readonly field?: string;
}

/**
 * The counters that are read, in the order in which they are stored. One line here is all it takes to ship one more:
 * a column that a server lacks is left out there. They only grow until their entry is reset.
 */
export const statementCounters = [
  { column: "calls", attribute: "postgresql.calls", type: "integer" },
  { column: "total_exec_time", attribute: "postgresql.total_exec_time", type: "milliseconds" },
  { column: "plans", attribute: "postgresql.plans", type: "integer", field: "planning" },
  { column: "total_plan_time", attribute: "postgresql.total_plan_time", type: "milliseconds", field: "planning" },
  { column: "rows", attribute: "postgresql.rows", type: "integer" },
  { column: "shared_blks_hit", attribute: "postgresql.shared_blks_hit", type: "integer", field: "shared_read" },
  { column: "shared_blks_read", attribute: "postgresql.shared_blks_read", type: "integer", field: "shared_read" },
  {
    column: "shared_blks_dirtied",
    attribute: "postgresql.shared_blks_dirtied",
    type: "integer",
    field: "shared_write",
  },
  {
    column: "shared_blks_written",
    attribute: "postgresql.shared_blks_written",
    type: "integer",
    field: "shared_write",
  },
  { column: "temp_blks_read", attribute: "postgresql.temp_blks_read", type: "integer", field: "temp" },
  { column: "temp_blks_written", attribute: "postgresql.temp_blks_written", type: "integer", field: "temp" },
  { column: "local_blks_hit", attribute: "postgresql.local_blks_hit", type: "integer", field: "local", rare: true },
  { column: "local_blks_read", attribute: "postgresql.local_blks_read", type: "integer", field: "local", rare: true },
  {
    column: "local_blks_dirtied",
    attribute: "postgresql.local_blks_dirtied",
    type: "integer",
    field: "local",
    rare: true,
  },
  {
    column: "local_blks_written",
    attribute: "postgresql.local_blks_written",
    type: "integer",
    field: "local",
    rare: true,
  },
  // Until PostgreSQL 16 one number for shared and local blocks.
  {
    column: "shared_blk_read_time",
    attribute: "postgresql.shared_blk_read_time",
    type: "milliseconds",
    field: "shared_time",
    from: ["shared_blk_read_time", "blk_read_time"],
    rare: true,
  },
  {
    column: "shared_blk_write_time",
    attribute: "postgresql.shared_blk_write_time",
    type: "milliseconds",
    field: "shared_time",
    from: ["shared_blk_write_time", "blk_write_time"],
    rare: true,
  },
  {
    column: "local_blk_read_time",
    attribute: "postgresql.local_blk_read_time",
    type: "milliseconds",
    field: "local",
    rare: true,
  },
  {
    column: "local_blk_write_time",
    attribute: "postgresql.local_blk_write_time",
    type: "milliseconds",
    field: "local",
    rare: true,
  },
  {
    column: "temp_blk_read_time",
    attribute: "postgresql.temp_blk_read_time",
    type: "milliseconds",
    field: "temp",
    rare: true,
  },
  {
    column: "temp_blk_write_time",
    attribute: "postgresql.temp_blk_write_time",
    type: "milliseconds",
    field: "temp",
    rare: true,
  },
  { column: "wal_records", attribute: "postgresql.wal_records", type: "integer", field: "wal", rare: true },
  { column: "wal_fpi", attribute: "postgresql.wal_fpi", type: "integer", field: "wal", rare: true },
  { column: "wal_bytes", attribute: "postgresql.wal_bytes", type: "integer", field: "wal", rare: true },
  { column: "jit_functions", attribute: "postgresql.jit_functions", type: "integer", field: "jit", rare: true },
  // The time for deforming, since PostgreSQL 17 a column of its own, is part of the generation's.
  {
    column: "jit_time",
    attribute: "postgresql.jit_time",
    type: "milliseconds",
    field: "jit",
    from: ["jit_generation_time", "jit_inlining_time", "jit_optimization_time", "jit_emission_time"],
    rare: true,
  },
  {
    column: "parallel_workers_to_launch",
    attribute: "postgresql.parallel_workers_to_launch",
    type: "integer",
    field: "parallel",
    rare: true,
  },
  {
    column: "parallel_workers_launched",
    attribute: "postgresql.parallel_workers_launched",
    type: "integer",
    field: "parallel",
    rare: true,
  },
] as const satisfies readonly StatementCounter[];

/** A column of {@link statementCounters}. */
export type StatementColumn = (typeof statementCounters)[number]["column"];

/** Counters of time whose unit their name does not tell: the attribute and the unit it has in events. */
export const attributeUnits: Readonly<Record<string, string>> = Object.fromEntries(
  statementCounters.filter(({ type }) => type === "milliseconds").map(({ attribute }) => [attribute, "s"]),
);

/** What is remembered beside the counters to say how an interval's executions differ; no differences of it are made. */
export const statementStates = ["stddev_exec_time", "min_exec_time", "max_exec_time"] as const;
export type StatementState = (typeof statementStates)[number];

/**
 * Some counters and states in one `bytea`, each an int8 or a float8 as the binary format has them: on the wire a column
 * of its own costs 4 bytes more. NULL where all are 0, which most of most statements are.
 */
export interface StatementField {
  readonly sql: string;
  /** Which they are: places of counters in the shape, and behind them of states. */
  readonly places: readonly number[];
}

/** What a server's pg_stat_statements offers of what is read; found by looking at its columns. */
export interface StatementShape {
  readonly counters: readonly StatementCounter[];
  readonly states: readonly StatementState[];
  /** Where each of them stands: the counters in their order, then the states. */
  readonly places: ReadonlyMap<string, number>;
  /** What is selected for the counters and the states; the first field is never NULL. */
  readonly fields: readonly StatementField[];
  /** Extension 1.9, PostgreSQL 14: the same statement called directly and from a function is told apart. */
  readonly toplevel: boolean;
  /** Extension 1.11, PostgreSQL 17: each entry says since when it counts. */
  readonly statsSince: boolean;
  /** As above: and since when its least and greatest time do. */
  readonly minmaxSince: boolean;
}

/** The shape for a set of columns. */
export function statementShape(columns: ReadonlySet<string>): StatementShape {
  const sources = ({ column, from = [column] }: StatementCounter) => from.filter((name) => columns.has(name));
  const counters: readonly StatementCounter[] = statementCounters.filter((counter) => sources(counter).length > 0);
  const states = statementStates.filter((state) => columns.has(state));
  const values: readonly SelectedValue[] = [
    ...counters.map((counter) => ({ ...counter, sql: valueSql(counter, sources(counter)) })),
    ...states.map((state) => ({ type: "milliseconds" as const, sql: state })),
  ];
  const fields = Map.groupBy(values.keys(), (place) => values[place]?.field ?? "");
  const always = fields.get("") ?? [];
  fields.delete("");
  return {
    ...{ counters, states, places: placesOf(counters, states) },
    fields: [
      { sql: bytesSql(values, always), places: always },
      ...[...fields.values()].map((of) => ({ sql: bytesUnlessZeroSql(values, of), places: of })),
    ],
    toplevel: columns.has("toplevel"),
    statsSince: columns.has("stats_since"),
    minmaxSince: columns.has("minmax_stats_since"),
  };
}

/** Where each of some counters and states stands in a row of them. */
export function placesOf(
  counters: readonly StatementCounter[],
  states: readonly StatementState[],
): ReadonlyMap<string, number> {
  return new Map([...counters.map(({ column }) => column), ...states].map((name, place) => [name, place]));
}

/** Whether rows of both shapes hold the same. */
export function sameShape(one: StatementShape, other: StatementShape): boolean {
  if (one === other) return true;
  const { statsSince, minmaxSince, toplevel } = one;
  return (
    one.counters.map(({ column }) => column).join() === other.counters.map(({ column }) => column).join() &&
    one.states.join() === other.states.join() &&
    statsSince === other.statsSince &&
    minmaxSince === other.minmaxSince &&
    toplevel === other.toplevel
  );
}

/** A counter or a state as it is selected. */
interface SelectedValue extends Pick<StatementCounter, "type" | "field"> {
  readonly sql: string;
}

function bytesSql(values: readonly SelectedValue[], places: readonly number[]): string {
  return selected(values, places)
    .map(({ type, sql }) => `${type === "integer" ? "int8send" : "float8send"}(${sql})`)
    .join(" || ");
}

function bytesUnlessZeroSql(values: readonly SelectedValue[], places: readonly number[]): string {
  const counted = selected(values, places).map(({ sql }) => `${sql} <> 0`);
  return `CASE WHEN ${counted.join(" OR ")} THEN ${bytesSql(values, places)} END`;
}

function selected(values: readonly SelectedValue[], places: readonly number[]): readonly SelectedValue[] {
  return places.flatMap((place) => values[place] ?? []);
}

function valueSql({ column }: StatementCounter, sources: readonly string[]): string {
  // A numeric; nobody writes 2^63 bytes, and a value that did not fit would fail the whole query.
  if (column === "wal_bytes") return "LEAST(wal_bytes, 9223372036854775807)::int8";
  return sources.length === 1 ? (sources[0] ?? "") : `(${sources.join(" + ")})`;
}

/** Where a counter stands in the shape, or -1. */
export function counterIndex(shape: StatementShape, column: StatementColumn): number {
  return shape.places.get(column) ?? -1;
}

/** Where a state stands in a row of the table, behind the counters, or -1. */
export function stateIndex(shape: StatementShape, state: StatementState): number {
  return shape.places.get(state) ?? -1;
}
