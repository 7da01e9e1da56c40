import type { PostgresqlConfig } from "../config.ts";
import { identifier } from "../connection/problems.ts";
import type { PostgresqlCheck } from "./checks.ts";
import type { ServerFacts } from "./facts.ts";

/**
 * Whether the server's log can be read. The grant that reading it through the server takes lets the user read every file
 * in the data directory, so it is in the script that repairs only where the configuration asks for the log.
 */
export function logCheck(facts: ServerFacts, { log_collection: log, username }: PostgresqlConfig): PostgresqlCheck {
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
  if (facts.readsLog) return { code, status: "ok", message: "the log is read through the server" };
  const user = identifier(username);
  const grant =
    "GRANT EXECUTE ON FUNCTION pg_catalog.pg_current_logfile(text), " +
    `pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean) TO ${user};`;
  const message = `${user} may not read the log: deadlocks and plans of auto_explain are told from it`;
  if (wanted) return { code, status: "fail", message, repair: { sql: [grant] } };
  const hint = `set log_collection.path, or: ${grant} It lets ${user} read every file in the data directory`;
  return { code, status: "skipped", message, hint };
}
