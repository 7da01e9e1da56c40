import type { Platform } from "@dbintel/instances";
import type { Repair } from "@dbintel/pipeline";
import { identifier } from "../connection/problems.ts";
import type { PostgresqlCheck } from "./checks.ts";

/** Where settings of the server are changed on a managed service, whose users may not write its configuration. */
const settingPlaces: Readonly<Record<Exclude<Platform, "self_managed">, string>> = {
  rds: "the DB parameter group of the instance",
  aurora: "the DB cluster parameter group",
  cloud_sql: "the database flags of the instance",
  alloydb: "the database flags of the instance",
  azure: "the server parameters of the instance",
};

/** Sets a setting of the server: by SQL on a machine of one's own, else by a line that says where it is done. */
export function settingRepair(args: {
  readonly platform: Platform;
  readonly name: string;
  readonly value: string;
  /** Whether the server reads it at its start only. */
  readonly restart: boolean;
}): Repair {
  const { platform, name, value, restart } = args;
  const afterwards = restart ? { afterwards: "restart the server" } : {};
  if (platform !== "self_managed") {
    return { sql: [`-- In ${settingPlaces[platform]} set: ${name} = ${value}`], ...afterwards };
  }
  const sql = [`ALTER SYSTEM SET ${name} = ${value};`];
  return { sql: restart ? sql : [...sql, "SELECT pg_reload_conf();"], ...afterwards };
}

/** Adds a library to those that are loaded at the start of the server, and keeps what is loaded already. */
export function preloadRepair(platform: Platform, library: string): Repair {
  const afterwards = "restart the server";
  if (platform !== "self_managed") {
    return { sql: [`-- In ${settingPlaces[platform]} add ${library} to: shared_preload_libraries`], afterwards };
  }
  // ALTER SYSTEM takes no expression: the statement is made by a query and run by psql.
  const statement = `SELECT 'ALTER SYSTEM SET shared_preload_libraries = ' || string_agg(quote_literal(library), ', ')
  FROM (SELECT trim(both '" ' from name) AS library, min(place) AS place
          FROM unnest(string_to_array(current_setting('shared_preload_libraries') || ',${library}', ','))
               WITH ORDINALITY AS loaded(name, place)
         WHERE trim(name) <> '' GROUP BY 1 ORDER BY 2) AS libraries
\\gexec`;
  return { sql: [statement], afterwards };
}

/** On a standby only settings are its own: what is granted or made comes from its primary. */
export function repairedWhere(check: PostgresqlCheck, { standby }: { readonly standby: boolean }): PostgresqlCheck {
  const { code, repair } = check;
  if (!standby || repair === undefined || code.startsWith("PG-SET-") || code === "PG-EXT-001") return check;
  return { ...check, repair: { ...repair, place: "its primary" } };
}

/** The line with which psql enters a database; `undefined` for a name that no line can hold. */
export function enter(database: string): string | undefined {
  // Behind a line break the rest would be a command of its own, and what has a "=" psql takes for more than a name.
  return /[\p{Cc}\p{Cf}\u2028\u2029=]|^postgres(ql)?:/u.test(database)
    ? undefined
    : `\\connect ${identifier(database)}`;
}

/** A repair within one database; without SQL where its name cannot be written into a script. */
export function repairIn(database: string, sql: readonly string[], afterwards?: string): Repair | undefined {
  const line = enter(database);
  return line === undefined ? undefined : { enter: line, sql, ...(afterwards === undefined ? {} : { afterwards }) };
}
