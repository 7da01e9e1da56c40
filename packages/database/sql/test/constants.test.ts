import { describe, expect, it } from "vitest";
import { analyzeSql } from "../src/analysis.ts";
import { redactSql } from "../src/redaction.ts";
import type { SqlSyntax } from "../src/syntax.ts";
import { choices, secretDigits, secretSpelling, secretWord, statement } from "./grammar.ts";

const syntaxes: readonly SqlSyntax[] = [
  { dialect: "postgresql" },
  { dialect: "mysql" },
  { dialect: "mysql", ansiQuotes: true, noBackslashEscapes: true },
  { dialect: "mariadb" },
];

/** The long run: `DBINTEL_SQL_STATEMENTS=100000 npx vitest run packages/database/sql/test/constants.test.ts`. */
const statements = Number(process.env.DBINTEL_SQL_STATEMENTS ?? 10_000);
const cutStatements = statements / 100;

// Even a piece of a secret must not show.
const digits = secretDigits.slice(0, 4);
const letters = secretWord.slice(0, 4);

function showsSecret(text: string): boolean {
  return text.includes(digits) || text.includes(letters);
}

describe.each(syntaxes)("%j", (syntax) => {
  it("lets no constant and no comment through", () => {
    const choose = choices(20_260_101);
    const leaks: string[] = [];
    for (let count = 0; count < statements; count++) {
      const sql = statement(syntax, choose, secretSpelling(syntax, choose, { typed: true }));
      if (!sql.includes(digits) && !sql.includes(letters)) continue;
      const { text } = redactSql(sql, syntax);
      if (text === "" || showsSecret(text)) leaks.push(sql);
    }
    expect(leaks.slice(0, 3)).toEqual([]);
  });

  it("lets none through wherever the text is cut off", () => {
    const choose = choices(7);
    const leaks: string[] = [];
    for (let count = 0; count < cutStatements; count++) {
      const bytes = Buffer.from(statement(syntax, choose, secretSpelling(syntax, choose, { typed: true })));
      for (let length = 0; length < bytes.length; length++) {
        const sql = bytes.toString("utf8", 0, length);
        const { text, summary, tables } = analyzeSql(sql, syntax);
        if (showsSecret(`${text} ${summary} ${JSON.stringify(tables)}`)) leaks.push(sql);
      }
    }
    expect(leaks.slice(0, 3)).toEqual([]);
  });

  it("gives a statement the fingerprint of its redacted text, and redacts that no further", () => {
    const choose = choices(11);
    for (let count = 0; count < 2000; count++) {
      const sql = statement(syntax, choose, secretSpelling(syntax, choose, { typed: true }));
      const once = analyzeSql(sql, syntax);
      expect(analyzeSql(once.text, syntax), sql).toEqual(once);
    }
  });

  it("gives one fingerprint to all spellings of a statement", () => {
    for (let seed = 0; seed < 2000; seed++) {
      const spellings = [1, 2].map((salt) => secretSpelling(syntax, choices(seed * 31 + salt), { typed: false }));
      const [one = "", other = ""] = spellings.map((spelling) => statement(syntax, choices(seed), spelling));
      expect(analyzeSql(one, syntax).fingerprint, `${one}\n${other}`).toBe(analyzeSql(other, syntax).fingerprint);
    }
  });
});
