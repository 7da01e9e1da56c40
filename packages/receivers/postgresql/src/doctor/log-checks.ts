import type { PostgresqlConfig } from "../config.ts";
import { identifier } from "../connection/problems.ts";
import type { PostgresqlCheck } from "./checks.ts";
import type { ServerFacts } from "./facts.ts";
import { logFunctions } from "./log-functions.ts";
import { repairIn } from "./repairs.ts";

/**
 * Whether the server's log can be read: by functions that open it alone, or by a grant that opens every file in the data
 * directory, which is worth a word.
 */
export function logCheck(facts: ServerFacts, config: PostgresqlConfig): PostgresqlCheck {
  const { log_collection: log, username } = config;
  const code = "PG-LOG-001";
  if (log.enabled === false) return { code, status: "skipped", message: "the log is not collected" };
  if (log.path !== undefined) return { code, status: "skipped", message: "the log is read by the collector itself" };
  const wanted = log.enabled === true;
  if (facts.settings.get("logging_collector") === "off") {
    const hint =
      "ALTER SYSTEM SET logging_collector = on, and restart the server; or set log_collection.path to where it goes";
    const message = "the server writes its log to no file of its own";
    return { code, status: wanted ? "fail" : "skipped", message, hint };
  }
  const user = identifier(username);
  const repair = repairIn(config.connect_database, logFunctions(username));
  if (facts.readsLogBy === "dbintel.read_log") {
    return { code, status: "ok", message: "the log is read through the server, and no other file can be" };
  }
  if (facts.readsLogBy !== undefined) {
    const message = "the log is read through the server";
    if (facts.superuser) return { code, status: "ok", message };
    const revoke = `REVOKE EXECUTE ON FUNCTION pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean) FROM ${user};`;
    const narrower = repairIn(config.connect_database, [...logFunctions(username), revoke]);
    const opened = `${message}, by a grant that lets ${user} read every file in the data directory`;
    return { code, status: "warn", message: opened, ...(narrower === undefined ? {} : { repair: narrower }) };
  }
  const message = `${user} may not read the log: deadlocks and plans of auto_explain are told from it`;
  if (wanted) return { code, status: "fail", message, ...(repair === undefined ? {} : { repair }) };
  const hint =
    "set log_collection.path, or run the last part of deploy/postgresql/grants.sql, which opens the log alone";
  return { code, status: "skipped", message, hint };
}
