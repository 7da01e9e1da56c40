/** A counter of events_statements_summary_by_digest that is remembered between polls and shipped as a difference. */
export interface StatementCounter {
  readonly column: string;
  /** The end of the attribute's name. The OpenTelemetry Collector's where it has one. */
  readonly attribute: string;
  /**
   * `count`: shipped as it is. `picoseconds`: shipped in seconds. `maximum`: the greatest since the server began to count the
   * statement, of which there is no difference.
   */
  readonly type: "count" | "picoseconds" | "maximum";
}

const sums = [
  "SUM_ROWS_AFFECTED",
  "SUM_ERRORS",
  "SUM_WARNINGS",
  "SUM_CREATED_TMP_TABLES",
  "SUM_CREATED_TMP_DISK_TABLES",
  "SUM_SELECT_FULL_JOIN",
  "SUM_SELECT_SCAN",
  "SUM_SORT_MERGE_PASSES",
  "SUM_SORT_ROWS",
  "SUM_NO_INDEX_USED",
  "SUM_NO_GOOD_INDEX_USED",
  "SUM_SELECT_FULL_RANGE_JOIN",
  "SUM_SELECT_RANGE",
  "SUM_SELECT_RANGE_CHECK",
  "SUM_SORT_RANGE",
  "SUM_SORT_SCAN",
  "COUNT_SECONDARY",
];

const maxima = ["MAX_CONTROLLED_MEMORY", "MAX_TOTAL_MEMORY"];

/**
 * The counters that are read. One line here is all it takes to ship one more: a column that a server lacks is left
 * out there.
 */
const statementCounters: readonly StatementCounter[] = [
  { column: "COUNT_STAR", attribute: "count_star", type: "count" },
  { column: "SUM_TIMER_WAIT", attribute: "sum_timer_wait", type: "picoseconds" },
  { column: "SUM_LOCK_TIME", attribute: "sum_lock_time", type: "picoseconds" },
  { column: "SUM_CPU_TIME", attribute: "sum_cpu_time", type: "picoseconds" },
  { column: "SUM_ROWS_SENT", attribute: "returned_rows", type: "count" },
  { column: "SUM_ROWS_EXAMINED", attribute: "examined_rows", type: "count" },
  ...sums.map((column) => ({ column, attribute: column.toLowerCase(), type: "count" }) as const),
  ...maxima.map((column) => ({ column, attribute: column.toLowerCase(), type: "maximum" }) as const),
];

/** The values that two statements have of a counter, as one. */
export function together({ type }: StatementCounter, one: bigint, other: bigint): bigint {
  if (type === "maximum") return one > other ? one : other;
  return one + other;
}

/** Where calls and execution time stand; every server has these columns. */
export const callsIndex = 0;
export const timeIndex = 1;

/** The counters that a server has, in the order in which they are stored. */
export function availableCounters(columns: ReadonlySet<string>): readonly StatementCounter[] {
  return statementCounters.filter(({ column }) => columns.has(column));
}
