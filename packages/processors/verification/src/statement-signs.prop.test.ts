import { Lexer, redactSql, type SqlDialect } from "@dbintel/sql";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mayHoldConstant } from "./statement-signs.ts";

const dialects: readonly SqlDialect[] = ["postgresql", "mysql", "mariadb"];

/** Between bytes that would be signs if they were looked at. */
function mayHold(sql: string): boolean {
  const bytes = Buffer.from(`'1${sql}'1`);
  return mayHoldConstant(bytes, 2, bytes.length - 2);
}

/** Whether a lexer finds a constant or a comment, or only the verb may stay. */
function holds(sql: string, dialect: SqlDialect): boolean {
  const { utility, text } = redactSql(sql, dialect);
  if (utility || /\btrue\b|\bfalse\b/i.test(sql) || (text === "" && sql.trim() !== "")) return true;
  const lexer = new Lexer(sql, { dialect });
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) {
    if (["number", "string", "comment"].includes(token.kind)) return true;
  }
  return false;
}

describe("mayHoldConstant", () => {
  it.each([
    "SELECT o.id_1, $1, $23 FROM orders o2 WHERE a = ? AND b <> :name AND c = ANY($2)",
    "insert into t (a, b) values (?, ?)",
    "WITH x AS (SELECT a FROM t) DELETE FROM t USING x WHERE t.a = x.a;",
    "UPDATE t SET a = b - c / d WHERE truth = fallible",
  ])("passes %s", (sql) => {
    expect(mayHold(sql)).toBe(false);
  });

  it.each([
    "SELECT 'a'",
    'SELECT "a"',
    "SELECT `a`",
    "SELECT 1",
    "SELECT -.5",
    "SELECT t.5",
    "SELECT a -- b",
    "SELECT a /* b */",
    "SELECT a # b",
    "SELECT $$a$$",
    "SELECT $tag$a$tag$",
    "SELECT TRUE",
    "SELECT a WHERE false",
    "SELECT a; SET b TO c",
    "SELECTED by jane",
    "SET app.name TO jane",
    "ALTER ROLE jane",
    " SELECT a",
    "",
  ])("stops %s", (sql) => {
    expect(mayHold(sql)).toBe(true);
  });

  const piece = fc.oneof(
    fc.constantFrom(
      ..."SELECT ,WITH ,a,t.b, ,(,),=,?,$1,$,$$,$x$,:n,.5,5,1e5,-,--,/,/*,*/,#,;,',\",`,\\,true,FALSE,fals,é,\n,\u00a0,_1,N,x".split(
        ",",
      ),
    ),
    fc.string({ unit: "binary", maxLength: 3 }),
  );
  const statement = fc
    .tuple(fc.constantFrom("SELECT ", "select\n", "WITH ", "UPDATE t ", ""), fc.array(piece, { maxLength: 12 }))
    .map(([verb, pieces]) => verb + pieces.join(""));

  it("never passes what any dialect takes for a constant, a comment or a utility statement", () => {
    fc.assert(
      fc.property(statement, (sql) => {
        if (!mayHold(sql)) expect(dialects.filter((dialect) => holds(sql, dialect))).toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });
});
