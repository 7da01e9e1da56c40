import type { Product } from "./connection.ts";

/** Where a statement finds what SHOW GLOBAL STATUS tells, on MySQL but for the counters of commands; anybody may read it. */
function globalStatusTable(product: Product): string {
  return product === "mysql" ? "performance_schema.global_status" : "information_schema.GLOBAL_STATUS";
}

/** Where it finds what SHOW GLOBAL VARIABLES tells. */
export function globalVariablesTable(product: Product): string {
  return product === "mysql" ? "performance_schema.global_variables" : "information_schema.GLOBAL_VARIABLES";
}

/** A row of one table with some status variables, as text, in columns of their lower-case names. */
export function statusColumnsSql(product: Product, names: readonly string[]): string {
  const columns = names.map(
    (name) => `MAX(IF(VARIABLE_NAME = '${name}', VARIABLE_VALUE, NULL)) AS ${name.toLowerCase()}`,
  );
  const known = names.map((name) => `'${name}'`);
  return `SELECT ${columns.join(", ")} FROM ${globalStatusTable(product)} WHERE VARIABLE_NAME IN (${known.join(", ")})`;
}
