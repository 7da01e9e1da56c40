import { analyzeSql, type SqlSyntax } from "@dbintel/sql";

/** A statement that may leave. */
export interface SafeStatement {
  /** On one line, each constant a `?`. */
  readonly text: string;
  readonly fingerprint: string;
}

/** Makes a statement safe to ship. */
export function readSafely(sql: string, syntax: SqlSyntax): SafeStatement {
  const { text, fingerprint } = analyzeSql(sql, syntax);
  return { text, fingerprint };
}
