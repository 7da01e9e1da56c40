import { describe, expect, it } from "vitest";
import { explainableText } from "./explainable.ts";

function textOf(sql: string) {
  return explainableText(sql, { product: "mysql", longest: 1024 });
}

describe("a text is given to the server to be planned", () => {
  it.each([
    ["SELECT a FROM t WHERE b = 'it''s' AND c = 5;", "SELECT a FROM t WHERE b = 'it''s' AND c = 5"],
    ["/* shop */ SELECT /*+ MAX_EXECUTION_TIME(9) */ a FROM t", "SELECT /*+ MAX_EXECUTION_TIME(9) */ a FROM t"],
    ["SELECT a FROM t WHERE b = 1 FOR UPDATE SKIP LOCKED", "SELECT a FROM t WHERE b = 1"],
    ["SELECT a FROM t LOCK IN SHARE MODE", "SELECT a FROM t"],
    ["WITH c AS (SELECT 1 AS x) SELECT x FROM c -- end", "WITH c AS (SELECT 1 AS x) SELECT x FROM c"],
    ["UPDATE t SET a = UPPER(b) WHERE c IN (1, 2)", "UPDATE t SET a = UPPER(b) WHERE c IN (1, 2)"],
    ["INSERT INTO s.t (a, b) SELECT a, b FROM u", "INSERT INTO s.t (a, b) SELECT a, b FROM u"],
  ])("%s", (sql, sent) => {
    expect(textOf(sql)).toMatchObject({ sql: sent });
  });

  it.each([
    ["SELECT a FROM t WHERE b = 'cut of...", "cut_off"],
    [`SELECT '${"x".repeat(1100)}'`, "cut_off"],
    ["SELECT 1; DELETE FROM t", "not_explainable"],
    ["SELECT ';'", "not_explainable"],
    ["/*! ANALYZE */ SELECT a FROM t", "not_explainable"],
    ["SELECT a /*M!100000 FROM t */", "not_explainable"],
    ["ANALYZE FORMAT=JSON SELECT 1", "not_explainable"],
    ["CALL p()", "not_explainable"],
    ["SET PASSWORD = 'x'", "not_explainable"],
    ["INSERT INTO t (a) VALUES (1)", "not_explainable"],
    ["UPDATE t SET a = f(1)", "not_explainable"],
    ["DELETE FROM t WHERE a = `f` (1)", "not_explainable"],
    ["UPDATE t SET a = 1 WHERE s.f(1) = 1", "not_explainable"],
    ["SELECT a FROM t WHERE b = ?", "parameter_types"],
  ] as const)("but not %s", (sql, reason) => {
    expect(textOf(sql)).toBe(reason);
  });
});
