import { expect, it } from "vitest";
import { argumentError, kindOf } from "./index.ts";

it.each([
  [undefined, "undefined"],
  [null, "null"],
  [7, "a number"],
  ["select 'jane'", "a string"],
  [["jane"], "an array"],
  [{ name: "jane" }, "an object"],
  [Buffer.from("jane"), "bytes"],
  [new ArrayBuffer(4), "an ArrayBuffer"],
])("tells what %o is, and nothing of what is in it", (given, kind) => {
  expect(kindOf(given)).toBe(kind);
});

it("says what belongs in the place of an argument, and what to do", () => {
  const error = argumentError({ expected: "a plan", given: undefined, hint: "give the `plan` of a reading" });
  expect(error).toMatchObject({
    code: "DBI_ARGUMENT",
    message: "expected a plan, found undefined",
    hint: "give the `plan` of a reading",
    retryable: false,
  });
});
