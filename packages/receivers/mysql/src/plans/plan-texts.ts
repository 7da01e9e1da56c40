import { type Row, text } from "@dbintel/watching";
import { isOwn } from "../activity/session.ts";
import type { DatabaseConnection } from "../connection/connection.ts";
import { type StatementName, statementName } from "./statement-name.ts";

const summary = "performance_schema.events_statements_summary_by_digest";
/** Of MariaDB: what the threads of now have executed last. */
const histories = ["performance_schema.events_statements_history", "performance_schema.events_statements_current"];

/**
 * Real texts of statements, one for each: MySQL keeps a sample, MariaDB what the threads that are there have executed
 * last, where the consumers are on. They hold what users typed: they are given back to the server and not kept.
 */
export async function sampleTexts(
  connection: DatabaseConnection,
  statements: readonly StatementName[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const digests = [...new Set(statements.map(({ digest }) => digest))];
  const texts = new Map<string, string>();
  if (digests.length === 0) return texts;
  const keep = (row: Row) => {
    const [digest, sample] = [text(row, "digest"), text(row, "sample")];
    if (digest === undefined || sample === undefined || sample === "" || isOwn(sample)) return;
    texts.set(statementName({ schema: text(row, "schema_name") ?? null, digest }), sample);
  };
  const questions =
    connection.product === "mysql"
      ? [
          `SELECT SCHEMA_NAME AS schema_name, DIGEST AS digest, QUERY_SAMPLE_TEXT AS sample FROM ${summary} WHERE DIGEST IN (?)`,
        ]
      : histories.map(
          (table) =>
            `SELECT CURRENT_SCHEMA AS schema_name, DIGEST AS digest, SQL_TEXT AS sample FROM ${table} WHERE DIGEST IN (?)`,
        );
  for (const question of questions) {
    for (const row of await connection.query(question, [digests], signal)) keep(row);
  }
  return texts;
}
