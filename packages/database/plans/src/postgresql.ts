import { fingerprintSql, redactSql } from "@dbintel/sql";
import type { Members } from "./members.ts";
import type {
  Actual,
  Buffers,
  ConditionRole,
  NodeRole,
  OperationKind,
  Plan,
  PlanNode,
  RemovedRows,
  Workspace,
} from "./plan.ts";
import type { ReadContext } from "./read-context.ts";

/**
 * Reads the JSON of PostgreSQL's `EXPLAIN (FORMAT JSON)` (one element of its list), auto_explain and pg_store_plans.
 * The names of the members are those of `src/backend/commands/explain.c`.
 */
export function readPostgresqlPlan(document: Members, plan: Members, context: ReadContext): Plan {
  const queryText = document.text("Query Text");
  return {
    dialect: "postgresql",
    format: "postgresql_json",
    root: readNode(plan, 1, context),
    query:
      queryText === undefined
        ? undefined
        : {
            text: redactSql(queryText, context.syntax).text,
            fingerprint: fingerprintSql(queryText, context.syntax),
          },
    planningMs: document.number("Planning Time"),
    executionMs: document.number("Execution Time"),
  };
}

/** What the operations that PostgreSQL has do, by its names for them. */
export const operationKinds: ReadonlyMap<string, OperationKind> = new Map([
  ["Seq Scan", "sequential_scan"],
  ["Sample Scan", "sequential_scan"],
  ["Index Scan", "index_scan"],
  ["Index Only Scan", "index_only_scan"],
  ["Bitmap Heap Scan", "bitmap_scan"],
  ["Bitmap Index Scan", "index_scan"],
  ["BitmapAnd", "other"],
  ["BitmapOr", "other"],
  ["Tid Scan", "other_scan"],
  ["Tid Range Scan", "other_scan"],
  ["Subquery Scan", "other_scan"],
  ["Function Scan", "other_scan"],
  ["Table Function Scan", "other_scan"],
  ["Values Scan", "other_scan"],
  ["CTE Scan", "other_scan"],
  ["Named Tuplestore Scan", "other_scan"],
  ["WorkTable Scan", "other_scan"],
  ["Foreign Scan", "other_scan"],
  ["Custom Scan", "other_scan"],
  ["Nested Loop", "nested_loop"],
  ["Hash Join", "hash_join"],
  ["Merge Join", "merge_join"],
  ["Hash", "hash"],
  ["Sort", "sort"],
  ["Incremental Sort", "sort"],
  ["Aggregate", "aggregate"],
  ["Group", "aggregate"],
  ["WindowAgg", "aggregate"],
  ["Unique", "aggregate"],
  ["Materialize", "materialize"],
  ["Memoize", "materialize"],
  ["Limit", "limit"],
  ["Append", "set_operation"],
  ["Merge Append", "set_operation"],
  ["Recursive Union", "set_operation"],
  ["SetOp", "set_operation"],
  ["ModifyTable", "modify"],
  ["Gather", "gather"],
  ["Gather Merge", "gather"],
  ["Result", "other"],
  ["ProjectSet", "other"],
  ["LockRows", "other"],
]);

const roles: ReadonlyMap<string, NodeRole> = new Map([
  ["Outer", "outer"],
  ["Inner", "inner"],
  ["Member", "member"],
  ["SubPlan", "subplan"],
  ["Subquery", "outer"],
  ["InitPlan", "init_plan"],
]);

const conditions: readonly (readonly [string, ConditionRole])[] = [
  ["Index Cond", "index_condition"],
  ["Recheck Cond", "recheck"],
  ["TID Cond", "index_condition"],
  ["Hash Cond", "join_condition"],
  ["Merge Cond", "join_condition"],
  ["Join Filter", "join_filter"],
  ["Filter", "filter"],
  ["One-Time Filter", "one_time_filter"],
  ["Order By", "order_by"],
  ["Run Condition", "run_condition"],
  ["Conflict Filter", "filter"],
  ["Cache Key", "cache_key"],
  ["Function Call", "function_call"],
  ["Table Function Call", "function_call"],
  ["Remote SQL", "remote_sql"],
];

/** Members whose text PostgreSQL takes from a fixed list, by that list: any other text stays out. */
const joinTypes = new Set(["Inner", "Left", "Full", "Right", "Semi", "Anti", "Right Semi", "Right Anti"]);
const strategies = new Set(["Plain", "Sorted", "Hashed", "Mixed"]);
const operations = new Set(["Insert", "Update", "Delete", "Merge", "Select"]);
const commands = new Set(["Intersect", "Intersect All", "Except", "Except All"]);

function readNode(members: Members, depth: number, context: ReadContext): PlanNode {
  context.enter(depth);
  const type = members.text("Node Type") ?? "";
  const kind = operationKinds.get(type);
  const subplan = members.text("Subplan Name");
  const cte = subplan?.startsWith("CTE ") === true ? subplan.slice("CTE ".length) : undefined;
  const role = cte === undefined ? (roles.get(members.text("Parent Relationship") ?? "") ?? "outer") : "cte";
  return {
    // A node type that PostgreSQL may add one day says what it is in its own words, which hold no constant.
    operation: kind === undefined ? context.expression(type) : type,
    kind: kind ?? "other",
    role: depth === 1 ? "root" : role,
    schema: members.text("Schema"),
    relation: relationOf(members) ?? cte,
    alias: members.text("Alias"),
    index: members.text("Index Name"),
    keyParts: [],
    joinType: oneOf(joinTypes, members.text("Join Type")),
    strategy:
      oneOf(strategies, members.text("Strategy")) ??
      oneOf(operations, members.text("Operation")) ??
      oneOf(commands, members.text("Command")),
    partialMode: partialModeOf(members.text("Partial Mode")),
    conditions: conditions.flatMap(([name, role]) =>
      members.texts(name).flatMap((text) => context.condition(role, text)),
    ),
    sortKeys: context.expressions(members.texts("Sort Key")),
    groupKeys: context.expressions([
      ...members.texts("Group Key"),
      ...members
        .objects("Grouping Sets")
        .flatMap((set) => [...set.texts("Group Keys"), ...set.texts("Hash Keys"), ...set.texts("Sort Key")]),
    ]),
    estimate: {
      rows: members.number("Plan Rows"),
      width: members.number("Plan Width"),
      startupCost: members.number("Startup Cost"),
      totalCost: members.number("Total Cost"),
    },
    actual: actualOf(members),
    removed: removedOf(members),
    buffers: buffersOf(members),
    workspace: workspaceOf(members),
    lossyBlocks: members.number("Lossy Heap Blocks"),
    heapFetches: members.number("Heap Fetches"),
    workers: workersOf(members),
    children: members.objects("Plans").map((child) => readNode(child, depth + 1, context)),
  };
}

function oneOf(known: ReadonlySet<string>, text: string | undefined): string | undefined {
  return text !== undefined && known.has(text) ? text : undefined;
}

function relationOf(members: Members): string | undefined {
  const names = ["Relation Name", "CTE Name", "Function Name", "Table Function Name", "Tuplestore Name"];
  return names.map((name) => members.text(name)).find((name) => name !== undefined);
}

function partialModeOf(text: string | undefined): PlanNode["partialMode"] {
  return text === "Partial" || text === "Finalize" ? text : undefined;
}

/** Without timing (`TIMING OFF`) there are rows and loops alone. */
function actualOf(members: Members): Actual | undefined {
  const rows = members.number("Actual Rows");
  const loops = members.number("Actual Loops");
  if (rows === undefined || loops === undefined) return undefined;
  return {
    rows,
    loops,
    startupMs: members.number("Actual Startup Time"),
    totalMs: members.number("Actual Total Time"),
  };
}

function removedOf(members: Members): RemovedRows | undefined {
  const byFilter = members.number("Rows Removed by Filter");
  const byJoinFilter = members.number("Rows Removed by Join Filter");
  const byRecheck = members.number("Rows Removed by Index Recheck");
  if (byFilter === undefined && byJoinFilter === undefined && byRecheck === undefined) return undefined;
  return { byFilter, byJoinFilter, byRecheck };
}

function buffersOf(members: Members): Buffers | undefined {
  if (!members.has("Shared Hit Blocks")) return undefined;
  const blocks = (name: string): number => members.number(`${name} Blocks`) ?? 0;
  return {
    sharedHit: blocks("Shared Hit"),
    sharedRead: blocks("Shared Read"),
    sharedDirtied: blocks("Shared Dirtied"),
    sharedWritten: blocks("Shared Written"),
    tempRead: blocks("Temp Read"),
    tempWritten: blocks("Temp Written"),
  };
}

function workspaceOf(members: Members): Workspace | undefined {
  const sort = members.number("Sort Space Used");
  if (sort !== undefined) {
    const disk = members.text("Sort Space Type") === "Disk";
    return { memoryKilobytes: disk ? undefined : sort, diskKilobytes: disk ? sort : 0 };
  }
  const fullSort = members.object("Full-sort Groups")?.object("Sort Space Disk");
  const presorted = members.object("Pre-sorted Groups")?.object("Sort Space Disk");
  const spilled = presorted?.number("Peak Sort Space Used") ?? fullSort?.number("Peak Sort Space Used");
  if (spilled !== undefined) return { diskKilobytes: spilled };
  const batches = members.number("Hash Batches") ?? members.number("HashAgg Batches");
  if (batches === undefined) return undefined;
  return {
    batches,
    memoryKilobytes: members.number("Peak Memory Usage"),
    diskKilobytes: members.number("Disk Usage"),
  };
}

function workersOf(members: Members): PlanNode["workers"] {
  const planned = members.number("Workers Planned");
  return planned === undefined ? undefined : { planned, launched: members.number("Workers Launched") };
}
