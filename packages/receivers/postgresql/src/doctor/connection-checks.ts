import type { DbintelError } from "@dbintel/errors";
import { clockSkew, encryption } from "@dbintel/watching";
import type { PostgresqlConfig } from "../config.ts";
import type { ConnectionSettings } from "../connection/connection.ts";
import { openingSql, type ProblemContext } from "../connection/problems.ts";
import type { PostgresqlCheck } from "./checks.ts";
import type { ServerFacts } from "./facts.ts";

/** Whether the server is on this machine, behind a Unix socket. */
export function isSocket({ host }: ConnectionSettings): boolean {
  return host.startsWith("/");
}

/** What a session that could not be opened says of encryption, of logging in, or of the version. */
export function loginFailure(problem: DbintelError, context: ProblemContext): PostgresqlCheck {
  const { message, hint } = problem;
  const failed = { status: "fail", message, hint } as const;
  if (problem.code === "DBI_DATABASE_VERSION") return { code: "PG-SERVER-001", ...failed };
  // The way out of what TLS reports is a setting of `tls`.
  if (/\btls\b/.test(hint ?? "")) return { code: "PG-CONN-002", ...failed };
  if (problem.code === "DBI_DATABASE_POOLER") return { code: "PG-CONN-004", ...failed };
  const sql = openingSql(message, context);
  return { code: "PG-CONN-003", ...failed, ...(sql === undefined ? {} : { hint: undefined, repair: { sql: [sql] } }) };
}

/** What an open session says of itself. */
export function sessionChecks(
  facts: ServerFacts,
  args: {
    readonly config: PostgresqlConfig;
    readonly settings: ConnectionSettings;
    /** This machine's clock around the question, in microseconds. */
    readonly asked: { readonly before: bigint; readonly after: bigint };
  },
): readonly PostgresqlCheck[] {
  const { config, settings, asked } = args;
  const { username, connect_database: database } = config;
  return [
    { code: "PG-CONN-002", ...encrypted(facts, config, settings) },
    { code: "PG-CONN-003", status: "ok", message: `user ${username} is let in to database ${database}` },
    pooler(facts),
    { code: "PG-CONN-005", ...clockSkew(facts.clockMicros, asked) },
  ];
}

function encrypted({ encryption: protocol }: ServerFacts, { tls }: PostgresqlConfig, settings: ConnectionSettings) {
  if (isSocket(settings)) return { status: "ok", message: "a Unix socket needs no encryption" } as const;
  return encryption({ protocol, host: settings.host, skipVerify: tls.insecure_skip_verify });
}

function pooler({ readOnly }: ServerFacts): PostgresqlCheck {
  const code = "PG-CONN-004";
  if (readOnly) return { code, status: "ok", message: "what the session was begun with holds" };
  const hint = "connect to the server itself and not through a connection pooler such as PgBouncer";
  return { code, status: "fail", message: "the session is not read-only although it was begun so", hint };
}
