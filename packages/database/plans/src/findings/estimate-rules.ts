import type { EstimateError } from "../estimate-error.ts";
import type { PlanNode } from "../plan.ts";
import { known } from "./figures.ts";
import type { FindingRule, Site } from "./finding.ts";

/** The statistics of a table tell of other rows than there are. */
export const staleStatistics: FindingRule = (site) => {
  const { node, plan } = site;
  const error = isScan(node) ? harmfulError(site) : undefined;
  if (error === undefined) return undefined;
  return {
    id: "stale_statistics",
    severity: "warning",
    operation: node.operation,
    relation: node.relation,
    evidence: evidenceOf(error),
    recommendation:
      plan.dialect === "postgresql"
        ? "ANALYZE the table. If the estimate stays wrong, raise the statistics target of the columns of the condition."
        : "ANALYZE TABLE, with a histogram of the columns of the condition.",
  };
};

/** The tables are known well enough, but not what remains when they meet. */
export const misestimatedJoin: FindingRule = (site) => {
  const { node } = site;
  const isJoin = node.kind === "nested_loop" || node.kind === "hash_join" || node.kind === "merge_join";
  const error = isJoin && !node.children.some((child) => isWrong(site, child)) ? harmfulError(site) : undefined;
  if (error === undefined) return undefined;
  return {
    id: "misestimated_join",
    severity: "info",
    operation: node.operation,
    evidence: evidenceOf(error),
    recommendation: "Columns of the joined tables depend on one another: create extended statistics on them.",
  };
};

function isScan({ kind, relation }: PlanNode): boolean {
  const scan =
    kind === "sequential_scan" || kind === "index_scan" || kind === "index_only_scan" || kind === "bitmap_scan";
  return scan && relation !== undefined;
}

function harmfulError({ node, errors, thresholds }: Site): EstimateError | undefined {
  const error = errors.get(node);
  if (error === undefined || error.factor < thresholds.estimateFactor) return undefined;
  const rows = Math.max(error.estimatedRows, error.actualRows) * (node.actual?.loops ?? 1);
  return rows >= thresholds.estimateRows ? error : undefined;
}

function isWrong(site: Site, node: PlanNode): boolean {
  return harmfulError({ ...site, node }) !== undefined;
}

function evidenceOf({ estimatedRows, actualRows, factor }: EstimateError): Readonly<Record<string, number | string>> {
  return known({ estimated_rows: estimatedRows, actual_rows: actualRows, factor });
}
