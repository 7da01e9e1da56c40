import { conditionOperands } from "./condition-form.ts";
import type { ConditionRole, Plan, PlanCondition, PlanNode } from "./plan.ts";
import { PlanQualifiers, type Qualifiers } from "./qualifiers.ts";
import { indexName, relationName } from "./relation-name.ts";

/** How the rows of one table are reached in a plan. */
export interface PlanAccess {
  /** The table, with its alias where it has another; `(2)` behind the second of a name. */
  readonly name: string;
  readonly operation: string;
  /** In alphabetical order. */
  readonly indexes: readonly string[];
  /** The operands of the conditions, by what is done with each. */
  readonly conditions: ReadonlyMap<string, ConditionRole>;
}

/** The accesses of a plan in the order of its joins; all partitions of a table are one. */
export function accessesOf(plan: Plan): readonly PlanAccess[] {
  const accesses = new Map<string, PlanAccess>();
  const qualifiers = new PlanQualifiers(plan);
  const visit = (node: PlanNode, filters: readonly PlanCondition[]): void => {
    if (isAccess(node)) {
      const plain = nameOf(node);
      // Partitions of one table are alike; other tables that are read twice are two accesses.
      if (plain.endsWith("*") && accesses.has(plain)) return;
      let name = plain;
      for (let number = 2; accesses.has(name); number++) name = `${plain} (${number})`;
      accesses.set(name, accessOf(name, node, filters, qualifiers.of(node)));
      return;
    }
    // MySQL's iterators check conditions in an operation of their own.
    const passed = node.kind === "filter" ? [...filters, ...node.conditions] : [];
    for (const child of node.children) visit(child, passed);
  };
  visit(plan.root, []);
  return [...accesses.values()];
}

function accessOf(name: string, node: PlanNode, filters: readonly PlanCondition[], qualifiers: Qualifiers): PlanAccess {
  const conditions = new Map<string, ConditionRole>();
  const parts = partsOf(node);
  for (const { role, text } of [...filters, ...parts.flatMap((part) => part.conditions)]) {
    // A recheck repeats the condition of the index.
    if (role === "recheck") continue;
    for (const operand of conditionOperands(text, qualifiers)) conditions.set(operand, role);
  }
  const indexes = parts.flatMap(({ index }) => (index === undefined ? [] : [indexName(index, node)]));
  return { name, operation: node.operation, indexes: [...new Set(indexes)].sort(), conditions };
}

/** Whether the operation reads a table; a bitmap's index scans belong to the scan above them. */
export function isAccess({ kind, relation }: PlanNode): boolean {
  if (relation === undefined) return false;
  return kind.endsWith("_scan") || kind === "row_lookup";
}

/** The scan, and the index scans and combinations that feed a bitmap. */
function partsOf(node: PlanNode): readonly PlanNode[] {
  const feeding = node.kind === "bitmap_scan" ? node.children : [];
  return [node, ...feeding.flatMap(partsBelow)];
}

function partsBelow(node: PlanNode): readonly PlanNode[] {
  return [node, ...node.children.flatMap(partsBelow)];
}

function nameOf(node: PlanNode): string {
  const name = relationName(node) ?? "";
  const { alias, relation } = node;
  return alias === undefined || alias === relation || name.endsWith("*") ? name : `${name} ${alias}`;
}
