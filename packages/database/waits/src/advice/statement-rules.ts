import { wilsonInterval } from "../profile/wilson.ts";
import type { StatementCounters } from "./evidence.ts";
import { items, type Rule, type Scene, statementShare, weightOf } from "./sign.ts";

/** The counters of a statement that ran often enough to speak of. */
function counted({ counters, settings }: Scene): StatementCounters | undefined {
  return counters !== undefined && counters.calls >= settings.minCalls ? counters : undefined;
}

/** How many of the executions, at most all, and how certain that is: of Wilson's interval the lower end to the share itself. */
function affected(count: number, calls: number): { readonly share: number; readonly confidence: number } {
  const share = Math.min(1, count / calls);
  return { share, confidence: share === 0 ? 0 : wilsonInterval(share, calls).low / share };
}

/** It reads many rows without an index to find few. */
export const missingIndex: Rule = (scene) => {
  const counters = counted(scene);
  if (counters === undefined) return [];
  const { calls, noIndexCalls = 0, rowsExamined, rowsReturned } = counters;
  const { share, confidence } = affected(noIndexCalls, calls);
  const rowsPerCall = rowsExamined === undefined ? undefined : rowsExamined / calls;
  const selectivity = rowsExamined === undefined ? undefined : rowsExamined / Math.max(rowsReturned ?? 0, calls);
  if (share < 0.5) return [];
  if (rowsPerCall !== undefined && rowsPerCall < scene.settings.minRowsPerCall) return [];
  if (selectivity !== undefined && selectivity < scene.settings.rowsPerWantedRow) return [];
  const impact = statementShare(scene);
  return [
    {
      code: "missing_index",
      impact,
      // Without numbers of rows, a scan that reads all of a table on purpose looks the same.
      confidence: rowsPerCall === undefined ? confidence / 2 : confidence,
      weight: weightOf(scene, impact),
      evidence: items({
        executions: [calls, "{execution}"],
        without_index_share: [share, "1"],
        rows_examined_per_execution: [rowsPerCall, "{row}"],
        rows_examined_per_row_returned: [selectivity, "1"],
        load_share: [impact, "1"],
      }),
      recommendation: "Add an index on the columns that the statement filters or joins by.",
    },
  ];
};

/** It joins by reading a whole table again and again, or by looking for an index anew for each row. */
export const inefficientJoin: Rule = (scene) => {
  const counters = counted(scene);
  if (counters === undefined) return [];
  const { calls, fullJoins = 0, noGoodIndexCalls = 0 } = counters;
  const { share, confidence } = affected(Math.max(fullJoins, noGoodIndexCalls), calls);
  if (share < 0.5) return [];
  const impact = statementShare(scene);
  return [
    {
      code: "inefficient_join",
      impact,
      confidence,
      weight: weightOf(scene, impact),
      evidence: items({
        executions: [calls, "{execution}"],
        full_joins_per_execution: [fullJoins === 0 ? undefined : fullJoins / calls, "1"],
        without_good_index_share: [noGoodIndexCalls === 0 ? undefined : Math.min(1, noGoodIndexCalls / calls), "1"],
        load_share: [impact, "1"],
      }),
      recommendation: "Add an index on the columns that join the table which is searched again for each row.",
    },
  ];
};

/** What it sorts, groups or materialises does not fit into memory. */
export const temporaryData: Rule = (scene) => {
  const counters = counted(scene);
  if (counters === undefined) return [];
  const { calls, temporaryDiskTables = 0, temporaryBytes = 0 } = counters;
  // A spill of less than a megabyte stays in the system's cache.
  const spills = temporaryBytes / calls >= 1_048_576 ? calls : 0;
  const { share, confidence } = affected(Math.max(temporaryDiskTables, spills), calls);
  if (share < 0.1) return [];
  const impact = statementShare(scene) * share;
  return [
    {
      code: "temporary_data_on_disk",
      impact,
      confidence,
      weight: weightOf(scene, impact),
      evidence: items({
        executions: [calls, "{execution}"],
        disk_tables_per_execution: [temporaryDiskTables === 0 ? undefined : temporaryDiskTables / calls, "1"],
        bytes_per_execution: [temporaryBytes === 0 ? undefined : temporaryBytes / calls, "By"],
        load_share: [statementShare(scene), "1"],
      }),
      recommendation: "Let the statement sort, group or select less, or give it more memory for temporary data.",
    },
  ];
};

/** It runs with another plan than before. No finding by itself that anything is wrong. */
export const changedPlan: Rule = (scene) => {
  const { planChange } = scene;
  if (planChange === undefined) return [];
  const impact = statementShare(scene);
  return [
    {
      code: "plan_change",
      impact,
      confidence: 0.5,
      weight: { share: 0, sessions: 0 },
      evidence: items({
        plan_before: [planChange.before, ""],
        plan_after: [planChange.after, ""],
        load_share: [impact, "1"],
      }),
      recommendation: "Compare the two plans if the statement has become slower.",
    },
  ];
};
