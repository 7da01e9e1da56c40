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

/** A dialect alone stands for its default settings. */
export function syntaxOf(syntax: SqlDialect | SqlSyntax): SqlSyntax {
  return typeof syntax === "string" ? { dialect: syntax } : syntax;
}
