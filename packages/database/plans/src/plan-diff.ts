import { conditionForm } from "./condition-form.ts";
import type { ConditionRole, Plan, PlanNode } from "./plan.ts";
import { accessesOf, isAccess, type PlanAccess } from "./plan-access.ts";
import { checkPlan } from "./plan-argument.ts";
import { PlanQualifiers } from "./qualifiers.ts";
import { relationName } from "./relation-name.ts";

/** One way in which a plan differs from another plan of the same statement. */
export type PlanDifference =
  /** The rows of a table are reached in another way. */
  | {
      readonly kind: "access_changed";
      readonly relation: string;
      readonly before: AccessMethod;
      readonly after: AccessMethod;
    }
  /** A condition is checked elsewhere: by an index before, on each row now, or the other way round. */
  | {
      readonly kind: "condition_moved";
      readonly relation: string;
      readonly condition: string;
      readonly from: ConditionRole;
      readonly to: ConditionRole;
    }
  | { readonly kind: "condition_removed" | "condition_added"; readonly relation: string; readonly condition: string }
  /** The same tables are joined by another operation. */
  | {
      readonly kind: "join_changed";
      readonly relations: readonly string[];
      readonly before: string;
      readonly after: string;
    }
  | { readonly kind: "join_order_changed"; readonly before: readonly string[]; readonly after: readonly string[] }
  | { readonly kind: "table_removed" | "table_added"; readonly relation: string }
  /** A sort, an aggregate or another step is there or not. */
  | { readonly kind: "operation_removed" | "operation_added"; readonly operation: string };

/** An operation that reads a table, and the indexes that it uses. */
export interface AccessMethod {
  readonly operation: string;
  readonly indexes: readonly string[];
}

/** All differences between two plans of one statement, those of tables first. Equal plans have none. */
export function diffPlans(before: Plan, after: Plan): readonly PlanDifference[] {
  checkPlan(before);
  checkPlan(after);
  return [...accessDifferences(before, after), ...joinDifferences(before, after), ...stepDifferences(before, after)];
}

function accessDifferences(before: Plan, after: Plan): readonly PlanDifference[] {
  const old = byName(accessesOf(before));
  const current = byName(accessesOf(after));
  const differences: PlanDifference[] = [];
  for (const [relation, access] of old) {
    const now = current.get(relation);
    if (now === undefined) differences.push({ kind: "table_removed", relation });
    else differences.push(...methodDifferences(access, now), ...conditionDifferences(access, now));
  }
  for (const relation of current.keys()) {
    if (!old.has(relation)) differences.push({ kind: "table_added", relation });
  }
  const orders = [[...old.keys()], [...current.keys()]] as const;
  const [oldOrder, order] = orders;
  const sameTables = oldOrder.length === order.length && order.every((name) => old.has(name));
  if (sameTables && oldOrder.join("\n") !== order.join("\n")) {
    differences.push({ kind: "join_order_changed", before: oldOrder, after: order });
  }
  return differences;
}

function byName(accesses: readonly PlanAccess[]): ReadonlyMap<string, PlanAccess> {
  return new Map(accesses.map((access) => [access.name, access]));
}

function methodDifferences(before: PlanAccess, after: PlanAccess): readonly PlanDifference[] {
  if (before.operation === after.operation && before.indexes.join("\n") === after.indexes.join("\n")) return [];
  return [
    {
      kind: "access_changed",
      relation: before.name,
      before: { operation: before.operation, indexes: before.indexes },
      after: { operation: after.operation, indexes: after.indexes },
    },
  ];
}

function conditionDifferences(before: PlanAccess, after: PlanAccess): readonly PlanDifference[] {
  const differences: PlanDifference[] = [];
  const relation = before.name;
  for (const [condition, from] of before.conditions) {
    const to = after.conditions.get(condition);
    if (to === undefined) differences.push({ kind: "condition_removed", relation, condition });
    else if (to !== from) differences.push({ kind: "condition_moved", relation, condition, from, to });
  }
  for (const condition of after.conditions.keys()) {
    if (!before.conditions.has(condition)) differences.push({ kind: "condition_added", relation, condition });
  }
  return differences;
}

function joinDifferences(before: Plan, after: Plan): readonly PlanDifference[] {
  const current = joinsOf(after);
  return [...joinsOf(before)].flatMap(([key, join]) => {
    const now = current.get(key);
    if (now === undefined || now.operation === join.operation) return [];
    return [{ kind: "join_changed", relations: join.relations, before: join.operation, after: now.operation } as const];
  });
}

interface Join {
  readonly relations: readonly string[];
  readonly operation: string;
}

/** The joins of a plan by the tables below each. */
function joinsOf(plan: Plan): ReadonlyMap<string, Join> {
  const joins = new Map<string, Join>();
  const visit = (node: PlanNode): readonly string[] => {
    const own = isAccess(node) ? [relationName(node) ?? ""] : [];
    const relations = [...new Set([...own, ...node.children.flatMap(visit)])].sort();
    if (node.kind === "nested_loop" || node.kind === "hash_join" || node.kind === "merge_join") {
      const joinType = node.joinType === undefined || node.joinType === "Inner" ? "" : ` (${node.joinType})`;
      joins.set(relations.join("\n"), { relations, operation: `${node.operation}${joinType}` });
    }
    return relations;
  };
  visit(plan.root);
  return joins;
}

function stepDifferences(before: Plan, after: Plan): readonly PlanDifference[] {
  const old = stepsOf(before);
  const current = stepsOf(after);
  return [
    ...without(old, current).map((operation) => ({ kind: "operation_removed", operation }) as const),
    ...without(current, old).map((operation) => ({ kind: "operation_added", operation }) as const),
  ];
}

/** Operations that are neither a table nor a join, as text. */
function stepsOf(plan: Plan): readonly string[] {
  const qualifiers = new PlanQualifiers(plan);
  const steps: string[] = [];
  const visit = (node: PlanNode): void => {
    if (node.kind === "sort" || node.kind === "aggregate" || node.kind === "materialize") {
      const strategy = node.strategy === undefined || node.strategy === "Plain" ? "" : ` ${node.strategy}`;
      const keys = [...node.sortKeys, ...node.groupKeys]
        .map((key) => conditionForm(key, qualifiers.of(node)))
        .join(", ");
      if (node.partialMode !== "Partial") steps.push(`${node.operation}${strategy}${keys === "" ? "" : ` by ${keys}`}`);
    }
    for (const child of node.children) visit(child);
  };
  visit(plan.root);
  return steps;
}

/** What is left of a list when each element of another has taken one away. */
function without(list: readonly string[], other: readonly string[]): readonly string[] {
  const left = [...other];
  return list.filter((element) => {
    const at = left.indexOf(element);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
