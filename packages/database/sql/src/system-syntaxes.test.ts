import { expect, it } from "vitest";
import { SystemSyntaxes } from "./system-syntaxes.ts";

const attributes = (values: Readonly<Record<string, string>>) => ({ getString: (key: string) => values[key] });

it.each([
  [{ "db.system.name": "mysql" }, {}, "mysql"],
  [{ "db.system": "mariadb" }, { "db.system.name": "mysql" }, "mariadb"],
  [{}, { "db.system": "mysql" }, "mysql"],
  [{ "db.system.name": "oracle.db" }, {}, "postgresql"],
  [{}, {}, "postgresql"],
])("%j in %j is read as %s", (item, resource, dialect) => {
  const syntaxes = new SystemSyntaxes({ ansi_quotes: true, no_backslash_escapes: false });
  const syntax = syntaxes.of(attributes(item), attributes(resource));
  expect(syntax.dialect).toBe(dialect);
  expect(syntax.ansiQuotes).toBe(dialect === "postgresql" ? undefined : true);
});
