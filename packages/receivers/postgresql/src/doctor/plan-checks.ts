import type { Platform } from "@dbintel/instances";
import { text } from "@dbintel/watching";
import pg from "pg";
import type { DatabaseConnection } from "../connection/connection.ts";
import { identifier, openingSql } from "../connection/problems.ts";
import { hasDefiner } from "../plans/definer.ts";
import type { PostgresqlCheck } from "./checks.ts";
import { explainFunction } from "./explain-function.ts";
import type { ServerFacts } from "./facts.ts";
import { repairIn } from "./repairs.ts";

/** Databases that are entered; each costs the server a process for a moment. */
const mostDatabases = 50;

/** The databases that one may connect to and that the receiver reports, by name. */
export async function openDatabases(
  connection: DatabaseConnection,
  reports: (name: string) => boolean,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const rows = await connection.query(
    `SELECT datname AS name FROM pg_database
      WHERE datallowconn AND NOT datistemplate AND has_database_privilege(oid, 'CONNECT') ORDER BY 1`,
    [],
    signal,
  );
  return rows.map((row) => text(row, "name") ?? "").filter(reports);
}

/** Whether plans can be asked for in each database. */
export async function* planChecks(args: {
  readonly facts: ServerFacts;
  readonly platform: Platform;
  readonly username: string;
  readonly databases: readonly string[];
  readonly enter: (database: string) => DatabaseConnection;
  readonly signal: AbortSignal;
}): AsyncGenerator<PostgresqlCheck> {
  const { facts, databases, enter, signal } = args;
  const code = "PG-GRANT-003";
  if (facts.superuser) {
    yield { code, status: "ok", message: "the user is a superuser, and may ask for every plan" };
    return;
  }
  if (facts.versionNumber < 140_000) {
    const message = "before PostgreSQL 14 the user needs SELECT on each table whose plans are wanted";
    yield { code, status: "skipped", message };
    return;
  }
  for (const database of databases.slice(0, mostDatabases)) {
    const name = identifier(database);
    const connection = enter(database);
    try {
      if (await hasDefiner(connection, signal)) {
        yield { code, status: "ok", message: `plans in ${name} come from dbintel.explain_statement` };
      } else if (facts.readsAllData) {
        yield { code, status: "ok", message: `plans in ${name} of all that read; none of what writes` };
      } else {
        yield { code, status: "warn", message: `the user may ask for no plans in ${name}`, ...wayOut(args, database) };
      }
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      const sql = openingSql(error.message, { username: args.username, database });
      const repair = sql === undefined ? {} : { repair: { sql: [sql] } };
      yield { code, status: "warn", message: `database ${name} cannot be entered: ${error.message}`, ...repair };
    } finally {
      await connection.close();
    }
  }
  if (databases.length > mostDatabases) {
    const message = `${databases.length - mostDatabases} more databases were not entered`;
    yield { code, status: "skipped", message };
  }
}

/** What gives the plans of a database. */
function wayOut(
  args: { readonly facts: ServerFacts; readonly platform: Platform; readonly username: string },
  database: string,
): Pick<PostgresqlCheck, "hint" | "repair"> {
  const { facts, platform, username } = args;
  if (facts.versionNumber >= 160_000) return { repair: repairIn(database, explainFunction(username, platform)) };
  return {
    hint: "it lets the user read all tables; plans of what writes need the right to write them",
    repair: { sql: [`GRANT pg_read_all_data TO ${identifier(username)};`] },
  };
}
