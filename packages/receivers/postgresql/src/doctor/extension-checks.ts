import type { Platform } from "@dbintel/instances";
import { integer, number, text } from "@dbintel/watching";
import pg from "pg";
import type { DatabaseConnection } from "../connection/connection.ts";
import { identifier } from "../connection/problems.ts";
import type { PostgresqlCheck } from "./checks.ts";
import type { ServerFacts } from "./facts.ts";
import { preloadRepair, repairIn, settingRepair } from "./repairs.ts";

const extension = "pg_stat_statements";

/** The extension as a database has it. */
interface Installed {
  readonly database: string;
  readonly schema: string;
  readonly version: string;
}

/** Whether the library is loaded: only then its settings are known. */
export function preloadCheck({ settings }: ServerFacts, platform: Platform): PostgresqlCheck {
  const code = "PG-EXT-001";
  if (isLoaded(settings)) return { code, status: "ok", message: `${extension} is loaded` };
  const hint = `add it to the setting shared_preload_libraries beside what is there; once it is loaded, examine the server again`;
  const message = `${extension} is not loaded: nothing counts statements`;
  return { code, status: "fail", message, hint, repair: preloadRepair(platform, extension) };
}

function isLoaded(settings: ServerFacts["settings"]): boolean {
  return settings.has(`${extension}.max`);
}

/** The extension in a database; `undefined` when that has none. */
export async function installedIn(connection: DatabaseConnection, signal: AbortSignal): Promise<Installed | undefined> {
  const [row] = await connection.query(
    `SELECT n.nspname AS schema, e.extversion AS version
       FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = '${extension}'`,
    [],
    signal,
  );
  if (row === undefined) return undefined;
  return { database: connection.database, schema: text(row, "schema") ?? "", version: text(row, "version") ?? "" };
}

/** Whether it can be read, is up to date and has room; asked in the database that has it. */
export async function* extensionChecks(args: {
  readonly connection: DatabaseConnection;
  readonly installed: Installed;
  readonly facts: ServerFacts;
  readonly platform: Platform;
  readonly username: string;
  readonly signal: AbortSignal;
}): AsyncGenerator<PostgresqlCheck> {
  const { connection, installed, facts, platform, username, signal } = args;
  const { database, schema, version } = installed;
  const schemaName = identifier(schema);
  const where = `${extension} ${version} is in database ${identifier(database)}, schema ${schemaName}`;
  if (!isLoaded(facts.settings)) {
    const message = `${where}, and has nothing to tell while its library is not loaded`;
    yield { code: "PG-EXT-002", status: "skipped", message };
    yield versionCheck(installed, facts.availableVersion);
    return;
  }
  try {
    await connection.columns(`SELECT * FROM ${schemaName}.${extension}(false) LIMIT 0`, signal);
    yield { code: "PG-EXT-002", status: "ok", message: where };
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    const repair = repairIn(database, [`GRANT USAGE ON SCHEMA ${schemaName} TO ${identifier(username)};`]);
    yield { code: "PG-EXT-002", status: "fail", message: `${where}, and cannot be read: ${error.message}`, repair };
  }
  yield versionCheck(installed, facts.availableVersion);
  if (facts.versionNumber >= 140_000) yield await roomCheck({ connection, schemaName, facts, platform, signal });
  else
    yield { code: "PG-SET-004", status: "skipped", message: "needs PostgreSQL 14, which counts what was thrown out" };
}

/** What a database without the extension lacks. */
export function extensionMissing(database: string): PostgresqlCheck {
  return {
    code: "PG-EXT-002",
    status: "fail",
    message: `no database that the user may enter has the extension ${extension}`,
    repair: repairIn(database, [`CREATE EXTENSION IF NOT EXISTS ${extension};`]),
  };
}

function versionCheck({ database, version }: Installed, available: string | undefined): PostgresqlCheck {
  const code = "PG-EXT-003";
  if (available === undefined || version === available) {
    return { code, status: "ok", message: `${extension} ${version} is what the server has` };
  }
  return {
    code,
    status: "warn",
    message: `${extension} is at ${version}, and the server has ${available}`,
    repair: repairIn(database, [`ALTER EXTENSION ${extension} UPDATE;`]),
  };
}

/** Each time the table is full, the twentieth of it that was used least is thrown out. */
const mostEvictionsAnHour = 1;

async function roomCheck(args: {
  readonly connection: DatabaseConnection;
  readonly schemaName: string;
  readonly facts: ServerFacts;
  readonly platform: Platform;
  readonly signal: AbortSignal;
}): Promise<PostgresqlCheck> {
  const { connection, schemaName, facts, platform, signal } = args;
  const [row = {}] = await connection.query(
    `SELECT dealloc, extract(epoch FROM clock_timestamp() - stats_reset)::float8 / 3600 AS hours
       FROM ${schemaName}.pg_stat_statements_info`,
    [],
    signal,
  );
  const evictions = Number(integer(row, "dealloc") ?? 0n);
  const hours = number(row, "hours") ?? 0;
  const maximum = Number(facts.settings.get("pg_stat_statements.max"));
  const code = "PG-SET-004";
  const told = `room for ${maximum} statements; full ${evictions} times in ${hours.toFixed(1)} hours`;
  // A burst right after the statistics were reset says nothing about the hours after it.
  if (evictions <= mostEvictionsAnHour * Math.max(1, hours)) return { code, status: "ok", message: told };
  const larger = String(Math.min(100_000, 2 * maximum));
  return {
    code,
    status: "warn",
    message: told,
    hint: "what was thrown out between two readings is reported as not attributable; a larger table costs shared memory",
    repair: settingRepair({ platform, name: "pg_stat_statements.max", value: larger, restart: true }),
  };
}
