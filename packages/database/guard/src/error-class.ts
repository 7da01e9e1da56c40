/**
 * What a failure of a database says about what to do next:
 * - `login`: passwords, accounts, missing databases: nothing at all can be asked before somebody has repaired that;
 * - `configuration`: grants and what is not installed, for this class of statements alone;
 * - `overload`: the server has no room for us, or our own limits cut a statement off;
 * - `failover`: the server goes away, comes back or changes its role; all of its databases are concerned;
 * - `ours`: a statement that this server does not understand; the server is well;
 * - `other`: anything else.
 */
export type ErrorClass = "login" | "configuration" | "overload" | "failover" | "ours" | "other";

/** SQLSTATEs, appendix A of the PostgreSQL manual. Keys of two characters stand for a whole class of states. */
const sqlStates: Readonly<Record<string, ErrorClass>> = {
  "08": "failover",
  "28": "login",
  "3D": "login",
  "42501": "configuration",
  "42P01": "configuration",
  "42883": "configuration",
  "42": "ours",
  "53": "overload",
  "57014": "overload",
  "55P03": "overload",
  "40P01": "overload",
  "57P": "failover",
  "25006": "failover",
};

/** Error numbers of MySQL and MariaDB, both of the server and of the client library. */
const errnos: Readonly<Record<number, ErrorClass>> = {
  1040: "overload", // too many connections
  1203: "overload", // too many connections of this user
  1226: "overload", // the account has used up what it may have of them
  1205: "overload", // lock wait timeout
  1213: "overload", // deadlock
  3024: "overload", // max_execution_time passed
  1969: "overload", // max_statement_time passed (MariaDB)
  1317: "overload", // given up, by us or by an administrator
  1045: "login",
  1129: "login", // this host is blocked until an administrator lets it in again
  1130: "login", // this host may not connect
  1698: "login", // the account logs in by another plugin
  1862: "login", // the password has expired
  3118: "login", // the account is locked
  3955: "login", // the account is locked for some days after failed logins
  4151: "login", // the account is locked (MariaDB)
  4166: "login", // the account is blocked after failed logins (MariaDB)
  1044: "configuration",
  1049: "configuration",
  1142: "configuration",
  1143: "configuration",
  1227: "configuration",
  1290: "failover", // read-only
  1053: "failover", // shutdown in progress
  2002: "failover",
  2003: "failover",
  2006: "failover",
  2013: "failover",
  1054: "ours",
  1064: "ours",
};

const networkFailures = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "ETIMEDOUT",
  "DBI_DATABASE_UNREACHABLE",
]);

const deepestCause = 8;

/** Classes an error of a database driver by SQLSTATE or errno, its causes included; the first that says something counts. */
export function classifyError(error: unknown): ErrorClass {
  let current = error;
  let found: ErrorClass = "other";
  for (let depth = 0; depth < deepestCause && typeof current === "object" && current !== null; depth++) {
    const exact = ownClass(current);
    if (exact !== undefined) return exact;
    const code = "code" in current ? current.code : undefined;
    if (typeof code === "string" && networkFailures.has(code)) found = "failover";
    else if (code === "DBI_TIMEOUT") found = "overload";
    current = "cause" in current ? current.cause : undefined;
  }
  return found;
}

function ownClass(error: object): ErrorClass | undefined {
  if ("errno" in error && typeof error.errno === "number" && error.errno > 0) {
    const known = errnos[error.errno];
    if (known !== undefined) return known;
  }
  if (!("code" in error) || typeof error.code !== "string" || !/^[0-9A-Z]{5}$/.test(error.code)) return undefined;
  return sqlStates[error.code] ?? sqlStates[error.code.slice(0, 3)] ?? sqlStates[error.code.slice(0, 2)];
}
