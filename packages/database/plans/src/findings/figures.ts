import type { PlanNode } from "../plan.ts";

/** Rows that an operation looked at over all loops, also those it threw away; `undefined` without actual figures. */
export function rowsRead({ actual, removed }: PlanNode): number | undefined {
  if (actual === undefined) return undefined;
  return (actual.rows + (removed?.byFilter ?? 0) + (removed?.byRecheck ?? 0)) * actual.loops;
}

/** Rows that conditions threw away, over all loops. */
export function rowsDiscarded({ actual, removed }: PlanNode): number {
  return ((removed?.byFilter ?? 0) + (removed?.byJoinFilter ?? 0)) * (actual?.loops ?? 0);
}

/** The condition of that role. */
export function conditionOf(node: PlanNode, role: PlanNode["conditions"][number]["role"]): string | undefined {
  return node.conditions.find((condition) => condition.role === role)?.text;
}

/** Evidence without what is not known. */
export function known(
  evidence: Readonly<Record<string, number | string | undefined>>,
): Readonly<Record<string, number | string>> {
  const known: Record<string, number | string> = {};
  for (const [name, value] of Object.entries(evidence)) {
    if (value !== undefined) known[name] = typeof value === "number" ? rounded(value) : value;
  }
  return known;
}

/** To a thousandth: more digits are noise to a reader. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
