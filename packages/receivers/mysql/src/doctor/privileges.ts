import type { Row } from "@dbintel/watching";
import type { DatabaseConnection } from "../connection/connection.ts";

/** Where a user has a privilege. */
export class Privileges {
  /** Privilege and place: `*` for everywhere, a schema, or `schema.table`. */
  readonly #granted: ReadonlySet<string>;

  constructor(granted: ReadonlySet<string>) {
    this.#granted = granted;
  }

  everywhere(privilege: string): boolean {
    return this.#has(privilege, "*");
  }

  inSchema(privilege: string, schema: string): boolean {
    return this.everywhere(privilege) || this.#has(privilege, schema);
  }

  onTable(privilege: string, schema: string, table: string): boolean {
    return this.inSchema(privilege, schema) || this.#has(privilege, `${schema}.${table}`);
  }

  #has(privilege: string, place: string): boolean {
    return this.#granted.has(`${privilege} ${place}`) || this.#granted.has(`ALL PRIVILEGES ${place}`);
  }
}

/**
 * What the user of the session may do, by itself and by its roles that are active. information_schema tells nothing of what
 * comes by a role.
 */
export async function privileges(connection: DatabaseConnection, signal: AbortSignal): Promise<Privileges> {
  return grantedBy(await connection.query("SHOW GRANTS", [], signal));
}

/** A name in quotes, or all. */
const name = "\\*|`(?:[^`]|``)*`";
const grant = new RegExp(`^GRANT ([A-Z ,]+) ON (?:TABLE )?(${name})\\.(${name}) TO `);

/** Privileges on single columns are left out. */
export function grantedBy(rows: readonly Row[]): Privileges {
  const granted = new Set<string>();
  for (const line of rows.flatMap((row) => Object.values(row))) {
    const [, list = "", schema = "", table = ""] = grant.exec(String(line)) ?? [];
    const place = schema === "*" ? "*" : table === "*" ? unquoted(schema) : `${unquoted(schema)}.${unquoted(table)}`;
    for (const privilege of list.split(",")) granted.add(`${privilege.trim()} ${place}`);
  }
  return new Privileges(granted);
}

/** In a schema's name a backslash takes its meaning from what would stand for any characters. */
function unquoted(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replaceAll("``", "`")
    .replaceAll(/\\([_%])/g, "$1");
}
