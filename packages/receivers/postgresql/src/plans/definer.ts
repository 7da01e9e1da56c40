import type { DatabaseConnection } from "../connection/connection.ts";

/** The function for users that may not read the tables: `text` in, the JSON of EXPLAIN out. */
const definerFunction = { schema: "dbintel", name: "explain_statement" } as const;

/** What is called. */
export const definerCall = `${definerFunction.schema}.${definerFunction.name}`;

/** Whether a DBA made the function in this database, and for us. */
export async function hasDefiner(connection: DatabaseConnection, signal: AbortSignal): Promise<boolean> {
  const { schema, name } = definerFunction;
  // One that runs with our rights is none of ours: whoever made it would get them.
  const [row = {}] = await connection.query(
    `SELECT EXISTS (
       SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = $1 AND p.proname = $2 AND p.prosecdef AND p.proargtypes[0] = 'text'::regtype
          AND p.pronargs = 1
          AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')) AS definer`,
    [schema, name],
    signal,
  );
  return row.definer === true;
}
