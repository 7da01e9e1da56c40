import { describe, expect, it } from "vitest";
import { type PlanReading, readPlan } from "./reading.ts";

const scan = { "Node Type": "Seq Scan", "Relation Name": "t", Alias: "t", "Plan Rows": 3 };

function nested(levels: number): unknown {
  let plan: unknown = scan;
  for (let level = 1; level < levels; level++) plan = { "Node Type": "Materialize", Plans: [plan] };
  return { Plan: plan };
}

describe("readPlan", () => {
  it.each([
    ["EXPLAIN's list", JSON.stringify([{ Plan: scan }])],
    ["an object, as of auto_explain and pg_store_plans", JSON.stringify({ "Query Text": "select 1", Plan: scan })],
    ["the message of auto_explain", `duration: 12.5 ms  plan:\n\t${JSON.stringify({ Plan: scan })}`],
    ["white space around it", `\n ${JSON.stringify([{ Plan: scan }])}\n`],
  ])("takes %s", (_name, text) => {
    expect(readPlan(text).plan?.root).toMatchObject({ kind: "sequential_scan", relation: "t", estimate: { rows: 3 } });
  });

  it("tells the duration that auto_explain logged, and the whole of a 64-bit id", () => {
    const json = `{"Query Text": "select 1", "Plan": ${JSON.stringify(scan)}, "Query Identifier": -1356790414715131234}`;
    const { plan } = readPlan(`duration: 12.5 ms  plan:\n${json}`);
    expect(plan).toMatchObject({ executionMs: 12.5, queryId: "-1356790414715131234" });
  });

  it("takes no id from within a string", () => {
    const text = JSON.stringify({ Plan: { ...scan, Filter: `(a = '"Query Identifier": 5')` } });
    expect(readPlan(text).plan?.queryId).toBeUndefined();
  });

  it.each<[PlanReading["reason"], string]>([
    ["unknown_format", ""],
    ["unknown_format", "<explain><Query><Plan>Seq Scan on t</Plan></Query></explain>"],
    ["malformed", JSON.stringify([{ Plan: scan }]).slice(0, -9)],
    ["malformed", "{'Plan': 1}"],
    ["no_plan", "[]"],
    ["no_plan", "[1]"],
    ["no_plan", '{"Plan": {}}'],
    ["no_plan", '{"Plan": [1]}'],
    ["no_plan", '{"a": "b"}'],
    ["too_large", " ".repeat(1_048_577)],
    ["too_deep", JSON.stringify(nested(201))],
    [
      "too_deep",
      `{"a":${"[".repeat(400_000)}${"]".repeat(400_000)},"query_block":${'{"temporary_table":'.repeat(300)}{}${"}".repeat(300)}}`,
    ],
    ["too_many_nodes", JSON.stringify({ Plan: { ...scan, Plans: Array.from({ length: 5_000 }, () => scan) } })],
  ])("says %s", (reason, text) => {
    const reading = readPlan(text);
    expect(reading).toEqual({ reason, message: expect.any(String) });
    expect(reading.message).not.toContain("Seq Scan on t");
  });

  it("takes other limits", () => {
    const text = JSON.stringify(nested(3));
    expect(readPlan(text, { limits: { maxDepth: 3 } }).plan).toBeDefined();
    expect(readPlan(text, { limits: { maxDepth: 2 } }).reason).toBe("too_deep");
    expect(readPlan(text, { limits: { maxNodes: 2 } }).reason).toBe("too_many_nodes");
    expect(readPlan(text, { limits: { maxLength: 10 } }).reason).toBe("too_large");
  });

  it("tells MySQL from MariaDB by what only MySQL writes, unless told", () => {
    const block = (table: object) => JSON.stringify({ query_block: { table: { table_name: "t", ...table } } });
    expect(readPlan(block({ rows: 5 })).plan?.dialect).toBe("mariadb");
    expect(readPlan(block({ rows_examined_per_scan: 5 })).plan?.dialect).toBe("mysql");
    expect(readPlan(block({ rows: 5 }), { syntax: "mysql" }).plan?.dialect).toBe("mysql");
  });

  it("reads names in double quotes where the session writes them so", () => {
    const text = JSON.stringify({ query_block: { table: { table_name: "t", attached_condition: '("t"."a" = 1)' } } });
    const conditionIn = (reading: PlanReading) => reading.plan?.root.children[0]?.conditions[0]?.text;
    expect(conditionIn(readPlan(text, { syntax: { dialect: "mariadb", ansiQuotes: true } }))).toBe('("t"."a" = ?)');
    expect(conditionIn(readPlan(text))).toBe("(?.? = ?)");
  });
});

describe("the JSON of MariaDB, whose texts are not escaped", () => {
  const explained = (condition: string) =>
    `{\n  "query_block": {\n    "table": {\n      "table_name": "t",\n      "access_type": "ALL",\n      "rows": 1,\n      "attached_condition": "${condition}"\n    }\n  }\n}`;
  const read = (condition: string) => readPlan(explained(condition), { syntax: "mariadb" });
  const conditionOf = (condition: string) => read(condition).plan?.root.children[0]?.conditions[0]?.text;

  it.each([
    ["t.a = 'it\\'s' and t.b = 'secret'"],
    ["t.a = 'a \" quote' and t.b = 'secret'"],
    ["t.a = 'a \t tab' and t.b = 'secret'"],
  ])("%j is read", (condition) => {
    expect(conditionOf(condition)).toBe("t.a = ? and t.b = ?");
  });

  it("leaves no plan where a constant may end in two places", () => {
    // Read as JSON the first constant goes on to the second.
    expect(read("t.a = 'x\\\\' and t.b = 'secret'").reason).toBe("malformed");
    expect(conditionOf("t.a = 'x\\\\y' and t.b = 'secret'")).toBe("t.a = ? and t.b = ?");
  });
});
