-- The least that the receiver postgresql of dbintel needs, for a user with the name dbintel.
--
--   psql --dbname=shop --file=deploy/postgresql/grants.sql
--
-- Run as superuser, once for each database whose plans are wanted; running it again changes nothing. On a managed service
-- run what `dbintel doctor --fix-sql` prints, which knows what differs there. Nothing here lets the user write anything,
-- or read a row of a table. What you do not want, leave out: each part says what is missing without it.

-- The user. Give it a password with: \password dbintel
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'dbintel') THEN
    CREATE ROLE dbintel LOGIN CONNECTION LIMIT 5;
  END IF;
END $$;

-- It sees the statements, sessions and settings of all users. Without it: metrics that everybody may see.
GRANT pg_monitor TO dbintel;

-- Its own statements stay out of pg_stat_statements (PostgreSQL 15 and later). Without it: they are a few entries.
DO $$
BEGIN
  IF current_setting('server_version_num')::int >= 150000 THEN
    EXECUTE 'GRANT SET ON PARAMETER pg_stat_statements.track TO dbintel';
  END IF;
END $$;

-- What statements do. The library has to be in shared_preload_libraries. Without it: no top queries.
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;

-- The plans of this database, PostgreSQL 16 and later; before that: GRANT pg_read_all_data TO dbintel. Without it: no plans.
-- The function runs as dbintel_planner, as which nobody can log in. It is read-only and runs no statement: EXPLAIN
-- plans it. But planning calls functions that are declared immutable or stable with constant arguments, as that role: who
-- may call this function, and may create others, can read with them what the role can read.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'dbintel_planner') THEN
    CREATE ROLE dbintel_planner NOLOGIN;
  END IF;
END $$;
GRANT pg_read_all_data, pg_write_all_data TO dbintel_planner;
CREATE SCHEMA IF NOT EXISTS dbintel;
BEGIN;
CREATE OR REPLACE FUNCTION dbintel.explain_statement(statement pg_catalog.text) RETURNS pg_catalog.json
  LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE plan pg_catalog.json; answer pg_catalog.refcursor;
BEGIN
  PERFORM pg_catalog.set_config('transaction_read_only', 'on', true);
  -- A cursor takes a single statement, and EXPLAIN one that it does not run.
  OPEN answer FOR EXECUTE pg_catalog.concat('EXPLAIN (GENERIC_PLAN, FORMAT JSON) ', statement);
  FETCH answer INTO plan;
  CLOSE answer;
  RETURN plan;
END $$;
ALTER FUNCTION dbintel.explain_statement(pg_catalog.text) OWNER TO dbintel_planner;
REVOKE ALL ON FUNCTION dbintel.explain_statement(pg_catalog.text) FROM PUBLIC;
GRANT USAGE ON SCHEMA dbintel TO dbintel;
GRANT EXECUTE ON FUNCTION dbintel.explain_statement(pg_catalog.text) TO dbintel;
COMMIT;

-- The server's log, where it writes one (logging_collector): deadlocks, errors, and plans of auto_explain. Without it:
-- none of these. The log may quote values that statements had. The functions read the files of the log and no other;
-- they run as dbintel_log_reader, as which nobody can log in. Run this in the database that the receiver connects to
-- (connect_database). A file that the collector reads itself, log_collection.path, needs none of it.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'dbintel_log_reader') THEN
    CREATE ROLE dbintel_log_reader NOLOGIN;
  END IF;
END $$;
GRANT pg_monitor TO dbintel_log_reader;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_current_logfile(text),
  pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean) TO dbintel_log_reader;
CREATE SCHEMA IF NOT EXISTS dbintel;
BEGIN;
CREATE OR REPLACE FUNCTION dbintel.current_log(format pg_catalog.text) RETURNS pg_catalog.text
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.pg_current_logfile(format)
$$;
CREATE OR REPLACE FUNCTION dbintel.read_log(name pg_catalog.text, start pg_catalog.int8, length pg_catalog.int8)
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
END $$;
ALTER FUNCTION dbintel.current_log(pg_catalog.text) OWNER TO dbintel_log_reader;
ALTER FUNCTION dbintel.read_log(pg_catalog.text, pg_catalog.int8, pg_catalog.int8) OWNER TO dbintel_log_reader;
REVOKE ALL ON FUNCTION dbintel.current_log(pg_catalog.text), dbintel.read_log(pg_catalog.text, pg_catalog.int8, pg_catalog.int8)
  FROM PUBLIC;
GRANT USAGE ON SCHEMA dbintel TO dbintel;
GRANT EXECUTE ON FUNCTION dbintel.current_log(pg_catalog.text), dbintel.read_log(pg_catalog.text, pg_catalog.int8, pg_catalog.int8)
  TO dbintel;
COMMIT;
