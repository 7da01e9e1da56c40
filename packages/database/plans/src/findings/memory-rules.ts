import { known } from "./figures.ts";
import type { FindingRule } from "./finding.ts";
import { ownBlocks } from "./scan-rules.ts";

/** A sort that did not fit in memory. */
export const diskSort: FindingRule = ({ node, plan }) => {
  const { diskKilobytes = 0, mergePasses = 0 } = node.workspace ?? {};
  if (node.kind !== "sort" || (diskKilobytes === 0 && mergePasses === 0)) return undefined;
  return {
    id: "disk_sort",
    severity: "warning",
    operation: node.operation,
    evidence: known({
      disk_kilobytes: diskKilobytes === 0 ? undefined : diskKilobytes,
      merge_passes: mergePasses === 0 ? undefined : mergePasses,
      sort_key: node.sortKeys.join(", "),
    }),
    recommendation:
      plan.dialect === "postgresql"
        ? "Raise work_mem for this statement, sort fewer columns, or add an index with this order."
        : "Raise sort_buffer_size for this session, sort fewer columns, or add an index with this order.",
  };
};

/** A hash table that was split and went to disk in parts. */
export const hashBatches: FindingRule = ({ node }) => {
  const { batches = 1, diskKilobytes, memoryKilobytes } = node.workspace ?? {};
  if (batches <= 1) return undefined;
  return {
    id: "hash_batches",
    severity: "warning",
    operation: node.operation,
    evidence: known({ batches, disk_kilobytes: diskKilobytes, memory_kilobytes: memoryKilobytes }),
    recommendation: "Raise work_mem or hash_mem_multiplier for this statement, or hash fewer rows and columns.",
  };
};

/** Any other operation that wrote temporary files, such as a CTE or a window. */
export const temporaryFiles: FindingRule = ({ node, thresholds, plan }) => {
  const written = ownBlocks(node, "tempWritten");
  const read = ownBlocks(node, "tempRead");
  const told = node.kind === "sort" || (node.workspace?.batches ?? 1) > 1;
  // A hash join reads and writes what its hash table, just below it, could not hold.
  const toldBelow = node.children.some(({ workspace }) => (workspace?.batches ?? 1) > 1);
  if (written + read === 0 || told || toldBelow) return undefined;
  return {
    id: "temporary_files",
    severity: written + read >= thresholds.readBlocks ? "warning" : "info",
    operation: node.operation,
    relation: node.relation,
    evidence: known({ blocks_written: written, blocks_read: read, dialect: plan.dialect }),
    recommendation: "Keep fewer rows or columns in this step, or raise work_mem for this statement.",
  };
};
