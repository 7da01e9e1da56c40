import { describe, expect, it } from "vitest";
import { redactSql } from "./redaction.ts";

function text(sql: string): string {
  return redactSql(sql, "postgresql").text;
}

describe("constants", () => {
  it.each([
    ["select * from t where a = 5 and b='x''y'", "select * from t where a = ? and b=?"],
    ["select 1.5, .5, 1e-5, 1_000, 0xDEADbeef, 0b101, 12ab", "select ?, ?, ?, ?, ?, ?, ?"],
    ["select E'a\\'b', e'\\\\', U&'\\0441', B'101', x'1F', N'n'", "select ?, ?, ?, ?, ?, ?"],
    ["select $$a'b$$, $tag$ $$ ; $tag$, $1, $23", "select ?, ?, $1, $23"],
    ["select $65535, $65536, ','$9078051120", "select $65535, ?, ??"],
    ["select 'one'\n  'two'", "select ?"],
    ["select * from generate_series(1,10)", "select * from generate_series(?,?)"],
    ["select a[1:2], c1, t1.c2, x$1 from t1", "select a[?:?], c1, t1.c2, x$1 from t1"],
    ["select true, null, current_date, a is not true", "select ?, null, current_date, a is not true"],
    ['select "Column 1", U&"d\\0061ta" from "T 9"', 'select "Column 1", U&"d\\0061ta" from "T 9"'],
    ["select data->>'key' from t where doc @> '{\"a\":1}'", "select data->>? from t where doc @> ?"],
    ["select interval '1 day', date '2020-01-01'", "select interval ?, date ?"],
  ])("%s", (sql, expected) => {
    expect(text(sql)).toBe(expected);
  });

  it.each([
    ["where a = -5", "a = ?"],
    ["where a=-5", "a=?"],
    ["where a > - 5", "a > ?"],
    ["where a - 5 > b", "a - ? > b"],
    ["where a-5>b", "a-?>b"],
    ["where f(a)-5 > -1", "f(a)-? > ?"],
    ["where a between -1 and +1", "a between ? and ?"],
    ["where a - -5 = $1 - 1", "a - ? = $1 - ?"],
    ["where -a = -$1", "-a = -$1"],
    ["where a -> 'x' = 1", "a -> ? = ?"],
  ])("keeps a sign sane: %s", (clause, expected) => {
    expect(text(`select 1 from t ${clause}`)).toBe(`select ? from t where ${expected}`);
  });

  it.each([
    ["select 'abc", "select ?"],
    ["select $x$ abc", "select ?"],
    ["select E'abc\\", "select ?"],
    ['select "abc', "select ?"],
    ["select a /* abc", "select a"],
    ["select a -- abc", "select a"],
    ["select a from t where b = -", "select a from t where b = -"],
  ])("takes what is cut off for a constant: %s", (sql, expected) => {
    expect(text(sql)).toBe(expected);
  });

  it("hides the rest where a backslash before a quote leaves the end of the string open", () => {
    expect(text("select 'a\\' , secret , ' from t")).toBe("select ?");
    expect(text("select 'a\\\\', b from t")).toBe("select ?, b from t");
  });
});

describe("lists", () => {
  it.each([
    ["select a from t where b in (1, 2,3)", "select a from t where b in (?)"],
    ["select a from t where b not in ($1, $2)", "select a from t where b not in ($1)"],
    ["select a from t where b IN ($1 /*, ... */)", "select a from t where b IN ($1)"],
    ["select a from t where b = any(array['x', 'y'])", "select a from t where b = any(array[?])"],
    ["select a from t where b in (-1, -2)", "select a from t where b in (?)"],
    ["select a from t where b in (select 1, 2)", "select a from t where b in (select ?, ?)"],
    ["select a from t where b in (1, c, 2)", "select a from t where b in (?, c, ?)"],
  ])("%s", (sql, expected) => {
    expect(text(sql)).toBe(expected);
  });
});

describe("comments and white space", () => {
  it.each([
    ["/* jane@example.com */ select\n\t 1 -- bob\n from t;", "select ? from t"],
    ["select /* a /* nested */ b */ c", "select c"],
    ["select ( a , b )", "select (a, b)"],
    ["select a--b\n,c", "select a,c"],
    ["  ", ""],
  ])("%s", (sql, expected) => {
    expect(text(sql)).toBe(expected);
  });
});

describe("kind", () => {
  it.each([
    ["select 1", "SELECT"],
    ["(select 1) union (select 2)", "SELECT"],
    ["with a as (select 1), b as (delete from t returning 1) update t set x = 1", "UPDATE"],
    ["explain select 1", "EXPLAIN"],
    ["COMMIT", "COMMIT"],
    ["insert into t values (1)", "INSERT"],
  ])("%s is %s", (sql, kind) => {
    expect(redactSql(sql, "postgresql")).toMatchObject({ kind, utility: false });
  });
});

describe("utility statements", () => {
  it.each([
    ["CREATE ROLE joe LOGIN PASSWORD 'S3cret'", "CREATE ROLE"],
    ["alter user joe password 'S3cret'", "ALTER USER"],
    ["CREATE USER MAPPING FOR joe SERVER s OPTIONS (password 'S3cret')", "CREATE USER MAPPING"],
    ["CREATE SUBSCRIPTION s CONNECTION 'host=h password=S3cret' PUBLICATION p", "CREATE SUBSCRIPTION"],
    ["COMMENT ON TABLE t IS 'ssn 078-05-1120'", "COMMENT ON TABLE"],
    ["COPY (select 'secret') TO stdout", "COPY"],
    ["DO $$ begin perform 'secret'; end $$", "DO"],
    ["CREATE OR REPLACE FUNCTION f() RETURNS text AS $$ select 'secret' $$ LANGUAGE sql", "CREATE OR REPLACE FUNCTION"],
    ["CREATE MATERIALIZED VIEW v AS SELECT 'secret'", "CREATE MATERIALIZED VIEW"],
    ["NOTIFY ch, 'secret'", "NOTIFY"],
    ["SET application_name = token_secret", "SET"],
    ["ALTER SYSTEM SET primary_conninfo = 'password=S3cret'", "ALTER SYSTEM SET"],
    ["frobnicate secret", ""],
    ["'secret' select", ""],
  ])("%s keeps %j", (sql, expected) => {
    expect(redactSql(sql, "postgresql")).toEqual({ text: expected, kind: expected, utility: true });
  });

  it("shows nothing after a utility statement", () => {
    expect(text("select 1; set role secret; select secret")).toBe("select ?; SET ROLE");
  });
});
