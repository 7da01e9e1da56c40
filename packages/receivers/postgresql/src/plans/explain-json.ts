import type { ConditionRole, NodeRole, Plan, PlanNode } from "@dbintel/plans";

/**
 * A plan of PostgreSQL as `EXPLAIN (FORMAT JSON)` writes it, from what `@dbintel/plans` has read of it: so nothing is
 * in it that was not made safe there, and whoever reads it finds the same operations and the same hashes.
 *
 * Left out is what a plan that was never run does not have, and what the reading leaves out: output lists, the
 * direction of scans, marks such as `Parallel Aware`.
 */
export function explainJson({ root }: Plan): string {
  return JSON.stringify([{ Plan: nodeMembers(root) }]);
}

/** The members of one operation; `JSON.stringify` leaves out what is undefined. */
function nodeMembers(node: PlanNode): Readonly<Record<string, unknown>> {
  const { operation, role, schema, relation, alias, index, joinType, strategy, partialMode, estimate, workers } = node;
  return {
    "Node Type": operation,
    "Parent Relationship": relationships[role],
    "Subplan Name": role === "cte" ? `CTE ${relation ?? ""}` : undefined,
    "Partial Mode": partialMode,
    ...(strategy === undefined ? {} : { [strategyMember(strategy)]: strategy }),
    "Join Type": joinType,
    [relationMembers[operation] ?? "Relation Name"]: relation,
    Schema: schema,
    Alias: alias,
    "Index Name": index,
    "Startup Cost": estimate?.startupCost,
    "Total Cost": estimate?.totalCost,
    "Plan Rows": estimate?.rows,
    "Plan Width": estimate?.width,
    "Workers Planned": workers?.planned,
    ...conditionMembers(node),
    "Sort Key": listed(node.sortKeys),
    "Group Key": listed(node.groupKeys),
    Plans: listed(node.children.map(nodeMembers)),
  };
}

const relationships: Readonly<Record<NodeRole, string | undefined>> = {
  root: undefined,
  outer: "Outer",
  inner: "Inner",
  member: "Member",
  subplan: "SubPlan",
  init_plan: "InitPlan",
  cte: "InitPlan",
};

/** Operations that name what they read otherwise than a table. */
const relationMembers: Readonly<Record<string, string>> = {
  "CTE Scan": "CTE Name",
  "WorkTable Scan": "CTE Name",
  "Function Scan": "Function Name",
  "Table Function Scan": "Table Function Name",
  "Named Tuplestore Scan": "Tuplestore Name",
};

function strategyMember(strategy: string): string {
  if (["Plain", "Sorted", "Hashed", "Mixed"].includes(strategy)) return "Strategy";
  return ["Insert", "Update", "Delete", "Merge", "Select"].includes(strategy) ? "Operation" : "Command";
}

function conditionMembers({ operation, conditions }: PlanNode): Readonly<Record<string, readonly string[] | string>> {
  const members: Record<string, string[]> = {};
  for (const { role, text } of conditions) {
    const name = role === "join_condition" && operation === "Merge Join" ? "Merge Cond" : conditionNames[role];
    members[name] = [...(members[name] ?? []), text];
  }
  return Object.fromEntries(
    Object.entries(members).map(([name, texts]) => [name, texts.length === 1 ? (texts[0] ?? "") : texts]),
  );
}

/** Of several members that mean the same, the one that occurs most. */
const conditionNames: Readonly<Record<ConditionRole, string>> = {
  index_condition: "Index Cond",
  recheck: "Recheck Cond",
  filter: "Filter",
  join_filter: "Join Filter",
  join_condition: "Hash Cond",
  having: "Filter",
  one_time_filter: "One-Time Filter",
  order_by: "Order By",
  range: "Index Cond",
  cache_key: "Cache Key",
  run_condition: "Run Condition",
  function_call: "Function Call",
  remote_sql: "Remote SQL",
};

function listed<Item>(items: readonly Item[]): readonly Item[] | undefined {
  return items.length === 0 ? undefined : items;
}
