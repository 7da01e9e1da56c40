import { nodesOf, type Plan, type PlanNode } from "./plan.ts";

/** `schema.table`; a partition goes by its parent, the server's temporary tables by what they are. */
export function relationName(node: PlanNode): string | undefined {
  const { relation, schema } = node;
  if (relation === undefined) return undefined;
  const parent = parentName(node);
  const name = parent === undefined ? withoutServerNumbers(relation) : `${parent}*`;
  return schema === undefined ? name : `${schema}.${name}`;
}

/** `<derived2>`, `<union1,2>`: the numbers are those of the query's parts. */
function withoutServerNumbers(relation: string): string {
  if (!relation.startsWith("<")) return relation;
  return Array.from(relation)
    .filter((char) => !isDigit(char) && char !== ",")
    .join("");
}

/**
 * The name of the partitioned table that a scanned table seems to be a partition of. Below an append PostgreSQL numbers
 * the aliases of partitions (`m_1` for a partition of `m`); where pruning has left one, its alias is the parent's.
 */
function parentName({ alias, relation, role }: PlanNode): string | undefined {
  if (alias === undefined || relation === undefined || alias === relation) return undefined;
  const stem = role === "member" ? withoutNumber(alias) : undefined;
  if (stem !== undefined && stem !== relation) return stem;
  return relation.startsWith(alias) && isPartitionSuffix(relation.slice(alias.length)) ? alias : undefined;
}

/** `_2026_11`, `_p20261121`, `7`. */
function isPartitionSuffix(text: string): boolean {
  return Array.from(text).every((char) => "_p0123456789".includes(char)) && Array.from(text).some(isDigit);
}

function isDigit(char: string): boolean {
  return char >= "0" && char <= "9";
}

/** Indexes of partitions are named after them: `m1_d_idx`. */
export function indexName(index: string, table: PlanNode | undefined): string {
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
  return at > 0 && number !== "" && Array.from(number).every(isDigit) ? alias.slice(0, at) : undefined;
}

/** PostgreSQL's aliases that have a number of their own, with what they are without it. */
export function unnumberedAliases({ dialect, root }: Plan): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  if (dialect !== "postgresql") return names;
  for (const { alias, relation } of nodesOf(root)) {
    const stem = alias === undefined || alias === relation ? undefined : withoutNumber(alias);
    if (alias !== undefined && stem !== undefined) names.set(alias, stem);
  }
  return names;
}
