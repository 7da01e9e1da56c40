import { text } from "@dbintel/watching";
import type { DatabaseConnection } from "../connection/connection.ts";
import { identifier } from "../connection/problems.ts";

/** A setting that decides which plan a statement gets, and where its tables are looked for. */
export type PlannerSetting = readonly [name: string, value: string];

/**
 * What ALTER ROLE … SET and ALTER DATABASE … SET say for the sessions of a role in the connection's database. What a
 * session sets for itself is known to nobody else.
 */
export async function plannerSettings(
  args: {
    readonly connection: DatabaseConnection;
    readonly role: { readonly id: number; readonly name: string | undefined };
    /** The server's own `search_path`, for roles and databases without one. */
    readonly usualPath: string;
  },
  signal: AbortSignal,
): Promise<readonly PlannerSetting[]> {
  const { connection, role, usualPath } = args;
  const rows = await connection.query(
    `SELECT DISTINCT ON (s.name) s.name, substr(c.line, strpos(c.line, '=') + 1) AS value
       FROM pg_db_role_setting r
       CROSS JOIN LATERAL unnest(r.setconfig) c(line)
       JOIN pg_settings s ON s.name = split_part(c.line, '=', 1)
      WHERE r.setrole IN (0, $1::oid)
        AND r.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        AND s.context = 'user'
        AND (s.name IN ('search_path', 'work_mem', 'hash_mem_multiplier') OR s.category LIKE 'Query Tuning%')
      ORDER BY s.name, r.setrole <> 0 DESC, r.setdatabase <> 0 DESC`,
    [role.id],
    signal,
  );
  const settings = rows
    .map((row) => [text(row, "name") ?? "", text(row, "value") ?? ""] as const)
    // Of both modes the session's own stays: a plan for any value is asked for.
    .filter(([name]) => name !== "plan_cache_mode");
  const path = settings.find(([name]) => name === "search_path")?.[1] ?? usualPath;
  return [
    ...settings.filter(([name]) => name !== "search_path"),
    ["search_path", role.name === undefined ? path : pathOf(role.name, path)],
  ];
}

/** `"$user"` means the schema of the role whose statement it is, not ours. */
function pathOf(role: string, path: string): string {
  return path.replaceAll(/"\$user"|\$user/g, () => identifier(role));
}

/**
 * A path that finds the tables by these names: with the schemas in front that alone have a table of one of the names.
 * `undefined` when one of them is in several schemas, or in none: then nobody can tell which was meant.
 */
export async function pathTo(
  connection: DatabaseConnection,
  tables: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  if (tables.length === 0) return undefined;
  const rows = await connection.query(
    `SELECT c.relname AS name, min(n.nspname) AS schema
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relname = ANY($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND n.nspname NOT IN ('information_schema', 'pg_toast') AND n.nspname NOT LIKE 'pg\\_temp%'
      GROUP BY c.relname HAVING count(*) = 1`,
    [tables],
    signal,
  );
  if (rows.length < new Set(tables).size) return undefined;
  return [...new Set(rows.map((row) => identifier(text(row, "schema") ?? "")))].join(", ");
}
