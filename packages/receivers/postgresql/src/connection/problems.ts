import { DbintelError, driverMessage, isDbintelError } from "@dbintel/errors";
import {
  driverProblem,
  type Explanation,
  firstError,
  mostSessions,
  transportProblem,
  type WatchedDatabase,
} from "@dbintel/watching";
import pg from "pg";
import { mostStatements } from "../statements/statement-table.ts";

/** What a problem's text may name: never more than this of the configuration. */
export interface ProblemContext {
  readonly endpoint: string;
  readonly username: string;
  readonly database: string;
}

/** How the guard of polls reads this database's errors. */
export function watchedDatabase(context: ProblemContext): WatchedDatabase {
  const { endpoint, database } = context;
  return {
    endpoint,
    database,
    explain: (error) => databaseProblem(error, context),
    answered: (error) => error instanceof pg.DatabaseError,
  };
}

/** The one place where what `pg`, the socket or the server reports becomes a problem with a way out of it. */
export function databaseProblem(reason: unknown, context: ProblemContext): DbintelError {
  if (isDbintelError(reason)) return reason;
  const { code, message } = details(reason);
  const known = bySqlState(code, message, context) ?? byTransport(code, message, context);
  return driverProblem(known, { endpoint: context.endpoint, message, name: code, numbers: { code } });
}

function details(reason: unknown): { readonly code: string; readonly message: string } {
  if (!(reason instanceof Error)) return { code: "", message: String(reason) };
  const error = firstError(reason);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  // RAISE may give itself any SQLSTATE.
  const raised = "routine" in error && error.routine === "exec_stmt_raise";
  return { code, message: driverMessage({ code: raised ? "P0001" : code, message: error.message }) };
}

/** By SQLSTATE, appendix A of PostgreSQL's manual. */
function bySqlState(code: string, message: string, context: ProblemContext): Explanation | undefined {
  const { endpoint, database } = context;
  const user = identifier(context.username);
  switch (code) {
    case "28P01":
    case "28000":
      return {
        code: "DBI_DATABASE_AUTHENTICATION",
        message: `${endpoint} refused user ${user}: ${message}`,
        hint: loginHint(message, context),
        retryable: false,
      };
    case "3D000":
      return {
        code: "DBI_DATABASE_UNREACHABLE",
        message: `${endpoint} has no database ${identifier(database)}`,
        hint: "set connect_database to a database that exists",
        retryable: false,
      };
    case "42501":
      return {
        code: "DBI_DATABASE_PERMISSION",
        message: `user ${user} lacks a grant on ${endpoint}: ${message}`,
        hint: permissionHint(message, context),
        retryable: false,
      };
    case "53300":
      return {
        code: "DBI_DATABASE_UNREACHABLE",
        message: `${endpoint} has no connection left: ${message}`,
        hint: connectionHint(message, context),
        retryable: true,
      };
    case "57P01":
    case "57P02":
    case "57P03":
      return {
        code: "DBI_DATABASE_UNREACHABLE",
        message: `${endpoint} is starting up or shutting down`,
        hint: "nothing to do when the server is being restarted: the collector goes on by itself",
        retryable: true,
      };
    case "57014":
    case "55P03":
      return {
        code: "DBI_TIMEOUT",
        message: `a query on ${endpoint} was given up: ${message}`,
        hint: "somebody holds a lock on a system catalog, or the server is very busy; statement_timeout and lock_timeout set the limits",
        retryable: true,
      };
    case "55000":
      return message.includes("shared_preload_libraries") ? notPreloaded(endpoint) : undefined;
    case "08P01":
      return message.includes("startup parameter")
        ? {
            code: "DBI_DATABASE_POOLER",
            message: `${endpoint} does not take the limits that the collector sets for its session: ${message}`,
            hint: "connect to the server itself and not through a connection pooler",
            retryable: false,
          }
        : undefined;
    default:
      return undefined;
  }
}

/** By what the socket, TLS and the driver report. */
function byTransport(code: string, message: string, { endpoint, username }: ProblemContext): Explanation | undefined {
  if (message.startsWith("SASL")) {
    const why = message.includes("client password must be") ? ", and none is configured" : `: ${message}`;
    return {
      code: "DBI_DATABASE_AUTHENTICATION",
      message: `${endpoint} asks user ${identifier(username)} for a password${why}`,
      hint: "set password, password_file or password_command",
      retryable: false,
    };
  }
  if (message.includes("does not support SSL")) {
    return {
      code: "DBI_DATABASE_UNREACHABLE",
      message: `${endpoint} does not offer TLS`,
      hint: "turn on ssl in the server's configuration, or accept an unencrypted connection with tls: {insecure: true}",
      retryable: false,
    };
  }
  if (message.includes("error establishing an SSL connection")) {
    return {
      code: "DBI_DATABASE_UNREACHABLE",
      message: `${endpoint} does not answer as PostgreSQL does`,
      hint: "check host and port of endpoint: another program listens there",
      retryable: true,
    };
  }
  // The last is what the driver says of a session that was lost before it was asked.
  const lost = ["Connection terminated", "timeout expired", "is not queryable"].some((words) =>
    message.includes(words),
  );
  return transportProblem({ endpoint, code, message, lost });
}

/** The statement that lets the user in, by the server's own words for why it does not; `undefined` where no SQL does. */
export function openingSql(
  message: string,
  { username, database }: Omit<ProblemContext, "endpoint">,
): string | undefined {
  const user = identifier(username);
  if (message.includes("is not permitted to log in")) return `ALTER ROLE ${user} LOGIN;`;
  if (message.includes("permission denied for database")) {
    return `GRANT CONNECT ON DATABASE ${identifier(database)} TO ${user};`;
  }
  return message.includes("too many connections for role")
    ? `ALTER ROLE ${user} CONNECTION LIMIT ${mostSessions};`
    : undefined;
}

function loginHint(message: string, context: ProblemContext): string {
  const sql = openingSql(message, context);
  if (sql !== undefined) return `run as superuser: ${sql}`;
  const user = identifier(context.username);
  const line = `a line of pg_hba.conf has to let ${user} connect to database ${identifier(context.database)} from here`;
  if (/no encryption|SSL off/.test(message)) {
    return `the server may take encrypted sessions only: take tls.insecure out of the configuration; otherwise ${line}`;
  }
  if (message.includes("no pg_hba.conf entry")) return line;
  return `check username and password, which is refused with the same words when its VALID UNTIL is over; ${line}`;
}

function connectionHint(message: string, context: ProblemContext): string {
  const sql = openingSql(message, context);
  if (sql !== undefined) return `run as superuser: ${sql}`;
  if (message.includes("too many connections for database")) {
    return `raise the limit of database ${identifier(context.database)}, or set connect_database to another one`;
  }
  return (
    "raise max_connections; or, on PostgreSQL 16 and later, keep some for the collector: set reserved_connections, " +
    `restart the server, and GRANT pg_use_reserved_connections TO ${identifier(context.username)};`
  );
}

function permissionHint(message: string, context: ProblemContext): string {
  const { username, database } = context;
  const opening = openingSql(message, context);
  if (opening !== undefined) return `run as superuser: ${opening}`;
  const schema = /^permission denied for schema (.+)$/.exec(message)?.[1];
  if (schema === undefined) return grantHint(username, database);
  return (
    "run as superuser in the database that has the extension: " +
    `GRANT USAGE ON SCHEMA ${identifier(schema)} TO ${identifier(username)};`
  );
}

/** The SQL that gives the monitoring user what it needs. */
export function grantHint(username: string, database: string): string {
  return `run as superuser in database ${identifier(database)}: GRANT pg_monitor TO ${identifier(username)};`;
}

export function notPreloaded(endpoint: string): Explanation {
  return {
    code: "DBI_DATABASE_EXTENSION",
    message: `pg_stat_statements is not loaded on ${endpoint}`,
    hint:
      "run as superuser: ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'; " +
      "(keep what is set there already; on a managed service it is one of its parameters) and restart the server",
    retryable: false,
  };
}

export function extensionMissing(endpoint: string, database: string): DbintelError {
  return new DbintelError(`no database of ${endpoint} that can be read has the extension pg_stat_statements`, {
    code: "DBI_DATABASE_EXTENSION",
    hint:
      `run as superuser in database ${identifier(database)}: CREATE EXTENSION pg_stat_statements; ` +
      "(the library must be in shared_preload_libraries)",
  });
}

export function extensionOutdated(endpoint: string, version: string): DbintelError {
  return new DbintelError(`the extension pg_stat_statements ${version} on ${endpoint} is too old`, {
    code: "DBI_DATABASE_EXTENSION",
    hint: "run as superuser in the database that has it: ALTER EXTENSION pg_stat_statements UPDATE;",
  });
}

/** Something on the way answers for the server and passes on no settings of the session. */
export function limitsDropped(endpoint: string): DbintelError {
  return new DbintelError(`${endpoint} is reached through a pooler that drops the limits of the session`, {
    code: "DBI_DATABASE_POOLER",
    hint: "connect to the server itself: without these limits the collector asks nothing; PgBouncer drops what its ignore_startup_parameters names",
  });
}

export function versionTooOld(endpoint: string, version: string): DbintelError {
  return new DbintelError(`${endpoint} runs PostgreSQL ${version}; 13 is the oldest that is supported`, {
    code: "DBI_DATABASE_VERSION",
    hint: "upgrade the server, or remove it from the configuration",
  });
}

/** Without ids pg_stat_statements counts nothing, and says nothing of it. */
export function queryIdsOff({ endpoint }: ProblemContext): DbintelError {
  return new DbintelError(`${endpoint} computes no ids of statements: pg_stat_statements counts none without them`, {
    code: "DBI_DATABASE_EXTENSION",
    hint: "set compute_query_id = auto (ALTER SYSTEM as superuser, or the parameters of a managed service) and reload the settings",
  });
}

/** Other users' statements and sessions are hidden: one problem, whichever poll meets it. */
export function othersHidden({ endpoint, username, database }: ProblemContext): DbintelError {
  return new DbintelError(`user ${identifier(username)} may not see what other users do on ${endpoint}`, {
    code: "DBI_DATABASE_PERMISSION",
    hint: grantHint(username, database),
  });
}

export function tooManyDatabases({ endpoint }: ProblemContext, most: number): DbintelError {
  return new DbintelError(`${endpoint} has more than ${most} databases; the rest is left out`, {
    code: "DBI_DATABASE_QUERY",
    hint: "choose with databases and exclude_databases, or raise max_databases",
  });
}

/** The server reads all texts to give out one, however many were asked for. */
export function textsTooLarge({ endpoint }: ProblemContext): DbintelError {
  return new DbintelError(`${endpoint} takes too long to read the texts of statements: figures come without new ones`, {
    code: "DBI_TIMEOUT",
    hint:
      "SELECT sum(length(query)) FROM pg_stat_statements tells how large they are; pg_stat_statements_reset() forgets " +
      "them, a smaller pg_stat_statements.max bounds them, and a longer statement_timeout lets them be read",
    retryable: true,
  });
}

export function textsUndecodable(endpoint: string, database: string | undefined): DbintelError {
  return new DbintelError(`${endpoint} gives out no text of a statement: one of them is in no encoding`, {
    code: "DBI_DATABASE_QUERY",
    hint:
      database === undefined
        ? "run as superuser: SELECT pg_stat_statements_reset(); the statement was run in a database that is gone"
        : `run as superuser in database ${identifier(database)}, which has no encoding: CREATE EXTENSION pg_stat_statements;`,
  });
}

export function tooManyStatements({ endpoint }: ProblemContext): DbintelError {
  return new DbintelError(`${endpoint} keeps more statements than the receiver remembers; the rest is left out`, {
    code: "DBI_DATABASE_QUERY",
    hint: `set pg_stat_statements.max to at most ${mostStatements} and restart the server`,
  });
}

/** An SQL identifier, quoted where it has to be. */
export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
