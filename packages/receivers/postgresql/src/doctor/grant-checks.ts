import { identifier, type ProblemContext } from "../connection/problems.ts";
import type { PostgresqlCheck } from "./checks.ts";
import type { ServerFacts } from "./facts.ts";

/** What the user may see, and what it may keep out of the statistics. */
export function grantChecks(facts: ServerFacts, { username }: ProblemContext): readonly PostgresqlCheck[] {
  const user = identifier(username);
  return [monitor(facts, user), tracking(facts, user)];
}

function monitor({ readsAllStats, readsAllSettings }: ServerFacts, user: string): PostgresqlCheck {
  const code = "PG-GRANT-001";
  if (readsAllStats && readsAllSettings) return { code, status: "ok", message: `${user} sees what others do` };
  const lacking = [!readsAllStats && "pg_read_all_stats", !readsAllSettings && "pg_read_all_settings"];
  return {
    code,
    status: readsAllStats ? "warn" : "fail",
    message: `${user} lacks the rights of ${lacking.filter((role) => role !== false).join(" and ")}`,
    repair: { sql: [`GRANT pg_monitor TO ${user};`] },
  };
}

function tracking({ setsTracking }: ServerFacts, user: string): PostgresqlCheck {
  const code = "PG-GRANT-002";
  if (setsTracking === undefined) {
    return {
      code,
      status: "skipped",
      message: "before PostgreSQL 15 only a superuser may set pg_stat_statements.track",
    };
  }
  if (setsTracking) return { code, status: "ok", message: `${user} may set pg_stat_statements.track` };
  return {
    code,
    status: "warn",
    message: `${user} may not set pg_stat_statements.track: its statements are counted with those of others`,
    repair: { sql: [`GRANT SET ON PARAMETER pg_stat_statements.track TO ${user};`] },
  };
}
