import { estimateErrors } from "../estimate-error.ts";
import type { Plan, PlanNode } from "../plan.ts";
import { checkPlan } from "../plan-argument.ts";
import { misestimatedJoin, staleStatistics } from "./estimate-rules.ts";
import {
  defaultFindingThresholds,
  type Finding,
  type FindingId,
  type FindingRule,
  type FindingThresholds,
} from "./finding.ts";
import { joinWithoutIndex, nestedLoopExplosion, repeatedSubplan } from "./join-rules.ts";
import { diskSort, hashBatches, temporaryFiles } from "./memory-rules.ts";
import { filterDiscardsRows, heapFetches, highIoRead, largeSequentialScan, lossyBitmap } from "./scan-rules.ts";
import { missingParallelism, workersNotLaunched } from "./worker-rules.ts";

/** One rule per finding. */
export const rules: Readonly<Record<FindingId, FindingRule>> = {
  large_sequential_scan: largeSequentialScan,
  filter_discards_rows: filterDiscardsRows,
  nested_loop_explosion: nestedLoopExplosion,
  join_without_index: joinWithoutIndex,
  repeated_subplan: repeatedSubplan,
  disk_sort: diskSort,
  hash_batches: hashBatches,
  temporary_files: temporaryFiles,
  lossy_bitmap: lossyBitmap,
  missing_parallelism: missingParallelism,
  workers_not_launched: workersNotLaunched,
  stale_statistics: staleStatistics,
  misestimated_join: misestimatedJoin,
  heap_fetches: heapFetches,
  high_io_read: highIoRead,
};

const severities = ["critical", "warning", "info"] as const;

/** What a plan of thousands of operations would only repeat. */
const maxFindings = 32;

/**
 * What the rules find in a plan, the most severe first, otherwise in the order of the plan; at most 32. Many rules
 * need actual figures (`EXPLAIN ANALYZE`, auto_explain's `log_analyze`) and say nothing without.
 */
export function findingsOf(plan: Plan, thresholds: Partial<FindingThresholds> = {}): readonly Finding[] {
  checkPlan(plan);
  const found: Finding[] = [];
  const settled = { ...defaultFindingThresholds, ...thresholds };
  const errors = new Map([...estimateErrors(plan.root)].map((error) => [error.node, error]));
  const visit = (node: PlanNode, above: readonly PlanNode[]): void => {
    for (const rule of Object.values(rules)) {
      const finding = rule({ plan, node, above, thresholds: settled, errors });
      if (finding !== undefined) found.push(finding);
    }
    const path = [...above, node];
    for (const child of node.children) visit(child, path);
  };
  visit(plan.root, []);
  return found
    .sort((one, other) => severities.indexOf(one.severity) - severities.indexOf(other.severity))
    .slice(0, maxFindings);
}
