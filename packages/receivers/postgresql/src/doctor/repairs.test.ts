import { expect, it } from "vitest";
import { explainFunction } from "./explain-function.ts";
import { enter, preloadRepair, repairIn, settingRepair } from "./repairs.ts";

it("sets a setting where its platform has it, and says when a restart is needed", () => {
  const setting = { name: "track_io_timing", value: "on" };
  expect(settingRepair({ platform: "self_managed", ...setting, restart: false })).toEqual({
    sql: ["ALTER SYSTEM SET track_io_timing = on;", "SELECT pg_reload_conf();"],
  });
  expect(settingRepair({ platform: "rds", ...setting, restart: true })).toEqual({
    sql: ["-- In the DB parameter group of the instance set: track_io_timing = on"],
    afterwards: "restart the server",
  });
  expect(preloadRepair("azure", "pg_stat_statements").sql).toEqual([
    "-- In the server parameters of the instance add pg_stat_statements to: shared_preload_libraries",
  ]);
});

it.each([
  ["shop", "\\connect shop"],
  ["My Shop", '\\connect "My Shop"'],
  ['so "quoted"', '\\connect "so ""quoted"""'],
  ["two\nlines", undefined],
  ["\u001b[2J", undefined],
  ["dbname=postgres", undefined],
  ["postgresql://elsewhere", undefined],
])("enters %j by %j", (database, line) => {
  expect(enter(database)).toBe(line);
  expect(repairIn(database, ["SELECT 1;"])).toEqual(line && { enter: line, sql: ["SELECT 1;"] });
});

it("gives the function away as somebody who is no superuser only where that is who runs it", () => {
  const own = explainFunction("Otel 1", "self_managed").join("\n");
  const managed = explainFunction("Otel 1", "rds").join("\n");
  expect(own).not.toContain("CURRENT_USER");
  expect(managed).toContain("GRANT dbintel_planner TO CURRENT_USER;");
  for (const sql of [own, managed]) expect(sql).toContain('TO "Otel 1";');
});
