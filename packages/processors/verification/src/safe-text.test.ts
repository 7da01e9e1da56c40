import { describe, expect, it } from "vitest";
import { safePlan, safeStatement } from "./safe-text.ts";

const planOf = (condition: string) =>
  JSON.stringify([{ Plan: { "Node Type": "Seq Scan", "Relation Name": "t", Filter: condition, "Plan Rows": 7 } }]);

describe("safePlan", () => {
  it.each([
    ["of PostgreSQL", planOf("(name = 'Ada'::text)"), "(name = ?::text)"],
    ["of auto_explain", `duration: 5 ms  plan:\n${planOf("(name = 'Ada')").slice(1, -1)}`, "(name = ?)"],
    [
      "of MySQL",
      '{"query_block":{"table":{"table_name":"t","attached_condition":"(t.name = \'Ada\')"}}}',
      "(t.name = ?)",
    ],
    [
      "as a tree",
      "-> Filter: (t.name = 'Ada')  (cost=1 rows=5)\n    -> Table scan on t  (cost=1 rows=5)\n",
      "(t.name = ?)",
    ],
    ["as text", "Seq Scan on t  (cost=0..5)\n  Filter: (name = 'Ada')", "Filter: (name = ?)"],
    [
      "in JSON of another form",
      '{"step":{"where":"name = \'Ada\'","rows":7}}',
      '{"step":{"where":"name = ?","rows":7}}',
    ],
  ])("takes the constants from a plan %s", (_, plan, expected) => {
    const { text } = safePlan(plan);
    expect(text).toContain(expected);
    expect(text).not.toContain("Ada");
    expect(safePlan(text).text, "what it wrote stays").toBe(text);
  });

  it.each([
    ["PostgreSQL's JSON", planOf("(name = ?::text)")],
    ["the tree that plan_attribute_extractor writes", safePlan(planOf("(name = 'Ada')")).text],
    ["a text", "Seq Scan on t"],
  ])("leaves %s without constants as it is", (_, plan) => {
    expect(safePlan(plan).text).toBe(plan);
  });

  it.each([
    ["was cut off", planOf("(name = 'Ada Lovelace')").slice(0, -20)],
    ["is too long", `${planOf("(name = 'Ada')").slice(0, -1)}${" ".repeat(256 * 1024)}]`],
    ["escapes what it cannot", "Filter: (name = 'it\\'s Ada')"],
    ["is nested too deep", `${"[".repeat(100_000)}"Ada"${"]".repeat(100_000)}`],
  ])("leaves nothing of a plan that %s", (_, plan) => {
    expect(safePlan(plan).text).not.toMatch(/Ada|name/);
  });
});

it.each([
  ["SELECT \"a\" FROM t WHERE b = 'Ada' AND c = `d`", "SELECT ? FROM t WHERE b = ? AND c = `d`"],
  ["SELECT 'it\\'s Ada'", "?"],
  ["SET app.user TO ada", "SET"],
])("safeStatement takes from %s what any dialect takes for a constant", (sql, expected) => {
  expect(safeStatement(sql).text).toBe(expected);
});
