import { logsBuilder } from "@dbintel/pdata";
import { expect, test } from "vitest";
import { PlanChanges } from "./plan-changes.ts";

function event(eventName: string, difference: string | undefined) {
  return logsBuilder()
    .resource({ attributes: {} })
    .scope({ name: "test" })
    .record({
      eventName,
      attributes: { "db.query.text": "SELECT id\n FROM customers", "db.query.plan.difference": difference },
    })
    .build();
}

test("a change of plan is told with its difference, once", () => {
  const changes = new PlanChanges();
  changes.addLogs(event("db.plan.change", "customers: Seq Scan became Index Scan\n  uses customers_email"));
  changes.addLogs(event("db.plan.change", undefined));
  changes.addLogs(event("db.server.top_query", "no change"));
  expect(changes.take()).toEqual([
    "another plan: SELECT id FROM customers\n      customers: Seq Scan became Index Scan\n      uses customers_email",
  ]);
  expect(changes.take()).toEqual([]);
});
