import { expect, it } from "vitest";
import { longestText } from "../statements/stored-texts.ts";
import { whyNotExplainable } from "./explainable.ts";

it.each([
  "SELECT a FROM t WHERE b = $1",
  "  /* app */ select 1",
  "(SELECT a FROM t) UNION SELECT $1",
  "INSERT INTO t VALUES ($1)",
  "UPDATE t SET a = $1",
  "DELETE FROM t",
  "MERGE INTO t USING s ON a = b WHEN MATCHED THEN DELETE",
  "VALUES ($1)",
  "TABLE t",
  "WITH x AS (SELECT 1) DELETE FROM t",
  "SELECT 1;",
  "SELECT 1 ; ;",
])("%s is explained", (text) => {
  expect(whyNotExplainable(text)).toBeUndefined();
});

it.each([
  "BEGIN",
  "EXPLAIN SELECT 1",
  "EXECUTE p($1)",
  "CALL f($1)",
  "COPY t TO STDOUT",
  "CREATE TABLE t AS SELECT 1",
  "DECLARE c CURSOR FOR SELECT 1",
  "",
  // Wherever a semicolon stands: a text that is read wrongly cannot hide a statement.
  "SELECT 1; DROP TABLE t",
  "SELECT ';' FROM t",
  'SELECT "a;b" FROM t',
  "SELECT 1 /* ; */ FROM t",
])("%s is not", (text) => {
  expect(whyNotExplainable(text)).toBe("not_explainable");
});

it("takes a text of the greatest length that is read for one that was cut off", () => {
  const text = `SELECT ${"a, ".repeat(longestText)}`;
  expect(whyNotExplainable(text.slice(0, longestText))).toBe("cut_off");
  expect(whyNotExplainable(text.slice(0, longestText - 1))).toBeUndefined();
});
