import type { EstimateError } from "../estimate-error.ts";
import type { Plan, PlanNode } from "../plan.ts";

/** What rules can find. */
export type FindingId =
  | "large_sequential_scan"
  | "filter_discards_rows"
  | "nested_loop_explosion"
  | "join_without_index"
  | "repeated_subplan"
  | "disk_sort"
  | "hash_batches"
  | "temporary_files"
  | "lossy_bitmap"
  | "missing_parallelism"
  | "workers_not_launched"
  | "stale_statistics"
  | "misestimated_join"
  | "heap_fetches"
  | "high_io_read";

export type FindingSeverity = "info" | "warning" | "critical";

/** Something about a plan that costs time, with the figures that show it and what can be done. */
export interface Finding {
  readonly id: FindingId;
  readonly severity: FindingSeverity;
  /** The operation that it is about. */
  readonly operation: string;
  readonly relation?: string | undefined;
  /** What the plan says, by name. It holds no constant of the statement. */
  readonly evidence: Readonly<Record<string, number | string>>;
  readonly recommendation: string;
}

/** An operation and where it stands. */
export interface Site {
  readonly plan: Plan;
  readonly node: PlanNode;
  /** From the root down to the operation above. */
  readonly above: readonly PlanNode[];
  readonly thresholds: FindingThresholds;
  /** Those of all operations that ran to their end. */
  readonly errors: ReadonlyMap<PlanNode, EstimateError>;
}

/** Looks at one operation. Rules are asked about every operation of a plan and know nothing of one another. */
export type FindingRule = (site: Site) => Finding | undefined;

/** From when on something counts. */
export interface FindingThresholds {
  /** Rows read by a sequential scan. Default 100,000. */
  readonly sequentialScanRows: number;
  /** Where the rows read are unknown: the cost of a sequential scan. Default 10,000. */
  readonly sequentialScanCost: number;
  /** Rows thrown away. Default 10,000. */
  readonly discardedRows: number;
  /** Their share of those read. Default 0.9. */
  readonly discardedShare: number;
  /** Times that the inner side of a join, or a subplan, ran. Default 1,000. */
  readonly loops: number;
  /** How many times more or fewer rows than expected. Default 10. */
  readonly estimateFactor: number;
  /** Rows below which a wrong estimate does no harm. Default 1,000. */
  readonly estimateRows: number;
  /** Rows from which on workers would pay. Default 1,000,000. */
  readonly parallelRows: number;
  /** Rows that an index-only scan had to look up. Default 10,000. */
  readonly heapFetches: number;
  /** Blocks read from disk or the system's cache. Default 10,000 (80 MB of PostgreSQL's 8 kB blocks). */
  readonly readBlocks: number;
}

export const defaultFindingThresholds: FindingThresholds = {
  sequentialScanRows: 100_000,
  sequentialScanCost: 10_000,
  discardedRows: 10_000,
  discardedShare: 0.9,
  loops: 1_000,
  estimateFactor: 10,
  estimateRows: 1_000,
  parallelRows: 1_000_000,
  heapFetches: 10_000,
  readBlocks: 10_000,
};
