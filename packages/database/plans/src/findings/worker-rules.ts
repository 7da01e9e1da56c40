import { known, rowsRead } from "./figures.ts";
import type { FindingRule } from "./finding.ts";

/** One process read what several could have shared. MySQL and MariaDB have no workers for a query. */
export const missingParallelism: FindingRule = ({ node, plan, above, thresholds }) => {
  if (plan.dialect !== "postgresql" || node.kind !== "sequential_scan") return undefined;
  const read = rowsRead(node) ?? node.estimate?.rows ?? 0;
  const changes = above.some(({ kind }) => kind === "modify");
  if (read < thresholds.parallelRows || changes || above.some(({ kind }) => kind === "gather")) return undefined;
  return {
    id: "missing_parallelism",
    severity: "info",
    operation: node.operation,
    relation: node.relation,
    evidence: known({ rows_read: read, time_ms: node.actual?.totalMs }),
    recommendation:
      "Check max_parallel_workers_per_gather, the table's parallel_workers, and whether a function of the statement is marked PARALLEL UNSAFE.",
  };
};

/** The plan counted on workers that the server did not have. */
export const workersNotLaunched: FindingRule = ({ node }) => {
  const { planned = 0, launched = planned } = node.workers ?? {};
  if (launched >= planned) return undefined;
  return {
    id: "workers_not_launched",
    severity: "warning",
    operation: node.operation,
    evidence: known({ planned, launched }),
    recommendation: "Raise max_parallel_workers and max_worker_processes, or run fewer parallel statements at a time.",
  };
};
