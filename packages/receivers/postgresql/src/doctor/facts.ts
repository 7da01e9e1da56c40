import { integer, type Row, text } from "@dbintel/watching";
import { computesQueryIds } from "../connection/capabilities.ts";
import type { DatabaseConnection } from "../connection/connection.ts";
import { type LogAccess, logAccess } from "../logs/log-access.ts";

/** What the checks judge, as the user of the receiver sees it. */
export interface ServerFacts {
  readonly versionNumber: number;
  readonly superuser: boolean;
  readonly readsAllStats: boolean;
  readonly readsAllSettings: boolean;
  readonly readsAllData: boolean;
  /** Whether it may take its statements out of pg_stat_statements; `undefined` before PostgreSQL 15, which grants no settings. */
  readonly setsTracking: boolean | undefined;
  /** By what it may read the files that the log is written to; `undefined` when it may not. */
  readonly readsLogBy: LogAccess["read"];
  /** Whether the limits that were given with the start of the session hold. */
  readonly readOnly: boolean;
  readonly encryption: string | undefined;
  /** Whether statements have ids, whoever computes them (PostgreSQL 14 and later). */
  readonly computesQueryIds: boolean;
  /** The server's clock, in microseconds since 1970. */
  readonly clockMicros: bigint;
  /** The newest version of pg_stat_statements that its files offer. */
  readonly availableVersion: string | undefined;
  /** Settings by name as a new session of this user finds them; what it may not see is not there. */
  readonly settings: ReadonlyMap<string, string>;
}

const settingNames = [
  "track_activities",
  "track_activity_query_size",
  "track_counts",
  "track_io_timing",
  "compute_query_id",
  "logging_collector",
  "pg_stat_statements.max",
  "pg_stat_statements.track",
  "pg_stat_statements.track_utility",
];

/** Asks for everything that one session can tell. */
export async function serverFacts(
  connection: DatabaseConnection,
  versionNumber: number,
  signal: AbortSignal,
): Promise<ServerFacts> {
  const member = (role: string) => `pg_has_role('${role}', 'USAGE')`;
  const [row = {}] = await connection.query(
    `SELECT r.rolsuper AS superuser, ${member("pg_read_all_stats")} AS stats, ${member("pg_read_all_settings")} AS settings,
            ${versionNumber < 140_000 ? "r.rolsuper" : member("pg_read_all_data")} AS data,
            ${versionNumber < 150_000 ? "NULL::bool" : "has_parameter_privilege('pg_stat_statements.track', 'SET')"} AS tracking,
            current_setting('default_transaction_read_only') = 'on' AS read_only,
            (SELECT s.version FROM pg_stat_ssl s WHERE s.pid = pg_backend_pid() AND s.ssl) AS encryption,
            ${computesQueryIds} AS query_ids,
            (SELECT default_version FROM pg_available_extensions WHERE name = 'pg_stat_statements') AS available,
            (date_part('epoch', clock_timestamp()) * 1000000)::int8 AS clock
       FROM pg_roles r WHERE r.rolname = current_user`,
    [],
    signal,
  );
  // What the session was given at its start is not what others find.
  const settings = await connection.query(
    "SELECT name, coalesce(reset_val, setting) AS value FROM pg_settings WHERE name = ANY($1)",
    [settingNames],
    signal,
  );
  const superuser = row.superuser === true;
  return {
    versionNumber,
    superuser,
    readsAllStats: row.stats === true,
    readsAllSettings: row.settings === true,
    readsAllData: superuser || row.data === true,
    setsTracking: superuser ? true : booleanOf(row, "tracking"),
    readsLogBy: (await logAccess(connection, signal))?.read,
    readOnly: row.read_only === true,
    encryption: text(row, "encryption"),
    computesQueryIds: row.query_ids === true,
    clockMicros: integer(row, "clock") ?? 0n,
    availableVersion: text(row, "available"),
    settings: new Map(settings.map((each) => [text(each, "name") ?? "", text(each, "value") ?? ""])),
  };
}

function booleanOf(row: Row, column: string): boolean | undefined {
  const value = row[column];
  return typeof value === "boolean" ? value : undefined;
}
