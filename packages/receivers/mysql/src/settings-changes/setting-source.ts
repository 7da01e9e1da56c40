import { bounded, integer, printable, type Row, text } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";
import type { DatabaseConnection } from "../connection/connection.ts";

/** A global variable at one moment. */
export interface Setting {
  readonly name: string;
  /** A hash where it is redacted. */
  readonly value: string;
  readonly redacted: boolean;
  /** Where the value comes from: `DYNAMIC`, `PERSISTED`, `COMMAND_LINE` … */
  readonly source: string;
  /** Who set it last and from where, and when, in microseconds since 1970; MariaDB does not note it. */
  readonly user: string | undefined;
  readonly client: string | undefined;
  readonly setMicros: string | undefined;
  /** Whether another value waits for a restart of the server. */
  readonly pendingRestart: boolean;
}

/**
 * Names of variables that hold secrets, or statements in which there may be one. Their values do not leave the server,
 * but for 32 bits: enough to see that a secret was changed, far too few to tell what it is.
 */
const secretNames =
  "pass|pwd|secret|token|credential|private|api_?key|_auth$|^init_|provider_options|proxy_users|bind_root|conninfo";

/** They tell what the server has done and not how it is set; the last ones are every session's own. */
const noSettings =
  "^(gtid_(executed|purged|owned|binlog_pos|binlog_state|current_pos|slave_pos)|wsrep_.*(_state|seq_no)|timestamp|" +
  "last_insert_id|insert_id|identity|rand_seed[12]|pseudo_.*|proxy_user|external_user)$";

/** What the sessions of the collector set for themselves: the server shows them as set by it. */
const ownSettings =
  "('max_execution_time', 'lock_wait_timeout', 'time_zone', 'sql_mode', 'transaction_read_only', 'wait_timeout')";

const longestValue = 1000;
const mostSettings = 10_000;

function fromSql({ product }: Pick<Capabilities, "product">): string {
  // What a component or plugin calls itself nobody knows: texts of theirs may be secrets as well.
  const secret = (name: string, value: string) =>
    `(${name} REGEXP '${secretNames}' OR (${name} LIKE '%.%' AND ${value} NOT REGEXP '^([-+0-9.]*|on|off|yes|no)$'))`;
  if (product === "mariadb") {
    return `
      SELECT LOWER(s.VARIABLE_NAME) AS name, s.GLOBAL_VALUE AS value, s.GLOBAL_VALUE_ORIGIN AS source,
             NULL AS username, NULL AS client, NULL AS set_micros, 0 AS pending,
             ${secret("LOWER(s.VARIABLE_NAME)", "s.GLOBAL_VALUE")} AS secret
        FROM information_schema.SYSTEM_VARIABLES s
       WHERE s.GLOBAL_VALUE IS NOT NULL AND LOWER(s.VARIABLE_NAME) NOT REGEXP '${noSettings}'`;
  }
  const others = (column: string) => `IF(g.VARIABLE_NAME IN ${ownSettings}, NULL, NULLIF(${column}, ''))`;
  return `
    SELECT g.VARIABLE_NAME AS name, g.VARIABLE_VALUE AS value, COALESCE(i.VARIABLE_SOURCE, '') AS source,
           ${others("i.SET_USER")} AS username, ${others("i.SET_HOST")} AS client,
           IF(g.VARIABLE_NAME IN ${ownSettings}, NULL, CAST(UNIX_TIMESTAMP(i.SET_TIME) * 1000000 AS UNSIGNED)) AS set_micros,
           COALESCE(p.VARIABLE_VALUE <> g.VARIABLE_VALUE, 0) AS pending,
           ${secret("g.VARIABLE_NAME", "g.VARIABLE_VALUE")} AS secret
      FROM performance_schema.global_variables g
      LEFT JOIN performance_schema.variables_info i ON i.VARIABLE_NAME = g.VARIABLE_NAME
      LEFT JOIN performance_schema.persisted_variables p ON p.VARIABLE_NAME = g.VARIABLE_NAME
     WHERE g.VARIABLE_NAME NOT REGEXP '${noSettings}'`;
}

/** Asks only for the hash of everything; `undefined` while it is `known`. */
export async function readSettings(
  connection: DatabaseConnection,
  args: {
    readonly capabilities: Pick<Capabilities, "product">;
    readonly known: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly hash: string; readonly settings: readonly Setting[] } | undefined> {
  const { capabilities, known, signal } = args;
  const from = fromSql(capabilities);
  const [row = {}] = await connection.query(
    `SELECT CONCAT(COUNT(*), '/', SUM(CRC32(CONCAT_WS('|', s.name, s.value, s.pending)))) AS hash FROM (${from}) s`,
    [],
    signal,
  );
  const hash = text(row, "hash") ?? "";
  if (hash === known) return undefined;
  const rows = await connection.query(
    `SELECT s.name, IF(s.secret, CRC32(s.value), LEFT(s.value, ${longestValue})) AS value, s.secret, s.source,
            s.username, s.client, CAST(s.set_micros AS CHAR) AS set_micros, s.pending
       FROM (${from}) s ORDER BY s.name LIMIT ${mostSettings}`,
    [],
    signal,
  );
  return { hash, settings: rows.map(settingOf) };
}

function settingOf(row: Row): Setting {
  const clean = (column: string) => {
    const value = text(row, column);
    return value === undefined ? undefined : printable(bounded(value, longestValue));
  };
  return {
    ...{ name: clean("name") ?? "", value: clean("value") ?? "", source: clean("source") ?? "" },
    ...{ user: clean("username"), client: clean("client"), setMicros: text(row, "set_micros") },
    redacted: integer(row, "secret") === 1n,
    pendingRestart: integer(row, "pending") === 1n,
  };
}
