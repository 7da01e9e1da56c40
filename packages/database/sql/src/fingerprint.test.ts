import { describe, expect, it } from "vitest";
import { fingerprintSql } from "./fingerprint.ts";
import { redactSql } from "./redaction.ts";
import type { SqlDialect } from "./syntax.ts";

const same: readonly [SqlDialect, string, string][] = [
  ["postgresql", "select a from t where b = 5", "SELECT  a\nFROM T -- x\nWHERE b=$7 ;"],
  ["postgresql", "select a from t where b = 'x'", "select a from t where b = ?"],
  ["postgresql", "select a from t where b in (1, 2, 3)", "select a from t where b in ($1 /*, ... */)"],
  ["postgresql", "insert into t values (1, null), (2, 'x')", "insert into t values ($1, $2)"],
  ["postgresql", "select a from t where b = -5 and c = true", "select a from t where b = $1 and c = $2"],
  ["postgresql", "select a from t where b = +5 and c != 1", "select a from t where b = +$1 and c <> $2"],
  ["postgresql", "select date '2020-01-01', null", "select date $1, $2"],
  ["postgresql", "create role joe password 'a'", "CREATE ROLE ann PASSWORD 'b'"],
  ["mysql", "select * from users where id = 5", "SELECT * FROM `users` WHERE `id` = ?"],
  ["mysql", 'select f(1, "x") from a.b', "SELECT `f` (...) FROM `a` . `b`"],
  ["mysql", "insert into t values (1,2),(3,4)", "INSERT INTO `t` VALUES (...) /* , ... */"],
  ["mysql", "select a from t where b in (1,2)", "SELECT `a` FROM `t` WHERE `b` IN (...)"],
  ["mysql", "select a from t where b = @x", "SELECT `a` FROM `t` WHERE `b` = @?"],
];

const different: readonly [SqlDialect, string, string][] = [
  ["postgresql", "select a from t where b = 1", "select a from t where c = 1"],
  ["postgresql", "select a from t where b is null", "select a from t where b is not null"],
  ["postgresql", "select a from t where b is true", "select a from t where b is false"],
  ["postgresql", 'select a from "T"', "select a from t"],
  ["postgresql", "select a - 1", "select a + 1"],
  ["postgresql", "select f(1)", "select f(1, 2)"],
  ["postgresql", "create role joe", "alter role joe"],
  ["mysql", "select a from t", "select b from t"],
];

describe("fingerprint", () => {
  it("is versioned and does not change from release to release", () => {
    expect(fingerprintSql("select 1", "postgresql")).toBe(
      "v1:e1c71d1661ae46e09b7aaec1c390957f0d6260410df4e4bc71b9c8d681021471",
    );
  });

  it.each(same)("%s: %s = %s", (dialect, one, other) => {
    expect(fingerprintSql(one, dialect)).toBe(fingerprintSql(other, dialect));
    expect(fingerprintSql(redactSql(one, dialect).text, dialect)).toBe(fingerprintSql(one, dialect));
  });

  it.each(different)("%s: %s ≠ %s", (dialect, one, other) => {
    expect(fingerprintSql(one, dialect)).not.toBe(fingerprintSql(other, dialect));
  });
});
