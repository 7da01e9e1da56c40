import type { SqlDialect } from "@dbintel/sql";
import { checkNode } from "./plan-argument.ts";

/** The texts that servers write plans in. */
export type PlanFormat =
  | "postgresql_json"
  /** PostgreSQL's `->` lines of `EXPLAIN` without a format, and of auto_explain by default. */
  | "postgresql_text"
  /** MySQL's JSON with `query_block`, the only one before 8.3. */
  | "mysql_json_v1"
  /** MySQL's JSON of iterators (`explain_json_format_version = 2`). */
  | "mysql_json_v2"
  /** MySQL's `-> …` lines of `FORMAT=TREE` and `EXPLAIN ANALYZE`. */
  | "mysql_tree"
  | "mariadb_json";

/** What an operation does, whatever the server calls it. */
export type OperationKind =
  /** Reads all rows of a table. */
  | "sequential_scan"
  /** Reads an index and the rows that it leads to. */
  | "index_scan"
  /** Reads an index alone. */
  | "index_only_scan"
  /** Reads the rows that one or more indexes marked. */
  | "bitmap_scan"
  /** Finds at most one row by a unique key. */
  | "row_lookup"
  /** Reads anything else: a function, a CTE, a temporary table. */
  | "other_scan"
  | "nested_loop"
  | "hash_join"
  | "merge_join"
  | "hash"
  | "sort"
  | "aggregate"
  | "materialize"
  | "limit"
  | "filter"
  | "set_operation"
  | "modify"
  | "gather"
  /** The head of a query or of a part of one. */
  | "query"
  | "other";

/** What an operation is to the one above it. */
export type NodeRole = "root" | "outer" | "inner" | "member" | "subplan" | "init_plan" | "cte";

/** Where in an operation a condition stands. */
export type ConditionRole =
  | "index_condition"
  | "recheck"
  | "filter"
  | "join_filter"
  | "join_condition"
  | "having"
  | "one_time_filter"
  | "order_by"
  | "range"
  | "cache_key"
  | "run_condition"
  | "function_call"
  | "remote_sql";

/** An expression of the statement, with `?` for each constant. */
export interface PlanCondition {
  readonly role: ConditionRole;
  readonly text: string;
}

/** What the optimizer expected. Rows are per loop. Costs are in the server's own unit. */
export interface Estimate {
  readonly rows?: number | undefined;
  /** Rows to be looked at before conditions throw some away (MySQL, MariaDB). */
  readonly examinedRows?: number | undefined;
  /** Bytes per row. */
  readonly width?: number | undefined;
  readonly startupCost?: number | undefined;
  readonly totalCost?: number | undefined;
}

/** What happened. Rows and times are averages per loop; `loops` is 0 where the operation never ran. */
export interface Actual {
  readonly rows: number;
  readonly loops: number;
  readonly startupMs?: number | undefined;
  readonly totalMs?: number | undefined;
}

/** Rows that were read and thrown away, per loop. */
export interface RemovedRows {
  readonly byFilter?: number | undefined;
  readonly byJoinFilter?: number | undefined;
  readonly byRecheck?: number | undefined;
}

/** Blocks touched by an operation and all below it, over all loops. */
export interface Buffers {
  readonly sharedHit: number;
  readonly sharedRead: number;
  readonly sharedDirtied: number;
  readonly sharedWritten: number;
  readonly tempRead: number;
  readonly tempWritten: number;
}

/** Where an operation kept its rows. */
export interface Workspace {
  /** Parts that a hash table was split into; 1 fits in memory. */
  readonly batches?: number | undefined;
  readonly memoryKilobytes?: number | undefined;
  /** 0 when nothing went to disk. */
  readonly diskKilobytes?: number | undefined;
  /** Times that a filesort merged runs from disk. */
  readonly mergePasses?: number | undefined;
}

/** One operation of a plan. It holds no constant of the statement. */
export interface PlanNode {
  /** The server's name for it: `Seq Scan`, `ref`, `Nested loop inner join`. */
  readonly operation: string;
  readonly kind: OperationKind;
  readonly role: NodeRole;
  readonly schema?: string | undefined;
  /** The table, function or CTE that is read or written. MySQL and MariaDB tell the alias in its place. */
  readonly relation?: string | undefined;
  readonly alias?: string | undefined;
  readonly index?: string | undefined;
  /** The columns of the index that are used (MySQL, MariaDB). */
  readonly keyParts: readonly string[];
  /** `Inner`, `Left`, `Semi` … as the server spells it. */
  readonly joinType?: string | undefined;
  /** `Hashed`, `Sorted`, `using temporary table` …. */
  readonly strategy?: string | undefined;
  /** PostgreSQL: an aggregate split between workers and leader. */
  readonly partialMode?: "Partial" | "Finalize" | undefined;
  readonly conditions: readonly PlanCondition[];
  readonly sortKeys: readonly string[];
  readonly groupKeys: readonly string[];
  readonly estimate?: Estimate | undefined;
  readonly actual?: Actual | undefined;
  readonly removed?: RemovedRows | undefined;
  readonly buffers?: Buffers | undefined;
  readonly workspace?: Workspace | undefined;
  /** Bitmap scans: blocks whose rows had to be looked through because memory was short. */
  readonly lossyBlocks?: number | undefined;
  /** Index-only scans: rows that had to be looked up in the table all the same. */
  readonly heapFetches?: number | undefined;
  readonly workers?: { readonly planned: number; readonly launched?: number | undefined } | undefined;
  readonly children: readonly PlanNode[];
}

/** The statement that a plan came with. */
export interface PlannedQuery {
  /** Without constants. */
  readonly text: string;
  /** The fingerprint of `@dbintel/sql`. */
  readonly fingerprint: string;
}

/** A plan without any constant of its statement. */
export interface Plan {
  readonly dialect: SqlDialect;
  readonly format: PlanFormat;
  readonly root: PlanNode;
  readonly query?: PlannedQuery | undefined;
  /** PostgreSQL's `queryid`, as decimal text: it does not fit a number. */
  readonly queryId?: string | undefined;
  readonly planningMs?: number | undefined;
  readonly executionMs?: number | undefined;
}

/** All operations, each before those below it. */
export function nodesOf(root: PlanNode): Generator<PlanNode> {
  checkNode(root);
  return nodesFrom(root);
}

function* nodesFrom(node: PlanNode): Generator<PlanNode> {
  yield node;
  for (const child of node.children) yield* nodesFrom(child);
}
