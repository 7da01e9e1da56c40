import { createTestHost } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { KnownScans, scansRememberedMs } from "./known-scans.ts";

const statement = { database: "shop", queryId: "7", userId: 10, role: "app", query: "SELECT", meanMs: 5 };

function plan(...scans: readonly Record<string, unknown>[]): string {
  const children = scans.map((scan) => ({ "Node Type": "Seq Scan", ...scan }));
  return JSON.stringify([{ Plan: { "Node Type": "Append", "Plan Rows": 1, Plans: children } }]);
}

it("knows by the last plan what a statement reads, and when that has changed", () => {
  const scans = new KnownScans(createTestHost().clock);
  const scan = { "Relation Name": "orders", "Plan Rows": 20, Filter: "((customer = 7) AND (state = 'open'::text))" };
  scans.learn({ ...statement, plan: plan(scan, { "Relation Name": "few", "Plan Rows": 3 }) });
  expect(scans.of("shop")).toEqual([
    {
      ...statement,
      scans: [
        { schema: undefined, relation: "orders", conditions: ["customer = ?", "state = ?"], rows: 20 },
        { schema: undefined, relation: "few", conditions: [], rows: 3 },
      ],
    },
  ]);
  expect(scans.of("crm")).toEqual([]);
  expect(scans.changes("shop")).toBe(1);
  scans.learn({ ...statement, meanMs: 9, plan: plan(scan, { "Relation Name": "few", "Plan Rows": 3 }) });
  expect(scans.changes("shop")).toBe(1);
  scans.learn({ ...statement, plan: "no plan" });
  scans.learn({ ...statement, plan: plan() });
  expect(scans.of("shop")).toEqual([{ ...statement, scans: [] }]);
  expect(scans.changes("shop")).toBe(2);
});

it("counts the rows of all processes that share a scan", () => {
  const scans = new KnownScans(createTestHost().clock);
  const scan = { "Node Type": "Seq Scan", "Relation Name": "orders", "Plan Rows": 100 };
  const shared = { "Node Type": "Gather", "Workers Planned": 2, "Plan Rows": 240, Plans: [scan] };
  scans.learn({ ...statement, plan: JSON.stringify([{ Plan: shared }]) });
  expect(scans.of("shop")[0]?.scans[0]?.rows).toBe(240);
});

it("forgets what has not been seen for a day", async () => {
  const { clock } = createTestHost();
  const scans = new KnownScans(clock);
  scans.learn({ ...statement, plan: plan({ "Relation Name": "orders", "Plan Rows": 100 }) });
  await clock.advance(scansRememberedMs - 10);
  expect(scans.of("shop")).toHaveLength(1);
  await clock.advance(20);
  expect(scans.of("shop")).toEqual([]);
});
