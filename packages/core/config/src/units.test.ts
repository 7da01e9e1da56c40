import { describe, expect, it } from "vitest";
import { age, byteSize, duration, parseByteSize, parseDuration } from "./units.ts";

describe("parseDuration", () => {
  it.each([
    ["300ms", 300],
    ["1.5h", 5_400_000],
    ["2h45m", 9_900_000],
    ["1m30s", 90_000],
    ["250us", 0.25],
    ["0", 0],
  ])("reads %s", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(["10", "", "s", "-1s", "1 s", "1d"])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe("parseByteSize", () => {
  it.each([
    ["4096", 4096],
    ["512KiB", 524_288],
    ["20MiB", 20_971_520],
    ["1MB", 1_000_000],
    ["1.5 GiB", 1_610_612_736],
  ])("reads %s", (text, bytes) => {
    expect(parseByteSize(text)).toBe(bytes);
  });

  it.each(["-1", "10 TB", "MiB", ""])("refuses %j", (text) => {
    expect(parseByteSize(text)).toBeUndefined();
  });
});

describe("schemas", () => {
  it("says what a duration looks like when the unit is missing", () => {
    expect(duration().safeParse(10).error?.issues[0]?.message).toBe(
      'expected a duration with a unit, such as "10s", "500ms" or "1h30m"',
    );
  });

  it("limits what a timer waits for, and no age", () => {
    expect(duration().parse("596h")).toBe(2_145_600_000);
    expect(duration().safeParse("597h").error?.issues[0]?.message).toBe("must be at most 596h");
    expect(duration().safeParse(`${"9".repeat(400)}h`).success).toBe(false);
    expect(age().parse("8760h")).toBe(31_536_000_000);
  });

  it("takes a size as a number or as a text", () => {
    expect(byteSize().parse(7)).toBe(7);
    expect(byteSize().parse("7KiB")).toBe(7168);
  });
});
