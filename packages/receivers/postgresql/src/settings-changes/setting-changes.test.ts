import { expect, it } from "vitest";
import { changedSettings } from "./setting-changes.ts";
import type { Setting } from "./setting-source.ts";

function setting(name: string, value: string, other: Partial<Setting> = {}): Setting {
  return {
    ...{ name, value, database: undefined, user: undefined, redacted: false, unit: undefined },
    ...{ source: "default", pendingRestart: false, ...other },
  };
}

it("tells other values, other sources and what waits for a restart", () => {
  const before = [setting("a", "1"), setting("b", "1"), setting("c", "1"), setting("d", "1")];
  const after = [
    setting("a", "2"),
    setting("b", "1", { source: "configuration file" }),
    setting("c", "1", { pendingRestart: true }),
    setting("d", "1"),
  ];
  expect(changedSettings(before, after).map((change) => [change.before?.name, change.after?.value])).toEqual([
    ["a", "2"],
    ["b", "1"],
    ["c", "1"],
  ]);
});

it("tells what appears and vanishes only of databases and roles", () => {
  const forApp = setting("work_mem", "1MB", { database: "app" });
  const before = [setting("auto_explain.log_analyze", "off"), forApp];
  const after = [setting("pgaudit.log", "none"), setting("work_mem", "2MB", { user: "web" })];
  expect(changedSettings(before, after)).toEqual([
    { before: undefined, after: after[1] },
    { before: forApp, after: undefined },
  ]);
});
