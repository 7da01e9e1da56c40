/** What metrics tell about a table. */
export const tableFacts = [
  "live_rows",
  "dead_rows",
  /** Rows changed since the statistics of the planner were made. */
  "modified_rows",
  /** Rows inserted, updated and deleted; a counter. */
  "changed_rows",
  /** Bytes of the table, and of its indexes where they are counted apart. */
  "size",
  /** Seconds since 1970. */
  "vacuumed_at",
  "analyzed_at",
  /** How often; counters. */
  "vacuums",
  "analyzes",
  /** Reads of the whole table, and those by an index; counters. */
  "sequential_scans",
  "index_scans",
] as const;

export type TableFact = (typeof tableFacts)[number];

/** A value with its time, and the one before it where that is known: their difference is that of an interval. */
export interface Reading {
  value: number;
  atMs: number;
  previous: number | undefined;
  previousMs: number;
}
