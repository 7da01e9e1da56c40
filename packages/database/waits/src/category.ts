/** What a session does or waits for at one moment: exactly one of these. The order is that of counters; add at the end. */
export const waitCategories = [
  /** It computes: it is active and no wait is known. */
  "cpu",
  /** A row, or the transaction that holds it. */
  "lock_row",
  /** A table, a page of it, or its extension. */
  "lock_table",
  /** The definition of something: MySQL's metadata locks, PostgreSQL's objects that are not tables. */
  "lock_metadata",
  /** A lock that the application took by name or number: advisory locks, `GET_LOCK`. */
  "lock_user",
  /** Reading or writing data files. */
  "io_data",
  /** Writing or flushing the log that a commit waits for: WAL, redo, binary log; and other logs. */
  "io_log",
  /** Reading or writing temporary files. */
  "io_temp",
  /** The client: for it to send more of a request or to take more of an answer. */
  "network",
  /** A page in memory that others use, or memory itself. */
  "buffer",
  /** A structure inside the server: lightweight locks, mutexes, conditions. */
  "latch",
  /** Another process of the same statement. */
  "parallel",
  /** A replica, a primary, or the bookkeeping of replication. */
  "replication",
  /** It waits because somebody asked for it: `pg_sleep`, the cost-based delay of vacuum. */
  "sleep",
  /** An extension of the server, which does not say more. */
  "extension",
  /** It has nothing to do. Never counts as load. */
  "idle",
  /** A wait of which only is known that it is one. */
  "other",
] as const;

export type WaitCategory = (typeof waitCategories)[number];

/** Categories that belong together where detail does not matter. */
export type WaitClass = "cpu" | "lock" | "io" | "network" | "internal" | "replication" | "idle" | "other";

const classes: Readonly<Record<WaitCategory, WaitClass>> = {
  cpu: "cpu",
  lock_row: "lock",
  lock_table: "lock",
  lock_metadata: "lock",
  lock_user: "lock",
  io_data: "io",
  io_log: "io",
  io_temp: "io",
  network: "network",
  buffer: "internal",
  latch: "internal",
  parallel: "internal",
  replication: "replication",
  sleep: "other",
  extension: "other",
  idle: "idle",
  other: "other",
};

export function waitClassOf(category: WaitCategory): WaitClass {
  return classes[category];
}

const ordinals = new Map(waitCategories.map((category, ordinal) => [category, ordinal]));

/** The place of a category in `waitCategories`. */
export function ordinalOf(category: WaitCategory): number {
  return ordinals.get(category) ?? waitCategories.length - 1;
}
