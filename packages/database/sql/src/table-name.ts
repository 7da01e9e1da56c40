import { unquoted } from "./identifier.ts";
import type { SqlDialect } from "./syntax.ts";
import type { Token } from "./token.ts";

/** A table, as the server's own views name it. */
export interface TableName {
  /** PostgreSQL's schema, MySQL's database; absent where the statement leaves it to the session. */
  readonly schema?: string;
  readonly name: string;
}

/** `parts` are identifiers with the dots between them. Of three parts, the database of PostgreSQL is left out. */
export function tableName(parts: readonly Token[], dialect: SqlDialect): TableName {
  const names = parts.filter(({ kind }) => kind !== "symbol").map((part) => nameOf(part, dialect));
  const [schema, name] = names.length > 1 ? names.slice(-2) : [undefined, names[0]];
  return schema === undefined ? { name: name ?? "" } : { schema, name: name ?? "" };
}

/** PostgreSQL folds to lower case what is not quoted; MySQL keeps names as they are written. */
function nameOf({ kind, text }: Token, dialect: SqlDialect): string {
  if (kind === "quoted") return unquoted(text);
  return dialect === "postgresql" ? text.toLowerCase() : text;
}
