import type { SqlMode } from "./sql-mode.ts";
import type { SqlDialect, SqlSyntax } from "./syntax.ts";

/** Attributes of telemetry, as far as they are needed to tell the system. */
interface TextAttributes {
  getString(key: string): string | undefined;
}

/** `db.system.name` of the semantic conventions to how the server's statements are to be read. */
const dialects: Readonly<Record<string, SqlDialect>> = { mysql: "mysql", mariadb: "mariadb" };

/** How the statements in telemetry are to be read, by the system that it names. */
export class SystemSyntaxes {
  readonly #byDialect: Readonly<Record<SqlDialect, SqlSyntax>>;

  /** `mode` tells of `sql_mode`, for MySQL and MariaDB. */
  constructor({ ansi_quotes: ansiQuotes, no_backslash_escapes: noBackslashEscapes }: SqlMode) {
    const mode = { ansiQuotes, noBackslashEscapes };
    this.#byDialect = {
      postgresql: { dialect: "postgresql" },
      mysql: { dialect: "mysql", ...mode },
      mariadb: { dialect: "mariadb", ...mode },
    };
  }

  /** As the item says, or else its resource; PostgreSQL's where neither names a system that is known. */
  of(item: TextAttributes, resource: TextAttributes): SqlSyntax {
    const system = systemOf(item) ?? systemOf(resource) ?? "postgresql";
    return this.#byDialect[dialects[system] ?? "postgresql"];
  }
}

function systemOf(attributes: TextAttributes): string | undefined {
  return attributes.getString("db.system.name") ?? attributes.getString("db.system");
}
