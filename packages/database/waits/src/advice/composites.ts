import type { CompositeCode, SignCode } from "./finding.ts";

/** Findings about the same statement or database that point to one cause. */
export interface Composite {
  readonly code: CompositeCode;
  /** Of each group, one at least must be there. */
  readonly parts: readonly (readonly SignCode[])[];
  readonly recommendation: string;
}

/** Each says why its parts together are more than the parts. */
export const composites: readonly Composite[] = [
  {
    // Rows that no index finds are read from disk: the index saves the reads.
    code: "missing_index_io",
    parts: [["missing_index"], ["io_bound"]],
    recommendation: "Add the index first: the statement waits for reads that an index makes needless.",
  },
  {
    // A scan locks, or waits at, every row that it looks at and not only those that it wants (InnoDB locks what it scans).
    code: "missing_index_locks",
    parts: [["missing_index"], ["lock_contention"]],
    recommendation: "Add the index first: without it the statement meets the locks of rows that it does not want.",
  },
  {
    code: "join_without_index_load",
    parts: [["inefficient_join"], ["io_bound", "load_spike"]],
    recommendation: "Add an index for the join: its full scans are what the time goes to.",
  },
  {
    // Counted spills and time spent on temporary files are the same thing seen from two sides.
    code: "temporary_data_io",
    parts: [["temporary_data_on_disk"], ["temporary_io", "io_bound"]],
    recommendation: "Let the statement sort or group less, or give it memory enough to do so without the disk.",
  },
  {
    // Another plan that waits for other things than the one before is not just another way to the same.
    code: "plan_change_wait_shift",
    parts: [["plan_change"], ["wait_shift"]],
    recommendation: "Compare the two plans: since the change the statement waits for something else.",
  },
  {
    code: "io_saturation",
    parts: [["load_spike"], ["io_bound", "temporary_io", "log_flush_pressure"]],
    recommendation:
      "Find what reads or writes more than usual before buying faster storage: it was fast enough before.",
  },
  {
    // Clients that wait for a lock hold their connections, and the pools open more.
    code: "idle_transaction_pileup",
    parts: [
      ["idle_in_transaction_blocker"],
      ["lock_contention", "connection_storm", "connections_exhausted", "load_spike"],
    ],
    recommendation: "End the session that is idle in its transaction: the pile-up is behind it.",
  },
  {
    code: "metadata_lock_pileup",
    parts: [
      ["metadata_lock_queue"],
      ["lock_contention", "metadata_lock_contention", "connection_storm", "connections_exhausted", "load_spike"],
    ],
    recommendation: "Cancel the change of the schema now: every statement on the table queues behind it.",
  },
];
