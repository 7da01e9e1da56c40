import { identifier } from "../connection/problems.ts";

/** The role that owns the functions: it may read files of the server, and nobody logs in as it. */
export const logReader = "dbintel_log_reader";

/**
 * Statements that let `username` read the server's log, and no other file. Run as superuser in the database that the
 * receiver connects to; running them again changes nothing.
 *
 * The grant of `pg_read_binary_file` would open the whole data directory, password hashes included. A function that runs
 * with the rights of its owner reads what `pg_ls_logdir` lists, and nothing where the log stands in the data directory
 * itself.
 */
export function logFunctions(username: string): readonly string[] {
  const user = identifier(username);
  const functions =
    "dbintel.current_log(pg_catalog.text), dbintel.read_log(pg_catalog.text, pg_catalog.int8, pg_catalog.int8)";
  return [
    `DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '${logReader}') THEN
    CREATE ROLE ${logReader} NOLOGIN;
  END IF;
END $$;`,
    `GRANT pg_monitor TO ${logReader};`,
    `GRANT EXECUTE ON FUNCTION pg_catalog.pg_current_logfile(text),
  pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean) TO ${logReader};`,
    "CREATE SCHEMA IF NOT EXISTS dbintel;",
    // Until the end of the transaction nobody can call them: neither with the rights of who makes them, nor as PUBLIC.
    "BEGIN;",
    `CREATE OR REPLACE FUNCTION dbintel.current_log(format pg_catalog.text) RETURNS pg_catalog.text
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.pg_current_logfile(format)
$$;`,
    `CREATE OR REPLACE FUNCTION dbintel.read_log(name pg_catalog.text, start pg_catalog.int8, length pg_catalog.int8)
  RETURNS pg_catalog.bytea LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE folder text := regexp_replace(pg_current_logfile(NULL), '[^/]*$', '');
BEGIN
  -- Other files stand there too.
  IF folder IN ('', './', concat(current_setting('data_directory'), '/')) THEN
    RAISE EXCEPTION 'the log stands in the data directory itself' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF folder IS NULL OR NOT EXISTS (SELECT FROM pg_ls_logdir() AS file WHERE file.name = read_log.name) THEN
    RETURN NULL;
  END IF;
  RETURN pg_read_binary_file(concat(folder, name), start, least(length, 1048576), true);
END $$;`,
    `ALTER FUNCTION dbintel.current_log(pg_catalog.text) OWNER TO ${logReader};`,
    `ALTER FUNCTION dbintel.read_log(pg_catalog.text, pg_catalog.int8, pg_catalog.int8) OWNER TO ${logReader};`,
    `REVOKE ALL ON FUNCTION ${functions}
  FROM PUBLIC;`,
    `GRANT USAGE ON SCHEMA dbintel TO ${user};`,
    `GRANT EXECUTE ON FUNCTION ${functions}
  TO ${user};`,
    "COMMIT;",
  ];
}
