import { text } from "@dbintel/watching";
import type { DatabaseConnection } from "../connection/connection.ts";

/** By what the log is read through the server. */
export interface LogAccess {
  /** The function that tells the current file of a format. */
  readonly current: string;
  /** The function that reads; `undefined` where the files are read on this machine. */
  readonly read: "pg_read_binary_file" | "dbintel.read_log" | undefined;
}

/** Those of `deploy/postgresql/grants.sql`, which read the log and nothing else. */
const narrow: LogAccess = { current: "dbintel.current_log", read: "dbintel.read_log" };
/** The server's own, for whoever may call them. */
const wide: LogAccess = { current: "pg_current_logfile", read: "pg_read_binary_file" };

/** The oids of the types, as pg_type has them. */
const [textType, bigintType] = [25, 20];

/**
 * What this user may read the log by; `undefined` for nothing. Asked before anything is called: a function that the user
 * may not call would be an error in the very log. A function of ours counts only when it runs with the rights of its
 * owner: whoever made another one would get ours.
 */
export async function logAccess(
  connection: DatabaseConnection,
  signal: AbortSignal,
  options: { readonly local?: boolean } = {},
): Promise<LogAccess | undefined> {
  // By name: to look a function up by its signature takes a right on its schema.
  const own = (name: string, types: string) => `EXISTS (
    SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname = 'dbintel' AND p.proname = '${name}' AND p.proargtypes::text = '${types}' AND p.prosecdef
       AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE'))`;
  const mayCall = (signature: string) => `has_function_privilege('pg_catalog.${signature}', 'EXECUTE')`;
  const [row = {}] = await connection.query(
    `SELECT CASE WHEN ${own("current_log", `${textType}`)} THEN 'narrow'
                 WHEN ${mayCall("pg_current_logfile(text)")} THEN 'wide' END AS current,
            CASE WHEN NOT ${mayCall("pg_ls_logdir()")} THEN NULL
                 WHEN ${own("read_log", `${textType} ${bigintType} ${bigintType}`)} THEN 'narrow'
                 WHEN ${mayCall("pg_read_binary_file(text, bigint, bigint, boolean)")} THEN 'wide' END AS read`,
    [],
    signal,
  );
  const [current, read] = [text(row, "current"), text(row, "read")];
  if (current === undefined || (read === undefined && options.local !== true)) return undefined;
  return {
    current: (current === "narrow" ? narrow : wide).current,
    read: options.local === true ? undefined : (read === "narrow" ? narrow : wide).read,
  };
}
