import type { PlanNode } from "../plan.ts";
import { conditionOf, known } from "./figures.ts";
import type { Finding, FindingRule } from "./finding.ts";

/**
 * The inner side of a nested loop ran very often although it has no index, or although far fewer rows were expected to
 * drive it: the join would have been another one, had the optimizer known.
 */
export const nestedLoopExplosion: FindingRule = ({ node, thresholds }) => {
  if (node.kind !== "nested_loop") return undefined;
  let expectedLoops = 1;
  for (const child of node.children) {
    const loops = child.actual?.loops ?? expectedLoops;
    if (child.role === "inner" && loops >= thresholds.loops && !isKept(child)) {
      const searched = child.kind === "sequential_scan";
      const unexpected = loops >= expectedLoops * thresholds.estimateFactor;
      if (searched || unexpected) return explosion({ node, inner: child, loops, expectedLoops, searched });
    }
    if (child.role === "inner" || child.role === "outer") expectedLoops *= Math.max(child.estimate?.rows ?? 1, 1);
  }
  return undefined;
};

interface Explosion {
  readonly node: PlanNode;
  readonly inner: PlanNode;
  readonly loops: number;
  readonly expectedLoops: number;
  /** The inner side is read from end to end each time. */
  readonly searched: boolean;
}

function explosion({ node, inner, loops, expectedLoops, searched }: Explosion): Finding {
  return {
    id: "nested_loop_explosion",
    severity: searched ? "critical" : "warning",
    operation: node.operation,
    relation: inner.relation,
    evidence: known({ loops, expected_loops: expectedLoops, inner_operation: inner.operation }),
    recommendation: searched
      ? "Add an index on the join columns of the inner table: it is read from end to end for each outer row."
      : "Far more rows drive the loop than were expected. ANALYZE the outer tables; extended statistics help where columns depend on one another.",
  };
}

/** What is read once and kept is not read again. */
function isKept(node: PlanNode): boolean {
  return node.kind === "materialize" || node.kind === "hash";
}

/** MySQL and MariaDB join without an index by buffering the outer rows. */
export const joinWithoutIndex: FindingRule = ({ node, plan }) => {
  const buffered = node.strategy?.includes("Block Nested Loop") === true || node.strategy?.includes("BNL") === true;
  if (plan.dialect === "postgresql" || !buffered) return undefined;
  const inner = node.children[0] ?? node;
  return {
    id: "join_without_index",
    severity: "warning",
    operation: node.operation,
    relation: inner.relation,
    evidence: known({
      strategy: node.strategy,
      condition: conditionOf(node, "join_filter") ?? conditionOf(node, "filter"),
      rows: inner.estimate?.examinedRows,
    }),
    recommendation: "Add an index on the join columns of this table.",
  };
};

/** A subquery that depends on the row runs for each. */
export const repeatedSubplan: FindingRule = ({ node, thresholds }) => {
  const loops = node.actual?.loops ?? 0;
  if (node.role !== "subplan" || loops < thresholds.loops) return undefined;
  return {
    id: "repeated_subplan",
    severity: "warning",
    operation: node.operation,
    relation: node.relation,
    evidence: known({ loops, time_ms: (node.actual?.totalMs ?? 0) * loops }),
    recommendation: "Write the subquery as a join, or as LEFT JOIN LATERAL, so that it runs once.",
  };
};
