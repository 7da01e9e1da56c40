import { fingerprintSql } from "@dbintel/sql";
import type { BlockingStatement } from "@dbintel/waits";
import type { Session } from "./session.ts";

/** What a session that others wait for executes; `undefined` when what belongs to its database is not reported. */
export function blockingStatement(
  session: Session | undefined,
  reportsDatabase: (name: string) => boolean,
): BlockingStatement | undefined {
  if (session === undefined) return { database: "" };
  const { database = "", query } = session;
  if (session.database !== undefined && !reportsDatabase(database)) return undefined;
  const queryId = session.queryId?.toString();
  return { database, queryId, fingerprint: queryId === undefined ? fingerprintSql(query, "postgresql") : undefined };
}
