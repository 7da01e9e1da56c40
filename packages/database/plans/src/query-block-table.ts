import type { Json, Members } from "./members.ts";
import { isList, Members as MembersOf } from "./members.ts";
import type { Actual, Estimate, OperationKind, PlanNode, RemovedRows } from "./plan.ts";
import type { ReadContext } from "./read-context.ts";

/** How MySQL and MariaDB reach the rows of a table: `access_type`, the `type` of tabular EXPLAIN. */
const accessTypes: ReadonlyMap<string, OperationKind> = new Map([
  ["ALL", "sequential_scan"],
  ["index", "index_scan"],
  ["range", "index_scan"],
  ["ref", "index_scan"],
  ["ref_or_null", "index_scan"],
  ["fulltext", "index_scan"],
  ["index_subquery", "index_scan"],
  ["unique_subquery", "row_lookup"],
  ["eq_ref", "row_lookup"],
  ["const", "row_lookup"],
  ["system", "row_lookup"],
  ["index_merge", "bitmap_scan"],
  ["hash_ALL", "sequential_scan"],
  ["hash_index", "index_scan"],
  ["hash_range", "index_scan"],
  ["hash_index_merge", "bitmap_scan"],
]);

/** What stands in the place of a table where none is read, word for word from the servers' sources. */
const messages: ReadonlySet<string> = new Set([
  "No tables used",
  "Impossible WHERE",
  "Impossible WHERE noticed after reading const tables",
  "Impossible HAVING",
  "Impossible HAVING noticed after reading const tables",
  "Select tables optimized away",
  "No matching min/max row",
  "no matching row in const table",
  "const row not found",
  "unique row not found",
  "Zero limit",
  "Deleting all rows",
  "No matching rows after partition pruning",
  "Not optimized, outer query is empty",
]);

/** A table of a `query_block` plan, without what stands below it. */
export function readTable(members: Members, context: ReadContext): Omit<PlanNode, "children"> {
  const access = members.text("access_type") ?? "";
  const message = members.text("message") ?? "";
  const kind = kindOf(members, access);
  const fallback = messages.has(message) ? message : "table";
  return {
    operation: accessTypes.has(access) ? access : fallback,
    kind,
    role: "outer",
    relation: members.text("table_name"),
    index: members.text("key") ?? mergedIndexes(members),
    keyParts: members.texts("used_key_parts"),
    strategy: strategyOf(members),
    conditions: [
      ...context.condition("index_condition", members.text("index_condition")),
      ...context.condition("index_condition", members.text("index_condition_bka")),
      ...context.condition("filter", members.text("attached_condition")),
      ...context.condition("filter", members.text("pushed_condition")),
    ],
    sortKeys: [],
    groupKeys: [],
    estimate: {
      ...estimatedRows(members),
      totalCost: members.object("cost_info")?.number("prefix_cost") ?? members.number("cost"),
    },
    actual: actualOf(members),
    removed: removedOf(members),
  };
}

function kindOf(members: Members, access: string): OperationKind {
  const kind = accessTypes.get(access);
  if (kind === undefined) return "other";
  const name = members.text("table_name") ?? "";
  // `<derived2>`, `<subquery2>`, `<union1,2>`: the server's own temporary tables.
  if (kind === "sequential_scan" && name.startsWith("<")) return "other_scan";
  return kind === "index_scan" && members.flag("using_index") ? "index_only_scan" : kind;
}

/** `filtered` is the percentage of the rows that the condition is expected to let through. */
function estimatedRows(members: Members): Estimate {
  const examinedRows = members.number("rows_examined_per_scan") ?? members.number("rows");
  if (examinedRows === undefined) return {};
  return { examinedRows, rows: (examinedRows * (members.number("filtered") ?? 100)) / 100 };
}

/** MariaDB's ANALYZE. Times are sums over the loops; `r_rows` counts before the condition, `r_filtered` is a percentage. */
function actualOf(members: Members): Actual | undefined {
  const loops = members.number("r_loops") ?? (members.has("r_rows") ? 1 : undefined);
  if (loops === undefined) return undefined;
  const table = members.number("r_table_time_ms");
  const other = members.number("r_other_time_ms") ?? 0;
  return {
    rows: ((members.number("r_rows") ?? 0) * (members.number("r_filtered") ?? 100)) / 100,
    loops,
    totalMs: table === undefined ? undefined : (table + other) / Math.max(loops, 1),
  };
}

function removedOf(members: Members): RemovedRows | undefined {
  const rows = members.number("r_rows");
  const percent = members.number("r_filtered");
  return rows === undefined || percent === undefined ? undefined : { byFilter: (rows * (100 - percent)) / 100 };
}

/** MariaDB nests the parts of an `index_merge` by how they are combined. */
function mergedIndexes(members: Members): string | undefined {
  const merge = members.object("index_merge");
  if (merge === undefined) return undefined;
  const keys = new Set(keysOf(merge, 4));
  return keys.size === 0 ? undefined : [...keys].sort().join("+");
}

function keysOf(members: Members, levels: number): readonly string[] {
  if (levels === 0) return [];
  const key = members.text("key");
  const below = members.names().flatMap((name) => elements(members.value(name)));
  return [...(key === undefined ? [] : [key]), ...below.flatMap((element) => keysOf(element, levels - 1))];
}

function elements(value: Json | undefined): readonly Members[] {
  return (isList(value) ? value : [value]).flatMap((item) => MembersOf.of(item) ?? []);
}

const joinBuffers = new Set(["Block Nested Loop", "hash join", "Batched Key Access"]);
const changes = ["insert", "update", "delete", "replace"];

function strategyOf(members: Members): string | undefined {
  const joinBuffer = members.text("using_join_buffer") ?? "";
  const strategies = [
    // MySQL writes true, MariaDB 1.
    ...changes.filter((change) => members.flag(change) || members.number(change) === 1),
    ...(joinBuffers.has(joinBuffer) ? [joinBuffer] : []),
    ...(members.flag("using_filesort") ? ["filesort"] : []),
    ...(members.flag("using_temporary_table") ? ["temporary table"] : []),
    ...(members.has("first_match") ? ["first match"] : []),
    ...(members.flag("loosescan") || members.flag("using_index_for_group_by") ? ["loose scan"] : []),
  ];
  return strategies.length === 0 ? undefined : strategies.join(", ");
}
