import { conditionForm } from "./condition-form.ts";
import type { Plan, PlanNode } from "./plan.ts";
import { indexName, relationName, unnumberedAliases } from "./relation-name.ts";

/** How much of a plan counts. */
export interface CanonicalOptions {
  /** Whether the conditions count, and where in an operation each stands. */
  readonly conditions: boolean;
}

/**
 * The text whose hash is the identity of a plan: the operations from the root down, each with what the options ask.
 *
 * Left out is what may differ between two executions of one plan: costs, estimates, widths, actual figures, workers
 * and the split between them (`Gather`, partial aggregates), the direction of a scan, the numbers of subplans and of
 * PostgreSQL's own aliases, and which partitions were left after pruning.
 */
export function canonicalPlan(plan: Plan, options: CanonicalOptions): string {
  return new Canonical(plan, options).text();
}

class Canonical {
  readonly #plan: Plan;
  readonly #options: CanonicalOptions;
  readonly #names: ReadonlyMap<string, string>;

  constructor(plan: Plan, options: CanonicalOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#names = unnumberedAliases(plan);
  }

  text(): string {
    return this.#node(withoutWorkers(this.#plan.root), undefined);
  }

  /** `above` is the table whose rows a bitmap index scan marks. */
  #node(node: PlanNode, above: PlanNode | undefined): string {
    const table = node.relation === undefined ? above : node;
    const below = node.children.map((child) => this.#node(child, table));
    const children = isAppend(node) ? [...new Set(below)] : below;
    // An append of one is what PostgreSQL shows when pruning has left a single partition.
    if (isAppend(node) && children.length === 1) return children[0] ?? "";
    return `(${this.#ownParts(node, table).join(" ")}${children.map((child) => ` ${child}`).join("")})`;
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
      ...labelled("sort", this.#keys(node.sortKeys)),
      ...labelled("group", this.#keys(node.groupKeys)),
      ...(this.#options.conditions ? this.#conditions(node) : []),
    ];
  }

  #keys(keys: readonly string[]): string {
    return keys.map((key) => conditionForm(key, this.#names)).join(", ");
  }

  #conditions(node: PlanNode): readonly string[] {
    return node.conditions
      .map(({ role, text }) => `${role}=${JSON.stringify(conditionForm(text, this.#names))}`)
      .sort();
  }
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
