import { fingerprintSync, loadModule, normalizeSync } from "libpg-query";
import { beforeAll, describe, expect, it } from "vitest";
import { fingerprintSql } from "../src/fingerprint.ts";
import { redactSql } from "../src/redaction.ts";
import { choices, secretSpelling, statement } from "./grammar.ts";

// PostgreSQL's own parser, compiled to WebAssembly, with the normalisation of pg_stat_statements.
beforeAll(() => loadModule());

const syntax = { dialect: "postgresql" } as const;
const ours = (sql: string): string => fingerprintSql(sql, syntax);

it("gives the text that PostgreSQL's grammar normalises the fingerprint of the raw text", () => {
  const choose = choices(5);
  const spelling = secretSpelling(syntax, choose, { typed: true });
  for (let count = 0; count < 2000; count++) {
    const sql = statement(syntax, choose, spelling);
    const normalized = normalizeSync(sql);
    expect(ours(normalized), `${sql}\n${normalized}`).toBe(ours(sql));
  }
});

describe("statements that share a fingerprint", () => {
  const corpus = (): readonly string[] => {
    const choose = choices(9);
    const spelling = secretSpelling(syntax, choose, { typed: false });
    return Array.from({ length: 5000 }, () => statement(syntax, choose, spelling));
  };

  it("here do so by PostgreSQL's grammar", () => {
    const groups = Map.groupBy(corpus(), ours);
    const shared = [...groups.values()].filter(({ length }) => length > 1);
    expect(shared.length).toBeGreaterThan(100);
    for (const group of shared) expect(new Set(group.map(fingerprintSync)).size, group.join("\n")).toBe(1);
  });

  it("by PostgreSQL's grammar do so here, or differ in the order and number of what stands in a list", () => {
    const groups = Map.groupBy(corpus(), fingerprintSync);
    const shared = [...groups.values()].filter(({ length }) => length > 1);
    expect(shared.length).toBeGreaterThan(100);
    for (const group of shared) expect(new Set(group.map(wordsOf)).size, group.join("\n")).toBe(1);
  });
});

/** What a statement consists of, whatever the order. A list of one is no list to PostgreSQL's grammar. */
function wordsOf(sql: string): string {
  const { text } = redactSql(sql, syntax);
  const words = text
    .toLowerCase()
    .replaceAll(" in (?)", " = ?")
    .match(/"(?:[^"]|"")*"|[\w.]+|[^\w\s(),]+/g);
  return [...new Set(words)].sort().join(" ");
}

/** Where `libpg-query` sees one statement and we see two. */
const joinedByGrammar: readonly [string, string][] = [
  ["select a, b from t", "select b, a from t"],
  ["select a, a from t", "select a from t"],
  ["select a from t where b = 1 and c = 2", "select a from t where c = 2 and b = 1"],
  ["select f(1)", "select f(1, 2)"],
  ["insert into t values (1)", "insert into t values (1, 2)"],
  ["select a from t where b in (1)", "select a from t where b = 1"],
  ["select a from t where (b = 1)", "select a from t where b = 1"],
  ["select a from t_2025", "select a from t_2026"],
  ["select date '2026-01-01'", "select interval '1 day'"],
  ["select a as x from t", "select a as y from t"],
  ["select a from t limit 1", "select a from t limit all"],
  ["select a::int from t", "select cast(a as int) from t"],
  ["select a from t as x", "select a from t x"],
  ["select a from t inner join u on a = b", "select a from t join u on a = b"],
  ['select "a" from t', "select a from t"],
];

it.each(joinedByGrammar)("keeps apart what PostgreSQL's grammar joins: %s, %s", (one, other) => {
  expect(fingerprintSync(one)).toBe(fingerprintSync(other));
  expect(ours(one)).not.toBe(ours(other));
});

// Nothing of a utility statement is kept but verb and object class.
it.each([
  ["create role joe", "create role ann"],
  ["set work_mem = 1", "set jit = 1"],
])("joins what PostgreSQL's grammar keeps apart: %s, %s", (one, other) => {
  expect(fingerprintSync(one)).not.toBe(fingerprintSync(other));
  expect(ours(one)).toBe(ours(other));
});

// Why the grammar's normalisation is no way to make a text safe.
it.each([
  "COMMENT ON TABLE t IS 'S3cret'",
  "ALTER SYSTEM SET primary_conninfo = 'password=S3cret'",
  "CREATE VIEW v AS SELECT 'S3cret'",
  "ALTER TABLE t ALTER a SET DEFAULT 'S3cret'",
  "SECURITY LABEL ON TABLE t IS 'S3cret'",
  "SELECT 1 /* S3cret */",
  // Cut off within a string: the parser's message about it comes back as the text.
  "SELECT a FROM t WHERE b = 'S3cret",
])("hides what the grammar's normalisation leaves in clear: %s", (sql) => {
  expect(normalizeSync(sql)).toContain("S3cret");
  expect(redactSql(sql, syntax).text).not.toContain("S3cret");
});

it.each(["select a from", "select a from t where b = ?"])("reads what the grammar does not: %s", (sql) => {
  expect(() => fingerprintSync(sql)).toThrow("syntax error at end of input");
  expect(redactSql(sql, syntax)).toMatchObject({ kind: "SELECT", utility: false });
});
