import { analyzeSql, Lexer } from "@dbintel/sql";
import { number, type Row, text } from "@dbintel/watching";
import { namespaceOf } from "./active-session.ts";
import { type LockEdge, mostEdges } from "./lock-wait.ts";
import { mustGoFirst } from "./metadata-lock.ts";
import type { Session } from "./session.ts";

/** A lock on the definition of a table that a session seems to wait for. */
export interface WantedLock {
  readonly session: number;
  readonly table: string;
  /** `schema.table`. */
  readonly relation: string;
  readonly place: string;
  readonly mode: string;
}

export const lockInfoInstalledSql = `
  SELECT PLUGIN_NAME AS name FROM information_schema.PLUGINS
   WHERE PLUGIN_NAME = 'METADATA_LOCK_INFO' AND PLUGIN_STATUS = 'ACTIVE'`;

/** Of MariaDB's plugin metadata_lock_info: who has a lock on these tables. It does not say who waits for one. */
export const lockInfoSql = `
  SELECT THREAD_ID AS session, LOCK_MODE AS mode, TABLE_SCHEMA AS object_schema, TABLE_NAME AS object_name
    FROM information_schema.METADATA_LOCK_INFO
   WHERE LOCK_TYPE = 'Table metadata lock' AND TABLE_NAME IN (?)
   LIMIT ${mostEdges}`;

/** Names in a text that are looked for. */
const mostNames = 64;
/** `INSERT` and the like want to write, all that is not here to change the definition. */
const wantedBy: Readonly<Record<string, string>> = {
  ...{ SELECT: "SHARED_READ", INSERT: "SHARED_WRITE", UPDATE: "SHARED_WRITE", DELETE: "SHARED_WRITE" },
  ...{ REPLACE: "SHARED_WRITE", LOAD: "SHARED_WRITE" },
};

/** What sessions want that wait for a lock on a table's definition: told by their statements. */
export function wantedLocks(sessions: readonly Session[]): readonly WantedLock[] {
  return sessions.flatMap((session) => {
    const sql = session.statement?.sql ?? session.info;
    if (sql === undefined || session.state?.toLowerCase() !== "waiting for table metadata lock") return [];
    const { kind, tables } = analyzeSql(sql, "mariadb");
    const named = tables.length > 0 ? tables : namesIn(sql);
    const mode = wantedBy[kind] ?? "EXCLUSIVE";
    return named.slice(0, mostNames).map(({ schema = namespaceOf(session) ?? "", name: table }) => ({
      ...{ session: session.processlistId, table, relation: `${schema}.${table}`, place: placeOf(schema, table), mode },
    }));
  });
}

/** Whatever may be a table's name in a statement that changes one, with the schema before the dot. */
function namesIn(sql: string): readonly { readonly schema?: string; readonly name: string }[] {
  const lexer = new Lexer(sql, { dialect: "mariadb" });
  const parts: string[] = [];
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) {
    const isName = token.kind === "word" || token.kind === "quoted";
    parts.push(isName ? token.text.replace(/^`(.*)`$/s, "$1").replaceAll("``", "`") : token.text);
  }
  return parts.map((name, at) => {
    const schema = parts[at - 1] === "." ? parts[at - 2] : undefined;
    return schema === undefined ? { name } : { schema, name };
  });
}

interface TableLock {
  readonly session: number;
  readonly place: string;
  readonly mode: string;
  /** `false` for one that is wanted. */
  readonly isGiven: boolean;
}

/**
 * Who waits for whom: for a lock that is given and does not go with the wanted one, and for who has to be served before. Of
 * the tables that a statement names, only those count that somebody has a lock on; and of who has locks on some of them
 * already, to change a definition, only these.
 */
export function lockInfoEdges(wanted: readonly WantedLock[], rows: readonly Row[]): readonly LockEdge[] {
  const given = rows.map((row): TableLock => {
    const place = placeOf(text(row, "object_schema") ?? "", text(row, "object_name") ?? "");
    const mode = (text(row, "mode") ?? "").replace(/^MDL_/, "");
    return { session: number(row, "session") ?? 0, place, mode, isGiven: true };
  });
  const held = new Set(given.map(({ place }) => place));
  const own = new Set(given.map(({ session, place }) => `${session}/${place}`));
  const changing = new Set(
    wanted.filter((each) => own.has(`${each.session}/${each.place}`)).map(({ session }) => session),
  );
  const waited = wanted.filter(
    ({ session, place }) => held.has(place) && (!changing.has(session) || own.has(`${session}/${place}`)),
  );
  const byPlace = Map.groupBy(
    [...given, ...waited.map((each): TableLock => ({ ...each, isGiven: false }))],
    ({ place }) => place,
  );
  return waited
    .flatMap(({ session, place, relation, mode }) =>
      (byPlace.get(place) ?? [])
        .filter((other) => other.session !== session && mustGoFirst({ ...other, wanted: mode }))
        .map((other) => ({ session, blocker: other.session, mode, type: "METADATA", relation, index: undefined })),
    )
    .slice(0, mostEdges);
}

function placeOf(schema: string, table: string): string {
  return `${schema}\0${table}`;
}
