import { DbintelError, driverMessage, isDbintelError } from "@dbintel/errors";
import {
  driverProblem,
  type Explanation,
  firstError,
  mostSessions,
  transportProblem,
  type WatchedDatabase,
} from "@dbintel/watching";

/** What a problem's text may name: never more than this of the configuration. */
export interface ProblemContext {
  readonly endpoint: string;
  readonly username: string;
}

/** How the guard of polls reads the server's errors. A session belongs to the server and not to one of its schemas. */
export function watchedDatabase(context: ProblemContext): WatchedDatabase {
  return {
    endpoint: context.endpoint,
    database: "",
    explain: (error) => databaseProblem(error, context),
    answered: isAnswer,
  };
}

/** The errors that end a session although the server names them: the session was killed, the server shuts down. */
const endingErrnos = new Set([1053, 1077, 1079, 1927, 4031]);

/** Whether the server answered a statement with this error and goes on listening. */
export function isAnswer(error: unknown): boolean {
  const { errno, answered } = details(error);
  return answered && !endingErrnos.has(errno);
}

/** Whether the server does not take this user with this password. */
export function isRefusal(error: unknown): boolean {
  const { errno } = details(error);
  return errno === 1045 || errno === 1698;
}

/** The one place where what `mysql2`, the socket or the server reports becomes a problem with a way out of it. */
export function databaseProblem(reason: unknown, context: ProblemContext): DbintelError {
  if (isDbintelError(reason)) return reason;
  const { errno, code, message } = details(reason);
  const known = byErrno(errno, message, context) ?? byTransport(code, message, context);
  const numbers = errno === 0 ? { code } : { code, errno };
  const name = errno === 0 ? "" : String(errno);
  return driverProblem(known, { endpoint: context.endpoint, message, name, numbers });
}

interface ErrorDetails {
  /** The server's number of the error; 0 when it is none of the server's. */
  readonly errno: number;
  /** The driver's or the socket's name of the error. */
  readonly code: string;
  readonly message: string;
  /** Whether it is the server's answer to a statement, and not what ended the session or kept it from beginning. */
  readonly answered: boolean;
}

function details(reason: unknown): ErrorDetails {
  if (!(reason instanceof Error)) return { errno: 0, code: "", message: String(reason), answered: false };
  const error = firstError(reason);
  // Of a server's error only: a connection that it refuses before the greeting has an empty one.
  const told = "sqlState" in error && typeof error.sqlState === "string";
  const answered = told && error.sqlState !== "" && !("fatal" in error && error.fatal === true);
  const errno = told && "errno" in error && typeof error.errno === "number" ? error.errno : 0;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const message = driverMessage({ code, message: error.message });
  return { errno, code, message: message === "" ? code : message, answered };
}

/** By the numbers of the servers' error message references. */
function byErrno(errno: number, message: string, context: ProblemContext): Explanation | undefined {
  const { endpoint } = context;
  const user = account(context.username);
  switch (errno) {
    case 1045: // wrong password
    case 1698: // the account logs in by another plugin
    case 1130: // this host may not connect
    case 3118: // account locked
      return {
        code: "DBI_DATABASE_AUTHENTICATION",
        message: `${endpoint} refused user ${context.username}: ${withoutColon(message)}`,
        hint: `check username and password, and that the account ${user} exists for the host that the collector connects from`,
        retryable: false,
      };
    case 1129: // host_cache, after max_connect_errors
      return {
        code: "DBI_DATABASE_UNREACHABLE",
        message: `${endpoint} takes no more connections from this host: ${message}`,
        hint:
          "run as an administrator: TRUNCATE performance_schema.host_cache (MariaDB: FLUSH HOSTS), after what broke " +
          "connections off is found: a port scan, a load balancer's check, a network that fails",
        retryable: true,
      };
    case 1044:
    case 1142:
    case 1143:
    case 1227:
      return {
        code: "DBI_DATABASE_PERMISSION",
        message: `user ${context.username} lacks a grant on ${endpoint}: ${message}`,
        hint: grantHint(message, context),
        retryable: false,
      };
    case 1226:
      return usedUp(message, context);
    case 1040:
    case 1203:
      return {
        code: "DBI_DATABASE_UNREACHABLE",
        message: `${endpoint} has no connection left: ${message}`,
        hint: `raise max_connections, or what the account ${user} may have of them; the collector needs two`,
        retryable: true,
      };
    case 1053:
    case 1077:
    case 1079:
    case 1927:
      return {
        code: "DBI_DATABASE_UNREACHABLE",
        message: `${endpoint} has ended the session: ${message}`,
        hint: "nothing to do when the server is being restarted: the collector goes on by itself",
        retryable: true,
      };
    case 1205: // lock wait
    case 1317: // killed
    case 1969: // max_statement_time, MariaDB
    case 3024: // max_execution_time, MySQL
      return {
        code: "DBI_TIMEOUT",
        message: `a query on ${endpoint} was given up: ${message}`,
        hint: "somebody holds a lock, or the server is very busy; statement_timeout and lock_timeout set the limits",
        retryable: true,
      };
    default:
      return undefined;
  }
}

/** What MySQL calls otherwise in its messages than in ALTER USER. */
const limitNames: Readonly<Record<string, string>> = {
  MAX_QUESTIONS: "MAX_QUERIES_PER_HOUR",
  MAX_UPDATES: "MAX_UPDATES_PER_HOUR",
};

/** A resource limit of the account, by the name that the server tells. */
function usedUp(message: string, { endpoint, username }: ProblemContext): Explanation {
  const named = /'(max_\w+)'/.exec(message)?.[1]?.toUpperCase() ?? "MAX_USER_CONNECTIONS";
  const limit = limitNames[named] ?? named;
  const enough = limit === "MAX_USER_CONNECTIONS" ? mostSessions : 0;
  return {
    code: "DBI_DATABASE_UNREACHABLE",
    message: `${endpoint} lets user ${username} do no more: ${message}`,
    hint: `run as an administrator: ALTER USER ${account(username)} WITH ${limit} ${enough};`,
    retryable: true,
  };
}

/** In the log "password: YES" would be taken for a password and replaced, and with it whether one was sent at all. */
function withoutColon(message: string): string {
  return message.replace("(using password: YES)", "(with a password)").replace("(using password: NO)", "(without one)");
}

/** By what the socket, TLS and the driver report. */
function byTransport(code: string, message: string, { endpoint, username }: ProblemContext): Explanation | undefined {
  if (code === "MYSQL_CLEAR_PASSWORD_NOT_ENABLED") {
    return {
      code: "DBI_DATABASE_AUTHENTICATION",
      message: `${endpoint} wants the password of ${username} as it is, which is sent only over verified TLS`,
      hint: "name the certificate authority of the server in tls.ca_file, without tls.insecure and tls.insecure_skip_verify",
      retryable: false,
    };
  }
  if (code === "HANDSHAKE_NO_SSL_SUPPORT") {
    return {
      code: "DBI_DATABASE_UNREACHABLE",
      message: `${endpoint} does not offer TLS`,
      hint: "give the server a certificate (ssl_cert, ssl_key), or accept an unencrypted connection with tls: {insecure: true}",
      retryable: false,
    };
  }
  const untrusted = code === "HANDSHAKE_SSL_ERROR";
  const lost = code === "PROTOCOL_CONNECTION_LOST" || code === "PROTOCOL_SEQUENCE_TIMEOUT";
  return transportProblem({ endpoint, code, message, untrusted, lost });
}

/** Privileges on everything, by what the server calls them when they lack. */
const globalPrivileges: readonly (readonly [named: RegExp, privilege: string])[] = [
  [/\bPROCESS\b/, "PROCESS"],
  // MariaDB's own are parts of what MySQL has as one.
  [/\b(?:SLAVE|REPLICA) MONITOR\b/, "REPLICA MONITOR"],
  [/\bBINLOG MONITOR\b/, "BINLOG MONITOR"],
  [/\bREPLICATION CLIENT\b/, "REPLICATION CLIENT"],
];

/** The privilege on everything whose lack the server tells; what it is called depends on the server's version too. */
export function lackingPrivilege(message: string): string | undefined {
  return globalPrivileges.find(([named]) => named.test(message))?.[1];
}

function grantHint(message: string, { username }: ProblemContext): string {
  const privilege = lackingPrivilege(message);
  const grant = privilege === undefined ? "SELECT ON performance_schema.*" : `${privilege} ON *.*`;
  return `run as an administrator: GRANT ${grant} TO ${account(username)};`;
}

export function performanceSchemaOff(endpoint: string): DbintelError {
  return new DbintelError(
    `performance_schema is off on ${endpoint}, so the server measures neither statements nor tables`,
    {
      code: "DBI_DATABASE_EXTENSION",
      hint: "write performance_schema = ON into the section [mysqld] of the server's configuration and restart the server",
    },
  );
}

/** `forgotten`: the platform turns the consumer off again with each restart. */
export function digestConsumerOff(endpoint: string, forgotten = false): DbintelError {
  return new DbintelError(`${endpoint} does not count statements: the consumer statements_digest is off`, {
    code: "DBI_DATABASE_EXTENSION",
    hint:
      "run as an administrator: UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' " +
      "WHERE NAME IN ('global_instrumentation', 'thread_instrumentation', 'statements_digest');" +
      (forgotten ? " (this platform turns it off again when the server is restarted)" : ""),
  });
}

export function digestCountsWrong(endpoint: string): DbintelError {
  return new DbintelError(`${endpoint} runs a version of Aurora whose counts of statements are wrong`, {
    code: "DBI_DATABASE_VERSION",
    hint: "upgrade to Aurora MySQL 3, which is compatible with MySQL 8; until then take calls and times as a rough guide",
  });
}

export function tooManySchemas(endpoint: string, most: number): DbintelError {
  return new DbintelError(`${endpoint} has more than ${most} schemas; the rest is left out`, {
    code: "DBI_DATABASE_QUERY",
    hint: "choose with databases and exclude_databases, or raise max_databases",
  });
}

export function tooManyTables(endpoint: string, tables: number): DbintelError {
  return new DbintelError(`${endpoint} has ${tables} tables: their sizes are not asked for`, {
    code: "DBI_DATABASE_QUERY",
    hint: "raise max_sized_tables in object_collection, or choose schemas with databases and exclude_databases",
  });
}

export function tooManyStatements(endpoint: string, limit: number): DbintelError {
  return new DbintelError(`${endpoint} keeps more statements than the receiver remembers; the rest is left out`, {
    code: "DBI_DATABASE_QUERY",
    hint: `set performance_schema_digests_size to at most ${limit} and restart the server`,
  });
}

/** An account name as it stands in a GRANT; the host is the administrator's choice. */
function account(username: string): string {
  return `'${username.replaceAll("'", "''")}'@'%'`;
}
