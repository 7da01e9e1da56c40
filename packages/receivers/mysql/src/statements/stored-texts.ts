import { type Row, text } from "@dbintel/watching";
import { isOwn } from "../activity/session.ts";
import type { DatabaseConnection, Product } from "../connection/connection.ts";
import { type NamedSql, namedSql, type StatementName, statementName } from "../plans/statement-name.ts";

const summary = "performance_schema.events_statements_summary_by_digest";
/** Of MariaDB: what the threads of now have executed last. */
const histories = ["performance_schema.events_statements_history", "performance_schema.events_statements_current"];
/** So many texts are asked for at once; each takes up to max_digest_length on the wire and more as text. */
const textsAtOnce = 500;
/**
 * So many are looked up one by one. MySQL makes out each row of the summary for whoever goes through it, and compares keys
 * alone for who looks for one; but it does so from the start for each, so that more of them take longer than all rows.
 */
const mostLookups = 4;

/** What the server keeps of statements as text. */
export interface StoredTexts {
  /** Normalised, by digest: the server says the same for each schema. */
  readonly texts: ReadonlyMap<string, string>;
  /**
   * As users typed them, by name, one for each: to be given back to the server and not kept. MySQL keeps a sample, MariaDB
   * what the threads that are there have executed last, where the consumers are on.
   */
  readonly samples: ReadonlyMap<string, string>;
}

/** Which statements texts are wanted of, and which ones samples: each look goes through the whole summary. */
export interface WantedTexts {
  readonly texts: readonly StatementName[];
  readonly samples: readonly StatementName[];
  readonly product: Product;
}

export async function storedTexts(
  connection: DatabaseConnection,
  wanted: WantedTexts,
  signal: AbortSignal,
): Promise<StoredTexts> {
  const texts = new Map<string, string>();
  const samples = new Map<string, string>();
  for (const { sql, values } of questions(wanted)) {
    for (const row of await connection.query(sql, values, signal)) {
      const digest = text(row, "digest") ?? "";
      const digestText = text(row, "digest_text");
      if (digestText !== undefined) texts.set(digest, digestText);
      const sample = sampleOf(row);
      if (sample !== undefined)
        samples.set(statementName({ schema: text(row, "schema_name") ?? null, digest }), sample);
    }
  }
  return { texts, samples };
}

function questions({ texts, samples, product }: WantedTexts): readonly NamedSql[] {
  const asked: NamedSql[] = [];
  const inSummary = product === "mysql" ? samples : [];
  for (let from = 0; from < Math.max(texts.length, inSummary.length); from += textsAtOnce) {
    const upTo = from + textsAtOnce;
    asked.push(summarySql(texts.slice(from, upTo), inSummary.slice(from, upTo), product === "mysql"));
  }
  if (product === "mysql" || samples.length === 0) return asked;
  const digests = [...new Set(samples.map(({ digest }) => digest))];
  const ofHistory = (table: string) =>
    `SELECT CURRENT_SCHEMA AS schema_name, DIGEST AS digest, SQL_TEXT AS sample FROM ${table} WHERE DIGEST IN (?)`;
  return [...asked, ...histories.map((table) => ({ sql: ofHistory(table), values: [digests] }))];
}

/** Texts of all, samples of some: of the others no value that a user typed is read. */
function summarySql(texts: readonly StatementName[], samples: readonly StatementName[], hasKeys: boolean): NamedSql {
  const named = new Map([...texts, ...samples].map((each) => [statementName(each), each]));
  const digests = [...new Set([...named.values()].map(({ digest }) => digest))];
  const sampled = samples.map(({ digest }) => digest);
  const sample = sampled.length === 0 ? "NULL" : "CASE WHEN DIGEST IN (?) THEN QUERY_SAMPLE_TEXT END";
  const condition =
    hasKeys && named.size <= mostLookups ? namedSql([...named.values()]) : { sql: "DIGEST IN (?)", values: [digests] };
  return {
    sql: `SELECT SCHEMA_NAME AS schema_name, DIGEST AS digest, DIGEST_TEXT AS digest_text, ${sample} AS sample
            FROM ${summary} WHERE ${condition.sql}`,
    values: [...(sampled.length === 0 ? [] : [sampled]), ...condition.values],
  };
}

function sampleOf(row: Row): string | undefined {
  const sample = text(row, "sample");
  return sample === "" || isOwn(sample) ? undefined : sample;
}
