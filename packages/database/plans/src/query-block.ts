import type { SqlDialect } from "@dbintel/sql";
import type { Members } from "./members.ts";
import type { NodeRole, OperationKind, Plan, PlanNode } from "./plan.ts";
import { readTable } from "./query-block-table.ts";
import type { ReadContext } from "./read-context.ts";

/**
 * Reads the JSON that has a `query_block`: MySQL's version 1 and MariaDB's EXPLAIN and ANALYZE.
 *
 * Both nest a member per operation (`ordering_operation`, MariaDB's `filesort`) around `table` or `nested_loop`, whose
 * list is the order of the join. The names are those of MySQL's `sql/opt_explain_json.cc` and MariaDB's
 * `sql/sql_explain.cc`.
 */
export function readQueryBlockPlan(document: Members, dialect: SqlDialect, context: ReadContext): Plan {
  const block = document.object("query_block") ?? document;
  const root = readOperation({ name: "query_block", members: block, role: "root", depth: 1 }, context);
  return {
    dialect,
    format: dialect === "mariadb" ? "mariadb_json" : "mysql_json_v1",
    root,
    planningMs: document.object("query_optimization")?.number("r_total_time_ms"),
    executionMs: block.number("r_total_time_ms"),
  };
}

/** Members that are operations, in the order in which they are read. */
const operations: ReadonlyMap<string, OperationKind> = new Map([
  ["query_block", "query"],
  ["union_result", "set_operation"],
  ["intersect_result", "set_operation"],
  ["except_result", "set_operation"],
  ["unit_result", "set_operation"],
  ["recursive_union", "set_operation"],
  ["ordering_operation", "sort"],
  ["filesort", "sort"],
  ["read_sorted_file", "other"],
  ["grouping_operation", "aggregate"],
  ["duplicates_removal", "aggregate"],
  ["windowing", "aggregate"],
  ["window_functions_computation", "aggregate"],
  ["buffer_result", "materialize"],
  ["temporary_table", "materialize"],
  ["materialized", "materialize"],
  ["materialized_from_subquery", "materialize"],
  ["materialization", "materialize"],
  ["expression_cache", "materialize"],
  ["block-nl-join", "nested_loop"],
  ["insert_from", "other"],
]);

/** Members whose elements are parts of the operation above. */
const parts: ReadonlyMap<string, NodeRole> = new Map([
  ["query_specifications", "member"],
  ["sorts", "member"],
  ["subqueries", "subplan"],
  ["attached_subqueries", "subplan"],
  ["having_subqueries", "subplan"],
  ["order_by_subqueries", "subplan"],
  ["group_by_subqueries", "subplan"],
  ["select_list_subqueries", "subplan"],
  ["update_value_subqueries", "subplan"],
  ["insert_values_subqueries", "subplan"],
  ["optimized_away_subqueries", "subplan"],
]);

interface Operation {
  readonly name: string;
  readonly members: Members;
  readonly role: NodeRole;
  readonly depth: number;
}

function readOperation({ name, members, role, depth }: Operation, context: ReadContext): PlanNode {
  context.enter(depth);
  const children = childrenOf(members, depth + 1, context);
  const loops = members.number("r_loops");
  const totalMs = members.number("r_total_time_ms");
  const mergePasses = members.number("r_sort_passes");
  return {
    operation: name,
    kind: kindOf(name, members),
    role,
    keyParts: [],
    strategy: strategyOf(members),
    conditions: [
      ...context.condition("having", members.text("having_condition")),
      ...context.condition("join_filter", members.text("attached_condition")),
    ],
    sortKeys: context.expressions(members.texts("sort_key")),
    groupKeys: [],
    estimate: {
      rows: name === "query_block" && children.length === 1 ? children[0]?.estimate?.rows : undefined,
      totalCost: members.object("cost_info")?.number("query_cost") ?? members.number("cost"),
    },
    // MariaDB tells the rows of sorts alone; times are sums over the loops.
    actual:
      loops === undefined || totalMs === undefined
        ? undefined
        : { rows: members.number("r_output_rows") ?? 0, loops, totalMs: totalMs / Math.max(loops, 1) },
    workspace: mergePasses === undefined ? undefined : { mergePasses },
    children,
  };
}

/** The operations below: wrapped ones, tables and joins, and parts such as subqueries. */
function childrenOf(members: Members, depth: number, context: ReadContext): readonly PlanNode[] {
  const children: PlanNode[] = [];
  for (const name of members.names()) {
    if (name === "table") children.push(...members.objects(name).map((table) => tableNode(table, depth, context)));
    else if (name === "nested_loop") children.push(...joinOf(members.objects(name), depth, context));
    else if (operations.has(name)) {
      for (const object of members.objects(name)) {
        children.push(readOperation({ name, members: object, role: "outer", depth }, context));
      }
    } else {
      const role = parts.get(name);
      if (role === undefined) continue;
      for (const part of members.objects(name)) {
        children.push(...childrenOf(part, depth, context).map((child) => ({ ...child, role })));
      }
    }
  }
  return children;
}

/** A list of one is no join. */
function joinOf(elements: readonly Members[], depth: number, context: ReadContext): readonly PlanNode[] {
  if (elements.length === 1) return elements.flatMap((element) => childrenOf(element, depth, context));
  context.enter(depth);
  const children = elements
    .flatMap((element) => childrenOf(element, depth + 1, context))
    .map((child, position): PlanNode => ({ ...child, role: position === 0 ? "outer" : "inner" }));
  const rows = children.reduce<number | undefined>((product, { estimate }) => times(product, estimate?.rows), 1);
  const join: PlanNode = {
    operation: "nested_loop",
    kind: "nested_loop",
    role: "outer",
    keyParts: [],
    conditions: [],
    sortKeys: [],
    groupKeys: [],
    estimate: { rows },
    children,
  };
  return [join];
}

function times(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one * other;
}

function tableNode(members: Members, depth: number, context: ReadContext): PlanNode {
  context.enter(depth);
  return { ...readTable(members, context), children: childrenOf(members, depth + 1, context) };
}

function kindOf(name: string, members: Members): OperationKind {
  if (name === "block-nl-join" && members.text("join_type") === "BNLH") return "hash_join";
  // MySQL names the operation also where an index gives the order.
  const byIndex = name === "ordering_operation" && !members.flag("using_filesort");
  return byIndex ? "other" : (operations.get(name) ?? "other");
}

const joinBuffers = new Set(["BNL", "BNLH", "BKA", "BKAH"]);

function strategyOf(members: Members): string | undefined {
  const joinType = members.text("join_type") ?? "";
  const strategies = [
    members.flag("using_filesort") ? "filesort" : "",
    members.flag("using_temporary_table") ? "temporary table" : "",
    joinBuffers.has(joinType) ? joinType : "",
  ].filter((strategy) => strategy !== "");
  return strategies.length === 0 ? undefined : strategies.join(", ");
}
