import { fingerprintSql, redactSql } from "@dbintel/sql";
import type { Members } from "./members.ts";
import { withoutAliases } from "./mysql-names.ts";
import { readIteratorOperation } from "./mysql-operation.ts";
import type { Actual, NodeRole, Plan, PlanNode, PlannedQuery } from "./plan.ts";
import type { ReadContext } from "./read-context.ts";

/**
 * Reads version 2 of MySQL's JSON, an object per iterator: the plan is `query_plan` (MySQL 9), or the document itself
 * (8.3 and 8.4). An object's `operation` is the line of `FORMAT=TREE`, so both give the same nodes and hashes; what only
 * the JSON tells (`schema_name`, `key_columns`) is left out for that.
 */
export function readIteratorPlan(document: Members, context: ReadContext): Plan {
  const queryText = document.text("query");
  return {
    dialect: "mysql",
    format: "mysql_json_v2",
    root: readNode(document.object("query_plan") ?? document, "root", 1, context),
    query: queryText === undefined ? undefined : queryOf(queryText, context),
  };
}

/** The statement as the optimizer has rewritten it. */
function queryOf(queryText: string, { syntax }: ReadContext): PlannedQuery {
  const text = withoutAliases(redactSql(queryText, syntax).text);
  return { text, fingerprint: fingerprintSql(text, syntax) };
}

function readNode(members: Members, role: NodeRole, depth: number, context: ReadContext): PlanNode {
  context.enter(depth);
  const heading = members.text("heading");
  if (heading === undefined) return iterator(members, role, depth, context);
  // The tree has a line of its own for a heading: `Hash`, `Select #2 (subquery in condition; dependent)`.
  const operation = readIteratorOperation(heading, context);
  return {
    ...operation,
    role: operation.kind === "query" && role !== "root" ? "subplan" : role,
    keyParts: [],
    children: [iterator(members, "outer", depth + 1, context)],
  };
}

function iterator(members: Members, role: NodeRole, depth: number, context: ReadContext): PlanNode {
  const operation = readIteratorOperation(members.text("operation") ?? "", context);
  return {
    ...operation,
    role,
    relation: operation.relation ?? members.text("alias") ?? members.text("table_name"),
    index: operation.index ?? members.text("index_name"),
    keyParts: [],
    estimate: {
      rows: members.number("estimated_rows"),
      startupCost: members.number("estimated_first_row_cost"),
      totalCost: members.number("estimated_total_cost"),
    },
    actual: actualOf(members),
    children: [...members.objects("inputs"), ...members.objects("inputs_from_select_list")].map((input, position) =>
      readNode(input, position === 0 ? "outer" : "inner", depth + 1, context),
    ),
  };
}

function actualOf(members: Members): Actual | undefined {
  const rows = members.number("actual_rows");
  const loops = members.number("actual_loops");
  if (rows === undefined || loops === undefined) return undefined;
  return {
    rows,
    loops,
    startupMs: members.number("actual_first_row_ms"),
    totalMs: members.number("actual_last_row_ms"),
  };
}
