import { estimateErrors } from "./estimate-error.ts";
import { nodesOf, type OperationKind, type Plan, type PlanNode } from "./plan.ts";
import { type PlanHashes, planHashes } from "./plan-hash.ts";

/** What an attribute can hold. */
export type PlanAttributeValue = string | number | boolean;

/**
 * The attributes `db.query.plan.*` of a plan, by name. A figure that the plan does not tell is absent.
 *
 * Costs, rows, buffers and times are those of the root, which include all below it; times are milliseconds.
 */
export function planAttributes(
  plan: Plan,
  hashes: PlanHashes = planHashes(plan),
): ReadonlyMap<string, PlanAttributeValue> {
  const { root } = plan;
  const nodes = [...nodesOf(root)];
  const attributes = new Map<string, PlanAttributeValue>();
  const set = (name: string, value: PlanAttributeValue | undefined): void => {
    if (value !== undefined) attributes.set(`db.query.plan.${name}`, value);
  };
  const kinds = new Set(nodes.map(({ kind }) => kind));
  set("format", plan.format);
  set("hash", hashes.full);
  set("shape_hash", hashes.shape);
  set("operation", root.operation);
  set("cost", root.estimate?.totalCost);
  set("startup_cost", root.estimate?.startupCost);
  set("rows", root.estimate?.rows);
  set("width", root.estimate?.width);
  set("efficiency", efficiencyOf(root));
  set("depth", depthOf(root));
  set("node_count", nodes.length);
  for (const [name, kind] of operationFlags) set(name, kinds.has(kind));
  set("relations", listed(nodes.map(({ relation }) => relation)));
  set("indexes", listed(nodes.map(({ index }) => index)));
  set("actual_rows", root.actual?.rows);
  set("actual_loops", root.actual?.loops);
  set("actual_time", root.actual?.totalMs);
  set("planning_time", plan.planningMs);
  set("execution_time", plan.executionMs);
  set("shared_hit", root.buffers?.sharedHit);
  set("shared_read", root.buffers?.sharedRead);
  set("temp_read", root.buffers?.tempRead);
  set("temp_written", root.buffers?.tempWritten);
  set("estimate_error", largestError(root));
  return attributes;
}

const operationFlags: readonly (readonly [string, OperationKind])[] = [
  ["has_seq_scan", "sequential_scan"],
  ["has_nested_loop", "nested_loop"],
  ["has_hash_join", "hash_join"],
  ["has_merge_join", "merge_join"],
  ["has_sort", "sort"],
];

/** Expected rows per unit of cost. */
function efficiencyOf({ estimate }: PlanNode): number | undefined {
  const { rows, totalCost } = estimate ?? {};
  return rows === undefined || totalCost === undefined || totalCost <= 0 ? undefined : rows / totalCost;
}

function depthOf(node: PlanNode): number {
  return 1 + node.children.reduce((deepest, child) => Math.max(deepest, depthOf(child)), 0);
}

/** Each name once, in the order of the plan. */
function listed(names: readonly (string | undefined)[]): string | undefined {
  const known = new Set(names.filter((name) => name !== undefined));
  return known.size === 0 ? undefined : [...known].join(",");
}

function largestError(root: PlanNode): number | undefined {
  let largest: number | undefined;
  for (const { factor } of estimateErrors(root)) largest = Math.max(largest ?? factor, factor);
  return largest;
}
