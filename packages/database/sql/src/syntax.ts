import { DbintelError } from "@dbintel/errors";

/** The servers whose lexical rules are known. */
export type SqlDialect = "postgresql" | "mysql" | "mariadb";

/** How a text is to be read: the dialect and those settings of its session that change where a constant ends. */
export interface SqlSyntax {
  readonly dialect: SqlDialect;
  /** MySQL and MariaDB: `sql_mode` holds `ANSI_QUOTES`, so that `"…"` is an identifier. Default false: a constant. */
  readonly ansiQuotes?: boolean;
  /** MySQL and MariaDB: `sql_mode` holds `NO_BACKSLASH_ESCAPES`. Default false. */
  readonly noBackslashEscapes?: boolean;
}

/**
 * A dialect alone stands for its default settings.
 *
 * @throws {DbintelError} DBI_ARGUMENT for a dialect that is not known: read by the rules of another, constants could stay.
 */
export function syntaxOf(syntax: SqlDialect | SqlSyntax): SqlSyntax {
  const resolved = typeof syntax === "string" ? { dialect: syntax } : syntax;
  if (isSyntax(resolved)) return resolved;
  // Nothing of what was given: it may be the statement, where two arguments change places.
  throw new DbintelError('the dialect of the SQL is not "postgresql", "mysql" or "mariadb"', {
    code: "DBI_ARGUMENT",
    hint: "give one of them as the second argument, or an object with one of them as its `dialect`",
  });
}

function isSyntax(given: Partial<SqlSyntax> | null | undefined): given is SqlSyntax {
  const dialect = given?.dialect;
  return dialect === "postgresql" || dialect === "mysql" || dialect === "mariadb";
}
