import { bounded, printable, type Row, text } from "@dbintel/watching";
import type { DatabaseConnection } from "../connection/connection.ts";

/** A setting at one moment: the server's, or what ALTER DATABASE or ALTER ROLE give to sessions. */
export interface Setting {
  readonly name: string;
  /** Whose sessions it is for; of the server itself neither is there. */
  readonly database: string | undefined;
  readonly user: string | undefined;
  /** A hash where it is redacted. */
  readonly value: string;
  readonly redacted: boolean;
  readonly unit: string | undefined;
  /** Where the value comes from: `configuration file`, `default` … */
  readonly source: string;
  /** Whether another value waits for a restart of the server. */
  readonly pendingRestart: boolean;
}

/**
 * Settings that hold secrets, by their names: passwords, connection strings, commands with credentials, and texts of
 * extensions and applications, of which nobody knows what they hold. Their values do not leave the server.
 */
function holdsSecret(name: string, isText: string): string {
  return `(${name} ~* 'pass|secret|token|credential|conninfo|private|api_?key|_command$' OR (${name} LIKE '%.%' AND ${isText}))`;
}

/** 32 bits: enough to see that a secret was changed, far too few to tell what it is. */
function shown(value: string, secret: string): string {
  return `CASE WHEN ${secret} THEN hashtext(${value})::text ELSE left(${value}, 1000) END`;
}

/**
 * Without those of this session alone, whose values hide the server's. Of the others some are a session's by nature, and
 * some tell what the server does and not how it is set.
 */
const serverSettings = `
  SELECT s.name, NULL::text AS database, NULL::text AS username, ${shown("s.setting", "h.secret")} AS value, h.secret,
         s.unit, s.source, s.pending_restart
    FROM pg_settings s
    CROSS JOIN LATERAL (SELECT ${holdsSecret("s.name", "s.vartype = 'string'")} AS secret) h
   WHERE s.source NOT IN ('client', 'session', 'user', 'database', 'database user', 'interactive', 'test')
     AND s.context <> 'internal' AND s.name !~ '^transaction_|^(role|seed|session_authorization)$'`;

const scopedSettings = `
  SELECT h.name, d.datname::text, r.rolname::text, ${shown("h.value", "h.secret")}, h.secret, NULL,
         CASE WHEN r.rolname IS NULL THEN 'database' WHEN d.datname IS NULL THEN 'user' ELSE 'database user' END, false
    FROM pg_db_role_setting c
    LEFT JOIN pg_database d ON d.oid = c.setdatabase
    LEFT JOIN pg_roles r ON r.oid = c.setrole
    CROSS JOIN LATERAL unnest(c.setconfig) line
    CROSS JOIN LATERAL (SELECT split_part(line, '=', 1) AS name, substr(line, strpos(line, '=') + 1) AS value) n
    LEFT JOIN pg_settings s ON s.name = n.name
    CROSS JOIN LATERAL (
      SELECT n.name, n.value, ${holdsSecret("n.name", "coalesce(s.vartype, 'string') = 'string'")} AS secret) h`;

const all = `(${serverSettings} UNION ALL ${scopedSettings})`;
const mostSettings = 10_000;

/** One number for all of them: the same as long as nothing has changed. */
const hashSql = `
  SELECT (sum(hashtextextended(
            concat_ws('|', name, database, username, value, source, pending_restart), 0)))::text AS hash
    FROM ${all} s`;

/** Asks only for the hash of everything; `undefined` while it is `known`. */
export async function readSettings(
  connection: DatabaseConnection,
  known: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly hash: string; readonly settings: readonly Setting[] } | undefined> {
  const [row = {}] = await connection.query(hashSql, [], signal);
  const hash = text(row, "hash") ?? "";
  if (hash === known) return undefined;
  const rows = await connection.query(`SELECT * FROM ${all} s ORDER BY name LIMIT ${mostSettings}`, [], signal);
  return { hash, settings: rows.map(settingOf) };
}

const longestValue = 1000;

function settingOf(row: Row): Setting {
  const clean = (column: string) => {
    const value = text(row, column);
    return value === undefined ? undefined : printable(bounded(value, longestValue));
  };
  return {
    name: clean("name") ?? "",
    database: clean("database"),
    user: clean("username"),
    value: clean("value") ?? "",
    redacted: row.secret === true,
    unit: clean("unit"),
    source: clean("source") ?? "",
    pendingRestart: row.pending_restart === true,
  };
}
