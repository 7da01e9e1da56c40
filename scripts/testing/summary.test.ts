import { expect, test } from "vitest";
import { closingLine, nothing, sum, unexpectedSkips } from "./summary.ts";

const required = ["PostgreSQL 18"];
const without18 = { ...nothing, passed: 1, skipped: 2, servers: [{ server: "PostgreSQL 18", tests: 2 }] };

test("summaries add up to one closing line", () => {
  expect(closingLine(sum([without18, { ...nothing, passed: 3, failed: 1 }]))).toBe("4 passed, 1 failed, 2 skipped");
});

test("a skip that names no server is unexpected everywhere", () => {
  expect(unexpectedSkips({ ...nothing, skipped: 1 }, { ci: false, required })).toHaveLength(1);
});

test("a missing required server is unexpected in CI only", () => {
  expect(unexpectedSkips(without18, { ci: false, required })).toEqual([]);
  expect(unexpectedSkips(without18, { ci: true, required })).toEqual([
    "2 tests need PostgreSQL 18, which a CI must have",
  ]);
});
