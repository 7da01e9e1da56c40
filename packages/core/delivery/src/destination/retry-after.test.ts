import { describe, expect, it } from "vitest";
import { parseRetryAfter } from "./retry-after.ts";

// Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110's examples.
const now = 784_111_777_000_000_000n;

describe("parseRetryAfter", () => {
  it.each([
    ["0", 0],
    ["120", 120_000],
    [" 7 ", 7000],
    ["Sun, 06 Nov 1994 08:50:07 GMT", 30_000],
    ["Sunday, 06-Nov-94 08:50:07 GMT", 30_000],
  ])("reads %j", (header, milliseconds) => {
    expect(parseRetryAfter(header, now)).toBe(milliseconds);
  });

  it("takes a date in the past as now", () => {
    expect(parseRetryAfter("Sun, 06 Nov 1994 08:00:00 GMT", now)).toBe(0);
  });

  it.each(["99999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])("waits no longer than an hour for %j", (header) => {
    expect(parseRetryAfter(header, now)).toBe(3_600_000);
  });

  it.each([undefined, "", "soon", "-1", "1.5", "1e3", "Sun, 99 Foo 1994"])("ignores %j", (header) => {
    expect(parseRetryAfter(header, now)).toBeUndefined();
  });
});
