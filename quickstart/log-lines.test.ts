import { expect, test } from "vitest";
import { LogLines } from "./log-lines.ts";

test("warnings, errors and what is no log line are shown; all lines are kept for a while", () => {
  const shown: string[] = [];
  const lines = new LogLines((line) => shown.push(line));
  lines.add("2026-01-02T03:04:05.678Z INFO  everything is ready");
  lines.add("2026-01-02T03:04:05.678Z WARN  [receiver postgresql] no statistics");
  lines.add("Error: something unforeseen");
  expect(shown).toEqual([
    "  collector: 2026-01-02T03:04:05.678Z WARN  [receiver postgresql] no statistics",
    "  collector: Error: something unforeseen",
  ]);
  expect(lines.recent.split("\n")).toHaveLength(3);
  for (let number = 0; number < 100; number++) lines.add(`2026-01-02T03:04:05.678Z INFO  ${number}`);
  expect(lines.recent.split("\n")).toHaveLength(20);
});
