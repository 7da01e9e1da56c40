import { expect, it } from "vitest";
import { formatPlan } from "./format-plan.ts";
import { readPlan } from "./reading.ts";

it("writes a tree as text", () => {
  const { plan } = readPlan(
    JSON.stringify({
      Plan: {
        "Node Type": "Hash Join",
        "Join Type": "Left",
        "Total Cost": 458.61,
        "Plan Rows": 20000,
        "Hash Cond": "(o.customer_id = c.id)",
        Plans: [
          {
            "Node Type": "Seq Scan",
            "Parent Relationship": "Outer",
            "Relation Name": "orders",
            Alias: "o",
            Filter: "(o.total > '50'::numeric)",
            "Actual Rows": 9800,
            "Actual Loops": 1,
            "Actual Total Time": 4.0694,
            "Rows Removed by Filter": 10200,
          },
          {
            "Node Type": "Hash",
            "Parent Relationship": "Inner",
            "Hash Batches": 4,
            Plans: [
              {
                "Node Type": "Index Scan",
                "Relation Name": "customer",
                Alias: "c",
                "Index Name": "customer_pkey",
                "Index Cond": "(c.id < 10)",
                "Actual Rows": 0,
                "Actual Loops": 0,
              },
            ],
          },
        ],
      },
    }),
  );
  expect(plan && formatPlan(plan)).toBe(`Hash Join Left (cost=458.61 rows=20000)
     join condition: (o.customer_id = c.id)
  -> Seq Scan on orders o (actual rows=9800 loops=1 ms=4.069)
          filter: (o.total > ?::numeric)
          rows removed by filter=10200
  -> Hash
          batches=4
       -> Index Scan using customer_pkey on customer c (never executed)
               index condition: (c.id < ?)`);
});
