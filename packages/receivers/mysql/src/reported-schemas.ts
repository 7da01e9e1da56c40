import type { MysqlConfig } from "./config.ts";

/** Whether what is done in a schema is reported: without a schema it is left out only where schemas are named. */
export function reportsSchema(
  { databases, exclude_databases: excluded }: Pick<MysqlConfig, "databases" | "exclude_databases">,
  schema: string | null,
): boolean {
  if (schema === null) return databases.length === 0;
  return !excluded.includes(schema) && (databases.length === 0 || databases.includes(schema));
}
