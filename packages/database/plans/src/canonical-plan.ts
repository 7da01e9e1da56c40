import { conditionForm } from "./condition-form.ts";
import { nodesOf, type Plan, type PlanNode } from "./plan.ts";

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
    this.#names = plan.dialect === "postgresql" ? unnumberedAliases(plan.root) : new Map();
  }

  text(): string {
    return this.#node(this.#plan.root, undefined);
  }

  /** `above` is the table whose rows a bitmap index scan marks. */
  #node(node: PlanNode, above: PlanNode | undefined): string {
    const table = node.relation === undefined ? above : node;
    const [only] = node.children;
    if (only !== undefined && node.children.length === 1 && isFolded(node)) return this.#node(only, table);
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

/** What is there only because workers share the job. */
function isFolded(node: PlanNode): boolean {
  return node.kind === "gather" || node.partialMode === "Partial";
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

/** `schema.table`; a partition goes by its parent, the server's temporary tables by what they are. */
function relationName(node: PlanNode): string | undefined {
  const { relation, schema } = node;
  if (relation === undefined) return undefined;
  const parent = parentName(node);
  const name = parent === undefined ? withoutServerNumbers(relation) : `${parent}*`;
  return schema === undefined ? name : `${schema}.${name}`;
}

/** `<derived2>`, `<union1,2>`: the numbers are those of the query's parts. */
function withoutServerNumbers(relation: string): string {
  if (!relation.startsWith("<")) return relation;
  return [...relation].filter((char) => !isDigit(char) && char !== ",").join("");
}

/**
 * The name of the partitioned table that a scanned table seems to be a partition of. PostgreSQL numbers the aliases of
 * partitions (`m_1` for a partition of `m`); where pruning has left one at planning time, its alias is the parent's.
 */
function parentName({ alias, relation }: PlanNode): string | undefined {
  if (alias === undefined || relation === undefined || alias === relation) return undefined;
  const stem = withoutNumber(alias);
  if (stem !== undefined && stem !== relation) return stem;
  return relation.startsWith(alias) && isPartitionSuffix(relation.slice(alias.length)) ? alias : undefined;
}

/** `_2026_11`, `_p20261121`, `7`. */
function isPartitionSuffix(text: string): boolean {
  return [...text].every((char) => "_p0123456789".includes(char)) && [...text].some(isDigit);
}

function isDigit(char: string): boolean {
  return char >= "0" && char <= "9";
}

/** Indexes of partitions are named after them: `m1_d_idx`. */
function indexName(index: string, table: PlanNode | undefined): string {
  const relation = table?.relation;
  const isPartition = table !== undefined && parentName(table) !== undefined;
  return isPartition && relation !== undefined && index.startsWith(relation)
    ? `*${index.slice(relation.length)}`
    : index;
}

/** `m` for `m_12`. */
function withoutNumber(alias: string): string | undefined {
  const at = alias.lastIndexOf("_");
  const number = alias.slice(at + 1);
  return at > 0 && number !== "" && [...number].every(isDigit) ? alias.slice(0, at) : undefined;
}

function unnumberedAliases(root: PlanNode): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { alias, relation } of nodesOf(root)) {
    const stem = alias === undefined || alias === relation ? undefined : withoutNumber(alias);
    if (alias !== undefined && stem !== undefined) names.set(alias, stem);
  }
  return names;
}
