import { text } from "@dbintel/watching";
import pg from "pg";
import { type DatabaseConnection, marker } from "../connection/connection.ts";
import { identifier, textsUndecodable } from "../connection/problems.ts";
import type { StoredText, TextRequest } from "./statement-texts.ts";

/** Longer texts are cut off by the server: all that counts of a statement stands at its beginning. */
export const longestText = 65_536;
/** The marker of the collector's own statements follows their first word. */
const isOwn = "(strpos(left(s.query, 64), $4) > 0) IS TRUE";
/** SQLSTATE character_not_in_repertoire. */
const undecodable = "22021";
/** Databases without an encoding that are tried. */
const mostRawDatabases = 5;

/**
 * Hands over the stored texts of some entries, one by one. The server reads its whole text file for it, so what is
 * asked of it is asked at once.
 */
export async function readStoredTexts(
  connection: DatabaseConnection,
  schema: string,
  { keys, ownUserId, onText }: TextRequest,
  signal: AbortSignal,
): Promise<void> {
  await connection.readRows(
    `SELECT s.dbid, s.userid, s.queryid, ${isOwn} AS own,
            CASE WHEN k.queryid IS NOT NULL THEN coalesce(left(s.query, ${longestText}), '') END AS query
       FROM ${identifier(schema)}.pg_stat_statements(true) s
       LEFT JOIN (SELECT DISTINCT * FROM unnest($1::oid[], $2::oid[], $3::int8[])) k(dbid, userid, queryid)
      USING (dbid, userid, queryid)
      WHERE k.queryid IS NOT NULL
         OR (s.userid = $5::oid AND ${isOwn})`,
    [
      keys.map((key) => key.databaseId),
      keys.map((key) => key.userId),
      keys.map((key) => String(key.queryId)),
      marker,
      ownUserId ?? 0,
    ],
    (bytes, start) => onText(storedText(bytes, start)),
    signal,
  );
}

/** Whether the server could not give out a text because it is in no encoding. */
export function isUndecodable(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === undecodable;
}

/**
 * Hands over the texts as bytes, where one of them is no text in the encoding of the database that was asked: whoever
 * asks for texts there gets none at all. A database of encoding SQL_ASCII, in which alone such a statement can have
 * been run, gives them out as they are. Rejects with the way out when none has the extension.
 */
export async function readRawTexts(args: {
  readonly connection: DatabaseConnection;
  /** A session in another database. */
  readonly open: (database: string) => DatabaseConnection;
  readonly endpoint: string;
  readonly request: TextRequest;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { connection, open, endpoint, request, signal } = args;
  const rows = await connection.query(
    `SELECT datname FROM pg_database
      WHERE encoding = 0 AND datallowconn AND has_database_privilege(datname, 'CONNECT') ORDER BY oid LIMIT $1`,
    [mostRawDatabases],
    signal,
  );
  const databases = rows.map((row) => text(row, "datname") ?? "");
  for (const database of databases) {
    const raw = open(database);
    try {
      const [extension] = await raw.query(
        `SELECT n.nspname AS schema, set_config('client_encoding', 'SQL_ASCII', false)
           FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'`,
        [],
        signal,
      );
      if (extension === undefined) continue;
      return await readStoredTexts(raw, text(extension, "schema") ?? "public", request, signal);
    } finally {
      await raw.close();
    }
  }
  throw textsUndecodable(endpoint, databases[0]);
}

/** The body of a DataRow message in binary format, as it is selected above: int16 fields, for each int32 length and value. */
function storedText(bytes: Uint8Array, start: number): StoredText {
  const row = Buffer.from(bytes.buffer, bytes.byteOffset + start);
  const length = row.readInt32BE(35);
  return {
    key: {
      databaseId: row.readUInt32BE(6),
      userId: row.readUInt32BE(14),
      queryId: row.readBigInt64BE(22),
      toplevel: true,
    },
    own: row[34] === 1,
    query: length < 0 ? undefined : row.toString("utf8", 39, 39 + length),
  };
}
