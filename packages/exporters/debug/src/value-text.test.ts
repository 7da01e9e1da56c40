import { describe, expect, it } from "vitest";
import { plain, timeText, valueText } from "./value-text.ts";

describe("valueText", () => {
  it.each([
    [null, "(empty)"],
    ["bare", "bare"],
    ["", '""'],
    ["two words", '"two words"'],
    [true, "true"],
    [9_223_372_036_854_775_807n, "9223372036854775807"],
    [2, "2.0"],
    [0.5, "0.5"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "-Infinity"],
    [Uint8Array.of(0, 255), "0x00ff"],
    [[1n, "a b", []], '[1, "a b", []]'],
    [new Map<string, bigint | string>([["k", 1n]]), "{k=1}"],
  ] as const)("prints %s", (value, text) => {
    expect(valueText(value)).toBe(text);
  });

  it("shows the beginning of long bytes", () => {
    expect(valueText(new Uint8Array(40))).toBe(`0x${"00".repeat(32)}… (40 bytes)`);
  });
});

describe("plain", () => {
  it("leaves nothing that a terminal obeys", () => {
    expect(plain("a\nb\tc\u001b[31m\u009b\u202e")).toBe("a\\nb\\tc\\u001b[31m\\u009b\\u202e");
  });
});

describe("timeText", () => {
  it("keeps every nanosecond", () => {
    expect(timeText(1_700_000_000_123_456_789n)).toBe("2023-11-14T22:13:20.123456789Z");
    expect(timeText(0n)).toBe("-");
    expect(timeText(18_446_744_073_709_551_615n)).toBe("2554-07-21T23:34:33.709551615Z");
  });
});
