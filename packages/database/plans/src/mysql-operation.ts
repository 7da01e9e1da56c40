import type { ConditionRole, OperationKind, PlanCondition } from "./plan.ts";
import type { ReadContext } from "./read-context.ts";

/** What the description of one of MySQL's iterators says. */
export interface IteratorOperation {
  readonly operation: string;
  readonly kind: OperationKind;
  readonly relation?: string | undefined;
  readonly index?: string | undefined;
  readonly joinType?: string | undefined;
  readonly conditions: readonly PlanCondition[];
  readonly sortKeys: readonly string[];
  readonly groupKeys: readonly string[];
}

/** What follows the name of an operation. */
type Rest = "table" | "condition" | "sort_keys" | "group_keys" | "nothing";

interface Pattern {
  readonly name: string;
  readonly kind: OperationKind;
  readonly rest: Rest;
  readonly role?: ConditionRole;
  readonly joinType?: string;
}

function table(name: string, kind: OperationKind, role: ConditionRole = "index_condition"): Pattern {
  return { name, kind, rest: "table", role };
}

function plain(name: string, kind: OperationKind): Pattern {
  return { name, kind, rest: "nothing" };
}

function join(name: string, kind: OperationKind, joinType: string): Pattern {
  return { name, kind, rest: "condition", role: "join_condition", joinType };
}

/**
 * The descriptions of MySQL's iterators (`sql/join_optimizer/explain_access_path.cc`) by what they begin with. Where
 * one is the beginning of another, the longer comes first.
 */
const patterns: readonly Pattern[] = [
  table("Table scan on ", "sequential_scan"),
  table("Parallel scan on ", "sequential_scan"),
  table("Sample scan on ", "sequential_scan"),
  table("Covering index scan on ", "index_only_scan"),
  table("Index scan on ", "index_scan"),
  table("Single-row covering index lookup on ", "row_lookup"),
  table("Single-row index lookup on ", "row_lookup"),
  table("Covering index lookup on ", "index_only_scan"),
  table("Index lookup on ", "index_scan"),
  table("Multi-range index lookup on ", "index_scan"),
  table("Full-text index search on ", "index_scan"),
  table("Full-text covering index search on ", "index_only_scan"),
  table("Covering index range scan on ", "index_only_scan", "range"),
  table("Index range scan on ", "index_scan", "range"),
  table("Group index skip scan on ", "index_only_scan", "range"),
  table("Covering index skip scan for grouping on ", "index_only_scan", "range"),
  table("Covering index skip scan for deduplication on ", "index_only_scan", "range"),
  table("Covering index skip scan on ", "index_only_scan", "range"),
  table("Index skip scan on ", "index_scan", "range"),
  table("Constant row from ", "row_lookup"),
  table("Scan new records on ", "other_scan"),
  table("Count rows in ", "index_only_scan"),
  table("Materialized table function on ", "other_scan"),
  table("Insert into ", "modify"),
  table("Replace into ", "modify"),
  table("Delete from ", "modify"),
  table("Update ", "modify"),
  { name: "Filter: ", kind: "filter", rest: "condition", role: "filter" },
  { name: "Sort row IDs: ", kind: "sort", rest: "sort_keys" },
  { name: "Sort with duplicate removal: ", kind: "sort", rest: "sort_keys" },
  { name: "Sort: ", kind: "sort", rest: "sort_keys" },
  plain("Limit/Offset: ", "limit"),
  plain("Limit: ", "limit"),
  plain("Offset: ", "limit"),
  join("Nested loop inner join", "nested_loop", "Inner"),
  join("Nested loop left join", "nested_loop", "Left"),
  join("Nested loop semijoin", "nested_loop", "Semi"),
  join("Nested loop antijoin", "nested_loop", "Anti"),
  join("Batched key access inner join", "nested_loop", "Inner"),
  join("Batched key access left join", "nested_loop", "Left"),
  join("Batched key access semijoin", "nested_loop", "Semi"),
  join("Batched key access antijoin", "nested_loop", "Anti"),
  join("Inner hash join", "hash_join", "Inner"),
  join("Left hash join", "hash_join", "Left"),
  join("Hash semijoin", "hash_join", "Semi"),
  join("Hash antijoin", "hash_join", "Anti"),
  plain("Aggregate using temporary table", "aggregate"),
  { name: "Aggregate: ", kind: "aggregate", rest: "nothing" },
  { name: "Group aggregate with rollup: ", kind: "aggregate", rest: "nothing" },
  { name: "Group aggregate: ", kind: "aggregate", rest: "nothing" },
  plain("Group (no aggregates)", "aggregate"),
  plain("Window multi-pass aggregate with buffering", "aggregate"),
  plain("Window multi-pass aggregate", "aggregate"),
  plain("Window aggregate with buffering", "aggregate"),
  plain("Window aggregate", "aggregate"),
  { name: "Remove duplicates from input grouped on ", kind: "aggregate", rest: "group_keys" },
  { name: "Remove duplicates from input sorted on ", kind: "aggregate", rest: "group_keys" },
  plain("Remove duplicate ", "aggregate"),
  plain("Temporary table with deduplication", "materialize"),
  plain("Temporary table", "materialize"),
  plain("Union materialize with deduplication", "materialize"),
  plain("Union all materialize", "materialize"),
  plain("Union materialize", "materialize"),
  plain("Intersect materialize", "materialize"),
  plain("Intersect all materialize", "materialize"),
  plain("Except materialize", "materialize"),
  plain("Except all materialize", "materialize"),
  plain("Materialize recursive CTE", "materialize"),
  plain("Materialize union CTE", "materialize"),
  plain("Materialize CTE", "materialize"),
  plain("Materialize", "materialize"),
  plain("Repeat until convergence", "set_operation"),
  plain("Append", "set_operation"),
  plain("Stream results", "other"),
  plain("Rows fetched before execution", "other"),
  plain("Zero input rows", "other"),
  plain("Zero rows", "other"),
  plain("Hash", "hash"),
  plain("Intersect rows sorted by row ID", "bitmap_scan"),
  plain("Deduplicate rows sorted by row ID", "bitmap_scan"),
  plain("Sort-deduplicate by row ID", "bitmap_scan"),
  plain("Alternative plans for IN subquery", "other"),
  plain("Invalidate materialized tables", "other"),
  plain("Select #", "query"),
];

/** Reads the description of an iterator. What it does not know becomes `other`, without any of its words. */
export function readIteratorOperation(text: string, context: ReadContext): IteratorOperation {
  const pattern = patterns.find(({ name }) => text.startsWith(name));
  if (pattern === undefined) return { ...nothing, operation: "other", kind: "other" };
  const { kind, rest, joinType } = pattern;
  const operation = trimmed(pattern.name);
  const tail = text.slice(pattern.name.length);
  const role = pattern.role ?? "filter";
  switch (rest) {
    case "table":
      return { ...tableOf(tail, role, context), operation, kind: kindOfTable(tail, kind) };
    case "condition":
      return { ...nothing, operation, kind, joinType, conditions: context.condition(role, unspaced(tail)) };
    case "sort_keys":
      return { ...nothing, operation, kind, sortKeys: [context.expression(withoutLimit(tail))] };
    case "group_keys":
      return { ...nothing, operation, kind, groupKeys: [context.expression(tail)] };
    case "nothing":
      return { ...nothing, operation, kind };
  }
}

const nothing = { conditions: [], sortKeys: [], groupKeys: [] } as const;

/** Without the preposition, the colon or the `#` at the end. */
function trimmed(name: string): string {
  let end = name.length;
  while (end > 0 && " :#".includes(name.charAt(end - 1))) end--;
  const text = name.slice(0, end);
  const preposition = [" on", " from", " into", " in"].find((word) => text.endsWith(word));
  return preposition === undefined ? text : text.slice(0, -preposition.length);
}

function unspaced(text: string): string {
  return text.startsWith(" ") ? text.slice(1) : text;
}

/** `Table scan on <temporary>` reads what the server itself has put there. */
function kindOfTable(tail: string, kind: OperationKind): OperationKind {
  return kind === "sequential_scan" && tail.startsWith("<") ? "other_scan" : kind;
}

const pushedMark = ", with index condition: ";

/** `t using i (a=1) (reverse), with index condition: (…)`. */
function tableOf(
  tail: string,
  role: ConditionRole,
  context: ReadContext,
): Omit<IteratorOperation, "operation" | "kind"> {
  const relation = nameAt(tail, 0);
  let at = relation.end;
  let index: string | undefined;
  if (tail.startsWith(" using ", at)) {
    const name = nameAt(tail, at + " using ".length);
    index = name.text;
    at = name.end;
  }
  const pushed = tail.indexOf(pushedMark, at);
  const own = unspaced(tail.slice(at, pushed < 0 ? tail.length : pushed));
  const condition = own.startsWith("over ") ? own.slice("over ".length) : own;
  return {
    relation: relation.text,
    index,
    conditions: [
      ...(condition.startsWith("(") ? context.condition(role, firstRange(withoutDirection(condition))) : []),
      ...(pushed < 0 ? [] : context.condition("index_condition", tail.slice(pushed + pushedMark.length))),
    ],
    sortKeys: [],
    groupKeys: [],
  };
}

/** A name up to white space or a comma; MySQL quotes one that holds such a character. `<union1,2>` is a name too. */
function nameAt(tail: string, start: number): { readonly text: string; readonly end: number } {
  const first = tail.charAt(start);
  const close = first === "`" ? "`" : first === "<" ? ">" : "";
  const found = close === "" ? -1 : tail.indexOf(close, start + 1);
  if (found >= 0) {
    const end = found + 1;
    return { text: first === "`" ? tail.slice(start + 1, found) : tail.slice(start, end), end };
  }
  let end = start;
  while (end < tail.length && !" ,()".includes(tail.charAt(end))) end++;
  return { text: tail.slice(start, end), end };
}

function withoutDirection(condition: string): string {
  return condition === "(reverse)" ? "" : condition;
}

/** How many ranges there are depends on constants: `(id = 1) OR (id = 2) OR (5 more)`. */
function firstRange(condition: string): string {
  const end = condition.indexOf(") OR (");
  return end < 0 ? condition : condition.slice(0, end + 1);
}

function withoutLimit(keys: string): string {
  const limit = keys.lastIndexOf(", limit input to ");
  return limit < 0 ? keys : keys.slice(0, limit);
}
