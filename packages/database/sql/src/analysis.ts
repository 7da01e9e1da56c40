import { fingerprintOf } from "./fingerprint.ts";
import { type RedactedSql, redact } from "./redaction.ts";
import { type SqlSummary, summarise } from "./summary.ts";
import { type SqlDialect, type SqlSyntax, syntaxOf } from "./syntax.ts";

/** All that is known of a statement from its text. Nothing in it was typed as a value. */
export interface SqlAnalysis extends RedactedSql, SqlSummary {
  /** See {@link fingerprintSql}. */
  readonly fingerprint: string;
}

/** Redacts, fingerprints and summarises a statement in one reading of its text. */
export function analyzeSql(text: string, syntax: SqlDialect | SqlSyntax): SqlAnalysis {
  const resolved = syntaxOf(syntax);
  const { sql, tokens } = redact(text, resolved);
  return {
    ...sql,
    ...summarise(tokens, resolved.dialect),
    fingerprint: fingerprintOf(tokens, resolved.dialect),
  };
}
