export type { RedactedSql, SqlDialect } from "./redaction.ts";
export { redactSql } from "./redaction.ts";
