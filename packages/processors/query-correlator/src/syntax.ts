import { type Attributes, attributeKey } from "@dbintel/pdata";
import type { SqlDialect, SqlSyntax } from "@dbintel/sql";

const systemKeys = [attributeKey("db.system.name"), attributeKey("db.system")];

/** `db.system.name` of the semantic conventions to how the server's statements are to be read. */
const dialects: Readonly<Record<string, SqlDialect>> = { mysql: "mysql", mariadb: "mariadb" };

/** How the statements of each kind of server are to be read. */
export class Syntaxes {
  readonly #byDialect: Readonly<Record<SqlDialect, SqlSyntax>>;

  constructor(mode: { readonly ansiQuotes: boolean; readonly noBackslashEscapes: boolean }) {
    this.#byDialect = {
      postgresql: { dialect: "postgresql" },
      mysql: { dialect: "mysql", ...mode },
      mariadb: { dialect: "mariadb", ...mode },
    };
  }

  /** As the record says, or else its resource; PostgreSQL's where neither names a system that is known. */
  of(record: Attributes, resource: Attributes): SqlSyntax {
    const system = systemOf(record) ?? systemOf(resource) ?? "postgresql";
    return this.#byDialect[dialects[system] ?? "postgresql"];
  }
}

function systemOf(attributes: Attributes): string | undefined {
  for (const key of systemKeys) {
    const name = attributes.getString(key);
    if (name !== undefined) return name;
  }
  return undefined;
}
