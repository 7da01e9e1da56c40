import type { Parameter } from "../connection/session.ts";

/** What tells one statement of the summary from the next. */
export interface StatementName {
  readonly schema: string | null;
  readonly digest: string;
}

/** As a key of maps: a schema's name may hold any character but none with the code 0. */
export function statementName({ schema, digest }: StatementName): string {
  return `${digest}\0${schema ?? "\0"}`;
}

/** A part of a statement in SQL, with the values of its question marks. */
export interface NamedSql {
  readonly sql: string;
  readonly values: readonly Parameter[];
}

/** The condition that a row is one of these statements, as servers with a key on both columns look them up. */
export function namedSql(statements: readonly StatementName[]): NamedSql {
  const isOne = ({ schema }: StatementName) =>
    schema === null ? "(SCHEMA_NAME IS NULL AND DIGEST = ?)" : "(SCHEMA_NAME = ? AND DIGEST = ?)";
  return {
    sql: statements.map(isOne).join(" OR "),
    values: statements.flatMap(({ schema, digest }) => (schema === null ? [digest] : [schema, digest])),
  };
}
