import type { Plan, PlanNode } from "./plan.ts";
import { checkPlan } from "./plan-argument.ts";

/**
 * The plan for a person to read: an operation a line, indented by where it stands, its conditions and keys below it.
 * In the manner of PostgreSQL's text format, for all servers.
 */
export function formatPlan(plan: Plan): string {
  checkPlan(plan);
  const lines: string[] = [];
  const visit = (node: PlanNode, indent: string): void => {
    lines.push(`${indent}${lines.length === 0 ? "" : "-> "}${headline(node)}`);
    const below = lines.length === 1 ? indent : `${indent}   `;
    for (const detail of details(node)) lines.push(`${below}     ${detail}`);
    for (const child of node.children) visit(child, `${below}  `);
  };
  visit(plan.root, "");
  return lines.join("\n");
}

function headline(node: PlanNode): string {
  const { operation, joinType, strategy, relation, alias, index, role } = node;
  const parts = [
    role === "subplan" ? "subplan" : role === "init_plan" ? "once" : role === "cte" ? `CTE ${relation ?? ""}:` : "",
    operation,
    joinType === undefined || joinType === "Inner" ? "" : joinType,
    strategy === undefined || strategy === "Plain" ? "" : strategy,
    index === undefined ? "" : `using ${index}`,
    relation === undefined ? "" : `on ${relation}`,
    alias === undefined || alias === relation ? "" : alias,
    ...figures(node),
  ];
  return parts.filter((part) => part !== "").join(" ");
}

function figures({ estimate, actual }: PlanNode): readonly string[] {
  const expected = [labelled("cost", estimate?.totalCost), labelled("rows", estimate?.rows)].filter(isText);
  const happened = [labelled("rows", actual?.rows), labelled("loops", actual?.loops), labelled("ms", actual?.totalMs)];
  return [
    expected.length === 0 ? "" : `(${expected.join(" ")})`,
    actual === undefined
      ? ""
      : actual.loops === 0
        ? "(never executed)"
        : `(actual ${happened.filter(isText).join(" ")})`,
  ];
}

function labelled(label: string, value: number | undefined): string {
  return value === undefined ? "" : `${label}=${Math.round(value * 1000) / 1000}`;
}

function isText(text: string): boolean {
  return text !== "";
}

function details({ conditions, sortKeys, groupKeys, removed, workspace, workers }: PlanNode): readonly string[] {
  return [
    ...conditions.map(({ role, text }) => `${role.replaceAll("_", " ")}: ${text}`),
    sortKeys.length === 0 ? "" : `sorted by: ${sortKeys.join(", ")}`,
    groupKeys.length === 0 ? "" : `grouped by: ${groupKeys.join(", ")}`,
    (removed?.byFilter ?? 0) === 0 ? "" : labelled("rows removed by filter", removed?.byFilter),
    (removed?.byJoinFilter ?? 0) === 0 ? "" : labelled("rows removed by join filter", removed?.byJoinFilter),
    (workspace?.batches ?? 1) === 1 ? "" : labelled("batches", workspace?.batches),
    (workspace?.diskKilobytes ?? 0) === 0 ? "" : labelled("kilobytes on disk", workspace?.diskKilobytes),
    workers === undefined ? "" : labelled("workers planned", workers.planned),
    workers?.launched === undefined ? "" : labelled("workers launched", workers.launched),
  ].filter(isText);
}
