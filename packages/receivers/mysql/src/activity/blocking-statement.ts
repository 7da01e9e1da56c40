import { fingerprintSql } from "@dbintel/sql";
import type { BlockingStatement } from "@dbintel/waits";
import type { Product } from "../connection/connection.ts";
import { namespaceOf } from "./active-session.ts";
import type { Session } from "./session.ts";

/** What a session that others wait for executes, or executed last as far as the server remembers. */
export function blockingStatement(session: Session | undefined, product: Product): BlockingStatement {
  if (session === undefined) return { database: "" };
  const { statement, info } = session;
  const sql = statement?.sql ?? info;
  const fingerprint = statement?.digest === undefined && sql !== undefined ? fingerprintSql(sql, product) : undefined;
  return { database: namespaceOf(session) ?? "", queryId: statement?.digest, fingerprint };
}
