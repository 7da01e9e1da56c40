import { textTable } from "./text-table.ts";
import type { TopQuery } from "./top-queries.ts";

/** How much of a table to print. */
export interface TopQueryTableOptions {
  /** Rows to show; the share is of all queries given. Default 10. */
  readonly limit?: number;
  /** Columns of the terminal; longer query texts are cut. Default: nothing is cut. */
  readonly columns?: number | undefined;
}

const columns = [
  { title: "share", align: "right" },
  { title: "time", align: "right" },
  { title: "calls", align: "right" },
  { title: "mean", align: "right" },
  { title: "rows", align: "right" },
  { title: "database" },
  { title: "user" },
  { title: "query" },
] as const;

/** Queries as a table by total time: share of the interval's statement time, calls, mean, rows, where and what. */
export function topQueryTable(queries: readonly TopQuery[], options: TopQueryTableOptions = {}): string {
  const total = queries.reduce((sum, { totalSeconds }) => sum + totalSeconds, 0);
  const rows = queries
    .slice(0, options.limit ?? 10)
    .map((query) => [
      total === 0 ? "" : `${((100 * query.totalSeconds) / total).toFixed(1)}%`,
      secondsText(query.totalSeconds),
      String(query.calls),
      query.calls === 0 ? "" : secondsText(query.totalSeconds / query.calls),
      String(query.rows),
      query.database,
      query.role,
      query.text,
    ]);
  const width = options.columns;
  const lines = textTable(columns, rows).split("\n");
  return lines
    .map((line) => (width === undefined || line.length <= width ? line : `${line.slice(0, width - 1)}…`))
    .join("\n");
}

/** A duration with three significant digits in the unit that fits it. */
export function secondsText(seconds: number): string {
  if (seconds >= 1) return `${seconds.toPrecision(3)} s`;
  if (seconds >= 1e-3) return `${(seconds * 1e3).toPrecision(3)} ms`;
  return `${(seconds * 1e6).toPrecision(3)} µs`;
}
