import { expect, it } from "vitest";
import { redactedError } from "./error-text.ts";

it.each([
  [
    "Error 'Duplicate entry 'it's hunter2' for key 't.PRIMARY'' on query. Default database: 'app'. Query: 'INSERT INTO t VALUES ('hunter2')'",
    "Error ?",
  ],
  [
    "Could not execute Write_rows event on table app.t; Duplicate entry 'hunter2' for key 't.PRIMARY', Error_code: 1062; handler error HA_ERR_FOUND_DUPP_KEY",
    "Could not execute Write_rows event on table app.t; Duplicate entry ?, Error_code: 1062; handler error HA_ERR_FOUND_DUPP_KEY",
  ],
  ["error connecting to master - retry-time: 60", "error connecting to master - retry-time: 60"],
  ['one " quote of hunter2', "one ? quote of hunter2"],
  ["steers \u001b[2J a terminal", "steers \ufffd[2J a terminal"],
])("takes all that is quoted from %j", (text, redacted) => {
  expect(redactedError(text)).toBe(redacted);
});

it("is bounded", () => {
  expect(redactedError("x".repeat(10_000))).toHaveLength(500);
});
