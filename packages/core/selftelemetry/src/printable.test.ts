import { Secret } from "@dbintel/config";
import { DbintelError } from "@dbintel/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printable } from "./printable.ts";

describe("printable", () => {
  it("shows a secret as [REDACTED], wherever it is", () => {
    const secret = new Secret("hunter2");
    const error = new DbintelError("no", { code: "DBI_FILE", cause: { secret } });
    const shown = printable({ secret, list: [secret], map: new Map([["key", secret]]), error });
    expect(JSON.stringify(shown)).not.toContain("hunter2");
    expect(shown).toMatchObject({ secret: "[REDACTED]", list: ["[REDACTED]"], map: [["key", "[REDACTED]"]] });
  });

  it("shows a DbintelError as code, message, hint and cause, without a stack", () => {
    const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", row: "private" });
    const error = new DbintelError("no connection", { code: "DBI_DATABASE_UNREACHABLE", hint: "start it", cause });
    expect(printable(error)).toEqual({
      code: "DBI_DATABASE_UNREACHABLE",
      message: "no connection",
      hint: "start it",
      cause: { name: "Error", message: "connect ECONNREFUSED", code: "ECONNREFUSED" },
    });
  });

  it("shows the stack of a defect: an error that nobody has explained", () => {
    const stack = expect.stringContaining("printable.test.ts");
    const bug = new TypeError("x is undefined");
    const misuse = Object.assign(new TypeError("x is undefined"), { code: "ERR_INVALID_ARG_TYPE" });
    expect(printable(bug)).toMatchObject({ message: "x is undefined", stack });
    expect(printable(Object.assign(new Error("no"), { code: "ENOENT" }))).toMatchObject({ code: "ENOENT", stack });
    for (const error of [
      new DbintelError("it broke", { code: "DBI_DATABASE_QUERY", cause: bug }),
      new DbintelError("a defect", { code: "DBI_INTERNAL", cause: misuse }),
    ]) {
      expect(printable(error)).toMatchObject({ cause: { message: "x is undefined", stack } });
    }
  });

  it("leaves out what a driver hangs on its errors", () => {
    const error = Object.assign(new Error("duplicate key"), { detail: "Key (email)=(ada@example.com) exists" });
    expect(JSON.stringify(printable(error))).not.toContain("ada@example.com");
  });

  it.each([
    [12n, "12"],
    [Number.NaN, "NaN"],
    [undefined, "undefined"],
    [Buffer.from("abc"), "[3 bytes]"],
    [new Date(0), "1970-01-01T00:00:00.000Z"],
    ["x".repeat(10_000), `${"x".repeat(8192)}… (10000 characters)`],
  ])("has words for what JSON has none for: %s", (value, expected) => {
    expect(printable(value)).toBe(expected);
  });

  it("does not throw for a value that cannot be read", () => {
    const hostile = {
      get broken() {
        throw new Error("no");
      },
    };
    expect(printable(hostile)).toBe("[not printable: no]");
  });

  it("is bounded, and always JSON, whatever it is given", () => {
    const circular: Record<string, unknown> = { name: "loop" };
    circular.self = circular;
    expect(JSON.stringify(printable(circular))).toContain("[too deep]");
    expect((printable(Array.from({ length: 500 }, () => 1)) as unknown[]).length).toBe(100);
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withMap: true, withSet: true, withDate: true }), (value) => {
        expect(() => JSON.stringify(printable(value))).not.toThrow();
      }),
    );
  });
});
