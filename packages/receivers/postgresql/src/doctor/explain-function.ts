import type { Platform } from "@dbintel/instances";
import { identifier } from "../connection/problems.ts";

/** The role that owns the function: it plans what the collector asks for, and nobody logs in as it. */
export const planner = "dbintel_planner";

/**
 * Statements that give `username` the plans of one database and no right on its tables (PostgreSQL 16 and later).
 * Running them again changes nothing.
 *
 * The function runs with the rights of its owner. All names in it are qualified, types included, so that no
 * `search_path` of a caller can put others in their place; it fixes none of its own, because the statement is to be
 * planned with the path of its role. A cursor takes a single statement, and EXPLAIN only one that it does not run.
 */
export function explainFunction(username: string, platform: Platform): readonly string[] {
  const user = identifier(username);
  // Only a superuser may give things to roles that it is not a member of.
  const managed =
    platform === "self_managed"
      ? []
      : [`GRANT ${planner} TO CURRENT_USER;`, `GRANT CREATE ON SCHEMA dbintel TO ${planner};`];
  return [
    `DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '${planner}') THEN
    CREATE ROLE ${planner} NOLOGIN;
  END IF;
END $$;`,
    `GRANT pg_read_all_data, pg_write_all_data TO ${planner};`,
    "CREATE SCHEMA IF NOT EXISTS dbintel;",
    // Until the end of the transaction nobody can call it: neither with the rights of who makes it, nor as PUBLIC.
    "BEGIN;",
    ...managed,
    `CREATE OR REPLACE FUNCTION dbintel.explain_statement(statement pg_catalog.text) RETURNS pg_catalog.json
  LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE plan pg_catalog.json; answer pg_catalog.refcursor;
BEGIN
  PERFORM pg_catalog.set_config('transaction_read_only', 'on', true);
  -- A cursor takes a single statement, and EXPLAIN one that it does not run.
  OPEN answer FOR EXECUTE pg_catalog.concat('EXPLAIN (GENERIC_PLAN, FORMAT JSON) ', statement);
  FETCH answer INTO plan;
  CLOSE answer;
  RETURN plan;
END $$;`,
    `ALTER FUNCTION dbintel.explain_statement(pg_catalog.text) OWNER TO ${planner};`,
    "REVOKE ALL ON FUNCTION dbintel.explain_statement(pg_catalog.text) FROM PUBLIC;",
    `GRANT USAGE ON SCHEMA dbintel TO ${user};`,
    `GRANT EXECUTE ON FUNCTION dbintel.explain_statement(pg_catalog.text) TO ${user};`,
    "COMMIT;",
  ];
}
