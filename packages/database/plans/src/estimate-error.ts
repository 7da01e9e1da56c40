import type { PlanNode } from "./plan.ts";
import { checkNode } from "./plan-argument.ts";

/** By how much the optimizer was wrong about the rows of an operation. */
export interface EstimateError {
  readonly node: PlanNode;
  readonly estimatedRows: number;
  readonly actualRows: number;
  /**
   * The q-error of Moerkotte, Neumann and Steidl ("Preventing bad plans by bounding the impact of cardinality
   * estimation errors", 2009): the larger of the two divided by the smaller, each at least 1.
   */
  readonly factor: number;
}

/**
 * The estimate errors of all operations that ran to their end, in the order of the plan. What stands below a LIMIT or
 * on the inner side of a semi-join may have been stopped early: its rows say nothing about the estimate.
 */
export function estimateErrors(root: PlanNode): Generator<EstimateError> {
  checkNode(root);
  return errorsOf(root, false);
}

function* errorsOf(node: PlanNode, stopsEarly: boolean): Generator<EstimateError> {
  const estimatedRows = node.estimate?.rows;
  const { rows: actualRows, loops } = node.actual ?? { rows: 0, loops: 0 };
  if (!stopsEarly && estimatedRows !== undefined && loops > 0) {
    const [low, high] = [Math.min(estimatedRows, actualRows), Math.max(estimatedRows, actualRows)];
    yield { node, estimatedRows, actualRows, factor: Math.max(high, 1) / Math.max(low, 1) };
  }
  // These read all their input before they give the first row, whatever becomes of it.
  const readsAll = node.kind === "sort" || node.kind === "hash" || isWholeAggregate(node);
  const stopping = node.kind === "limit" || (stopsEarly && !readsAll);
  for (const child of node.children) yield* errorsOf(child, stopping || stopsBetween(node, child));
}

function isWholeAggregate({ kind, strategy }: PlanNode): boolean {
  return kind === "aggregate" && (strategy === "Plain" || strategy === "Hashed");
}

/** Semi- and anti-joins leave the inner side at the first match; a merge join may not reach the end of either. */
function stopsBetween({ kind, joinType }: PlanNode, child: PlanNode): boolean {
  if (kind === "merge_join") return true;
  return child.role === "inner" && (joinType === "Semi" || joinType === "Anti") && kind === "nested_loop";
}
