import type { Plan, PlanNode } from "./plan.ts";
import { unnumberedAliases } from "./relation-name.ts";

/** What stands before a column's name (`shop.o` in `shop.o.id`), and how much of it a condition's form keeps. */
export interface Qualifiers {
  /** Other names for tables, so that the numbers in PostgreSQL's own aliases make no difference. */
  readonly renamed?: ReadonlyMap<string, string> | undefined;
  /**
   * MySQL and MariaDB: a schema is left out. Version 1 of MySQL's JSON writes `shop.orders.id`, version 2 and MariaDB
   * `orders.id`.
   */
  readonly withoutSchema?: boolean | undefined;
  /**
   * The table, in lower case, that a name without a qualifier belongs to, and whose own is left out: MySQL writes
   * `id = ?` for what an index answers and `orders.id = ?` for what a filter checks.
   */
  readonly table?: string | undefined;
}

/** How the conditions of one plan are qualified. */
export class PlanQualifiers {
  readonly #renamed: ReadonlyMap<string, string>;
  readonly #isMysql: boolean;

  constructor(plan: Plan) {
    this.#renamed = unnumberedAliases(plan);
    this.#isMysql = plan.dialect !== "postgresql";
  }

  /** For the conditions and keys of an operation: they are about its table, or the only one that it has rows of. */
  of(node: PlanNode): Qualifiers {
    if (!this.#isMysql) return { renamed: this.#renamed };
    const [table, other] = tablesOf(node);
    return { withoutSchema: true, table: other === undefined ? table?.toLowerCase() : undefined };
  }
}

/** The tables whose rows an operation sees, not those of subqueries, and not the server's own (`<temporary>`). */
function tablesOf(node: PlanNode): readonly string[] {
  const { relation, children } = node;
  if (relation !== undefined && !relation.startsWith("<")) return [relation];
  return children.filter(({ role }) => role !== "subplan").flatMap(tablesOf);
}

/** The parts of a name in the order in which they are written, `shop`, `o`, `id`, as a condition's form shows them. */
export function qualified(name: readonly string[], { renamed, withoutSchema, table }: Qualifiers): readonly string[] {
  const parts = withoutSchema === true ? name.slice(-2) : name;
  const last = parts.length - 1;
  if (table !== undefined && parts[last - 1] === table) return parts.slice(last);
  return parts.map((part, at) => (at < last ? (renamed?.get(part) ?? part) : part));
}
