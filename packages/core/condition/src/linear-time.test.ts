import { expect, it } from "vitest";
import { logRecord } from "../test/items.ts";
import { compileCondition } from "./condition.ts";

// A backtracking engine needs 2^n steps for these: 40 letters would outlast the test's timeout by years.
it.each(["^(a+)+$", "^(a|a)*$", "(a*)*b", "^(a|aa)+$"])("%s fails on a long text in no time", (pattern) => {
  const condition = compileCondition(`body.matches("${pattern}") || severity_text.matches("${pattern}")`, "log");
  const text = `${"a".repeat(100_000)}!`;
  expect(condition.matches(logRecord({ body: text, severityText: text }))).toBe(false);
});

it("visits each part once, however deep conditions stand in conditions", () => {
  // Were a test evaluated once for true and once for false, 24 levels would make 2^24 evaluations.
  let expression = 'body == "x"';
  for (let depth = 0; depth < 24; depth++) expression = `(${expression} ? body == "y" : body == "z") == false`;
  const condition = compileCondition(expression, "log");
  const record = logRecord({ body: "x" });
  for (let round = 0; round < 1000; round++) condition.matches(record);
  expect(condition.matches(record)).toBe(true);
});
