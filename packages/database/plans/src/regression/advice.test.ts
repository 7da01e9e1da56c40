import { expect, it } from "vitest";
import type { Plan } from "../plan.ts";
import { readPlan } from "../reading.ts";
import { regressionAdvice } from "./advice.ts";

function scan(node: Readonly<Record<string, unknown>>): Plan {
  const { plan, message } = readPlan(
    JSON.stringify([{ Plan: { "Relation Name": "orders", Alias: "orders", ...node } }]),
  );
  if (plan === undefined) throw new Error(message);
  return plan;
}

const indexed = scan({ "Node Type": "Index Scan", "Index Name": "orders_customer", "Index Cond": "(customer_id = 7)" });
const sequential = scan({ "Node Type": "Seq Scan", "Plan Rows": 500_000, Filter: "(customer_id = 7)" });

it("names the index that is gone, what is wrong now, and then what else to look at", () => {
  expect(regressionAdvice({ cause: "plan_change", before: indexed, after: sequential })).toEqual([
    "Check that the index orders_customer of orders still exists and is valid.",
    "Add an index on the columns of the filter, or check why an existing one is not used.",
    expect.stringContaining("ANALYZE"),
  ]);
});

it("does not repeat what was wrong before", () => {
  expect(regressionAdvice({ cause: "unknown", before: sequential, after: sequential })).toEqual([]);
});

it("advises by the cause alone where plans are not known", () => {
  expect(regressionAdvice({ cause: "cache", before: undefined, after: sequential })).toEqual([
    expect.stringContaining("outside the cache"),
  ]);
});
