import { describe, expect, it } from "vitest";
import { DbintelError, isConsumeError, PartialError, PermanentError, RefusedError, toConsumeError } from "./index.ts";

describe("toConsumeError", () => {
  it.each([
    new PermanentError("no"),
    new RefusedError("full", { delayMs: 5 }),
    new PartialError("two were too old", { rejected: 2 }),
  ])("passes a typed error on as it is: $name", (error) => {
    expect(toConsumeError(error)).toBe(error);
  });

  it("keeps code, hint and retryability of a DbintelError", () => {
    const full = new DbintelError("disk full", { code: "DBI_FILE", hint: "free some space", retryable: true });
    expect(toConsumeError(full)).toMatchObject({
      kind: "retryable",
      code: "DBI_FILE",
      message: "disk full",
      hint: "free some space",
      cause: full,
    });
    expect(toConsumeError(new DbintelError("bad", { code: "DBI_FILE" })).kind).toBe("permanent");
  });

  it.each([
    [AbortSignal.abort().reason, "DBI_ABORTED"],
    [new DOMException("too late", "TimeoutError"), "DBI_TIMEOUT"],
  ])("takes the reason of an aborted signal as no judgement of the data", (reason, code) => {
    expect(toConsumeError(reason)).toMatchObject({ kind: "retryable", code, cause: reason });
  });

  it.each([new TypeError("x is undefined"), "a string", undefined, null])("takes %s as a defect", (reason) => {
    expect(toConsumeError(reason)).toMatchObject({ kind: "permanent", code: "DBI_INTERNAL" });
  });
});

describe("isConsumeError", () => {
  it("knows the four kinds, and an error of another copy of the package by its brand", () => {
    const foreign = Object.assign(new Error("full"), { [Symbol.for("dbintel.error")]: true, kind: "refused" });
    expect(isConsumeError(new PermanentError("no"))).toBe(true);
    expect(isConsumeError(foreign)).toBe(true);
    expect(isConsumeError(new DbintelError("no kind", { code: "DBI_FILE" }))).toBe(false);
    expect(isConsumeError(new Error("plain"))).toBe(false);
  });
});
