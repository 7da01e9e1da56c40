import { conditionForm } from "./condition-form.ts";
import type { Plan, PlanNode } from "./plan.ts";
import { PlanQualifiers } from "./qualifiers.ts";
import { indexName, relationName } from "./relation-name.ts";

/** The texts whose hashes are the identities of a plan. */
export interface CanonicalPlan {
  /** The operations from the root down. */
  readonly shape: string;
  /** The same with the conditions, and where in an operation each stands. */
  readonly full: string;
}

/**
 * Left out is what may differ between two executions of one plan: costs, estimates, widths, actual figures, workers
 * and the split between them (`Gather`, partial aggregates), the direction of a scan, the numbers of subplans and of
 * PostgreSQL's own aliases, which partitions were left after pruning, and how MySQL and MariaDB qualify columns.
 */
export function canonicalPlan(plan: Plan): CanonicalPlan {
  return new Canonical(plan).plan();
}

class Canonical {
  readonly #plan: Plan;
  readonly #qualifiers: PlanQualifiers;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#qualifiers = new PlanQualifiers(plan);
  }

  plan(): CanonicalPlan {
    return this.#node(withoutWorkers(this.#plan.root), undefined);
  }

  /** `above` is the table whose rows a bitmap index scan marks. */
  #node(node: PlanNode, above: PlanNode | undefined): CanonicalPlan {
    const table = node.relation === undefined ? above : node;
    const below = node.children.map((child) => this.#node(child, table));
    const own = this.#ownParts(node, table);
    const shapes = below.map(({ shape }) => shape);
    const fulls = below.map(({ full }) => full);
    return { shape: joined(node, own, shapes), full: joined(node, [...own, ...this.#conditions(node)], fulls) };
  }

  #ownParts(node: PlanNode, table: PlanNode | undefined): readonly string[] {
    const index = node.index === undefined ? undefined : indexName(node.index, table);
    return [
      JSON.stringify(node.operation),
      ...labelled("role", roleOf(node)),
      ...labelled("relation", relationName(node)),
      ...labelled("index", index),
      ...labelled("parts", node.keyParts.join(",")),
      ...labelled("join", joinOf(node)),
      ...labelled("strategy", node.strategy),
      ...labelled("sort", this.#keys(node.sortKeys, node)),
      ...labelled("group", this.#keys(node.groupKeys, node)),
    ];
  }

  #keys(keys: readonly string[], node: PlanNode): string {
    if (keys.length === 0) return "";
    const qualifiers = this.#qualifiers.of(node);
    return keys.map((key) => conditionForm(key, qualifiers)).join(", ");
  }

  #conditions(node: PlanNode): readonly string[] {
    if (node.conditions.length === 0) return [];
    const qualifiers = this.#qualifiers.of(node);
    return node.conditions.map(({ role, text }) => `${role}=${JSON.stringify(conditionForm(text, qualifiers))}`).sort();
  }
}

function joined(node: PlanNode, own: readonly string[], below: readonly string[]): string {
  const children = isAppend(node) ? [...new Set(below)] : below;
  // An append of one is what PostgreSQL shows when pruning has left a single partition.
  if (isAppend(node) && children.length === 1) return children[0] ?? "";
  return `(${own.join(" ")}${children.map((child) => ` ${child}`).join("")})`;
}

function labelled(label: string, value: string | undefined): readonly string[] {
  return value === undefined || value === "" ? [] : [`${label}=${JSON.stringify(value)}`];
}

/** The plan as one process would run it: without what is there only because workers share the job. */
function withoutWorkers(node: PlanNode): PlanNode {
  const children = node.children.map(withoutWorkers);
  const input = children.find(({ role }) => role === "outer");
  if (input === undefined || (node.kind !== "gather" && node.partialMode !== "Partial")) return { ...node, children };
  const others = children.filter((child) => child !== input);
  return { ...input, role: node.role, children: [...others, ...input.children] };
}

function isAppend(node: PlanNode): boolean {
  return node.operation === "Append" || node.operation === "Merge Append";
}

/** Which input is which follows from the order; what else an operation is for does not. */
function roleOf({ role }: PlanNode): string | undefined {
  return role === "subplan" || role === "init_plan" || role === "cte" ? role : undefined;
}

/** Inner joins of PostgreSQL are called `Inner`, those of MySQL have the word in their name. */
function joinOf({ joinType }: PlanNode): string | undefined {
  return joinType === "Inner" ? undefined : joinType;
}
