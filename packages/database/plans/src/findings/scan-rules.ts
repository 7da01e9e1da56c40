import type { PlanNode } from "../plan.ts";
import { conditionOf, known, rowsDiscarded, rowsRead } from "./figures.ts";
import type { FindingRule } from "./finding.ts";

/** A whole table is read. Where the rows are not known, the cost stands for them. */
export const largeSequentialScan: FindingRule = ({ node, thresholds }) => {
  if (node.kind !== "sequential_scan") return undefined;
  const read = rowsRead(node) ?? node.estimate?.examinedRows ?? node.estimate?.rows ?? 0;
  const cost = node.estimate?.totalCost ?? 0;
  const costly = node.actual === undefined && cost >= thresholds.sequentialScanCost;
  if (read < thresholds.sequentialScanRows && !costly) return undefined;
  const filter = conditionOf(node, "filter");
  return {
    id: "large_sequential_scan",
    severity: filter === undefined ? "info" : "warning",
    operation: node.operation,
    relation: node.relation,
    evidence: known({ rows_read: read, cost, filter }),
    recommendation:
      filter === undefined
        ? "The statement asks for the whole table. Add a condition or LIMIT, or read a narrower copy of it."
        : "Add an index on the columns of the filter, or check why an existing one is not used.",
  };
};

/** Most of what was read was thrown away. */
export const filterDiscardsRows: FindingRule = ({ node, thresholds }) => {
  const discarded = rowsDiscarded(node);
  const { actual } = node;
  if (actual === undefined || discarded < thresholds.discardedRows) return undefined;
  const share = discarded / (discarded + actual.rows * actual.loops);
  if (share < thresholds.discardedShare) return undefined;
  const condition = conditionOf(node, "filter") ?? conditionOf(node, "join_filter");
  return {
    id: "filter_discards_rows",
    severity: "warning",
    operation: node.operation,
    relation: node.relation,
    evidence: known({ rows_discarded: discarded, discarded_share: share, condition, index: node.index }),
    recommendation:
      node.index === undefined
        ? "Add an index that answers the condition, so that the rows are not read at all."
        : `Extend the index ${node.index} by the columns of the condition, or use a partial index.`,
  };
};

/** A bitmap did not fit, so whole blocks were looked through again. */
export const lossyBitmap: FindingRule = ({ node }) => {
  const { lossyBlocks } = node;
  if (lossyBlocks === undefined || lossyBlocks === 0) return undefined;
  return {
    id: "lossy_bitmap",
    severity: "info",
    operation: node.operation,
    relation: node.relation,
    evidence: known({ lossy_blocks: lossyBlocks, rows_rechecked: node.removed?.byRecheck }),
    recommendation: "Raise work_mem for this statement, so that the bitmap can hold single rows.",
  };
};

/** An index-only scan that had to go to the table. */
export const heapFetches: FindingRule = ({ node, thresholds }) => {
  const fetches = node.heapFetches ?? 0;
  if (fetches < thresholds.heapFetches) return undefined;
  return {
    id: "heap_fetches",
    severity: "info",
    operation: node.operation,
    relation: node.relation,
    evidence: known({ heap_fetches: fetches, index: node.index }),
    recommendation: "VACUUM the table, or let autovacuum come earlier: its visibility map is out of date.",
  };
};

/** Blocks came from outside the shared buffers. Told for the operation that read them, not for those above. */
export const highIoRead: FindingRule = ({ node, thresholds }) => {
  const read = ownBlocks(node, "sharedRead");
  if (read < thresholds.readBlocks) return undefined;
  return {
    id: "high_io_read",
    severity: "info",
    operation: node.operation,
    relation: node.relation,
    evidence: known({ blocks_read: read, blocks_hit: node.buffers?.sharedHit }),
    recommendation: "Read fewer blocks (an index, a narrower condition), or give the server more shared buffers.",
  };
};

/** Blocks of an operation without those of the operations below it. */
export function ownBlocks(node: PlanNode, name: "sharedRead" | "tempRead" | "tempWritten"): number {
  const below = node.children.reduce((sum, { buffers }) => sum + (buffers?.[name] ?? 0), 0);
  return Math.max((node.buffers?.[name] ?? 0) - below, 0);
}
