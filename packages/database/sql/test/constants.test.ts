import { describe, expect, it } from "vitest";
import { analyzeSql } from "../src/analysis.ts";
import { redactSql } from "../src/redaction.ts";
import type { SqlSyntax } from "../src/syntax.ts";
import {
  type Choice,
  choices,
  secretDigits,
  secretSpelling,
  secretWord,
  statement,
  utilityStatement,
} from "./grammar.ts";

/** 100,000 statements of each dialect. */
const syntaxes: readonly (readonly [SqlSyntax, number])[] = [
  [{ dialect: "postgresql" }, 100_000],
  [{ dialect: "mysql" }, 50_000],
  [{ dialect: "mysql", ansiQuotes: true, noBackslashEscapes: true }, 50_000],
  [{ dialect: "mariadb" }, 100_000],
];

/** Of so many more every beginning is read, of one byte, of two, … */
const cutStatements = 100;

// Even a piece of a secret must not show.
const digits = secretDigits.slice(0, 4);
const letters = secretWord.slice(0, 4);

/** Statements with constants of every form, each eighth a utility statement. */
function* generated(syntax: SqlSyntax, choose: Choice, count: number): Generator<string> {
  const spelling = secretSpelling(syntax, choose, { typed: true });
  for (let number = 0; number < count; number++) {
    yield number % 8 === 0 ? utilityStatement(syntax, choose, spelling) : statement(syntax, choose, spelling);
  }
}

function showsSecret(text: string): boolean {
  return text.includes(digits) || text.includes(letters);
}

describe.each(syntaxes)("%j", (syntax, statements) => {
  it("lets no constant and no comment through", () => {
    const leaks: string[] = [];
    let withSecret = 0;
    for (const sql of generated(syntax, choices(20_260_101), statements)) {
      if (showsSecret(sql)) withSecret++;
      const { text } = redactSql(sql, syntax);
      if (text === "" || showsSecret(text)) leaks.push(sql);
    }
    expect(leaks.slice(0, 3)).toEqual([]);
    expect(withSecret).toBeGreaterThan(0.9 * statements);
  });

  it("lets none through wherever the text is cut off", () => {
    const leaks: string[] = [];
    for (const whole of generated(syntax, choices(7), cutStatements)) {
      const bytes = Buffer.from(whole);
      for (let length = 0; length < bytes.length; length++) {
        const sql = bytes.toString("utf8", 0, length);
        const { text, summary, tables } = analyzeSql(sql, syntax);
        if (showsSecret(`${text} ${summary} ${JSON.stringify(tables)}`)) leaks.push(sql);
      }
    }
    expect(leaks.slice(0, 3)).toEqual([]);
  });

  it("gives a statement the fingerprint of its redacted text, and redacts that no further", () => {
    for (const sql of generated(syntax, choices(11), 2000)) {
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
