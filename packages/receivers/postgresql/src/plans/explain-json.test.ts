import { readPlan } from "@dbintel/plans";
import { expect, it } from "vitest";
import { explainJson } from "./explain-json.ts";

const secret = "planted-secret";

/** Operations of every kind, with members that must not leave and some that nobody knows. */
const document = [
  {
    Plan: {
      "Node Type": "ModifyTable",
      Operation: "Update",
      "Relation Name": "orders",
      Schema: "sales",
      Alias: "o",
      "Startup Cost": 1.5,
      "Total Cost": 99.25,
      "Plan Rows": 10,
      "Plan Width": 8,
      Output: [`'${secret}'`],
      "One-Time Filter": `('${secret}' = $1)`,
      Plans: [
        {
          "Node Type": "Seq Scan",
          "Parent Relationship": "InitPlan",
          "Subplan Name": "CTE recent",
          "Relation Name": "events",
          Filter: `(kind = '${secret}'::text)`,
        },
        {
          "Node Type": "CTE Scan",
          "Parent Relationship": "SubPlan",
          "Subplan Name": "SubPlan 2",
          "CTE Name": "recent",
        },
        {
          "Node Type": "Merge Join",
          "Parent Relationship": "Outer",
          "Join Type": "Left",
          "Merge Cond": "(a.id = b.id)",
          "Join Filter": `(a.note <> '${secret}')`,
          Plans: [
            {
              "Node Type": "Gather Merge",
              "Parent Relationship": "Outer",
              "Workers Planned": 2,
              Plans: [
                {
                  "Node Type": "Aggregate",
                  Strategy: "Sorted",
                  "Partial Mode": "Partial",
                  "Parent Relationship": "Outer",
                  "Group Key": ["a.id", `(a.kind || '${secret}')`],
                  "Sort Key": ["a.id DESC"],
                  Filter: ["(count(*) > 4711)", `(max(a.x) < '${secret}')`],
                },
              ],
            },
            {
              "Node Type": "Append",
              "Parent Relationship": "Inner",
              Plans: [
                {
                  "Node Type": "Bitmap Heap Scan",
                  "Parent Relationship": "Member",
                  "Relation Name": "b",
                  "Recheck Cond": "(id = 4711)",
                  Plans: [
                    {
                      "Node Type": "Bitmap Index Scan",
                      "Parent Relationship": "Outer",
                      "Index Name": "b_id",
                      "Index Cond": "(id = 4711)",
                    },
                  ],
                },
                { "Node Type": "SetOp", Command: "Except All", "Parent Relationship": "Member" },
                {
                  "Node Type": "Function Scan",
                  "Function Name": "unnest",
                  "Function Call": `unnest('{${secret}}')`,
                  "Parent Relationship": "Member",
                },
                {
                  "Node Type": "Foreign Scan",
                  "Relation Name": "far",
                  "Remote SQL": `SELECT 1 FROM far WHERE x = '${secret}'`,
                  "Parent Relationship": "Member",
                },
              ],
            },
          ],
        },
      ],
    },
    "Query Text": `UPDATE orders SET x = '${secret}'`,
    Settings: { work_mem: secret },
  },
];

it("writes a plan that reads the same, without a constant", () => {
  const { plan } = readPlan(JSON.stringify(document));
  const written = plan === undefined ? "" : explainJson(plan);
  expect(readPlan(written).plan?.root).toEqual(plan?.root);
  expect(written).toContain('"Index Name":"b_id"');
  expect(written).not.toContain(secret);
  expect(written).not.toContain("4711");
});
