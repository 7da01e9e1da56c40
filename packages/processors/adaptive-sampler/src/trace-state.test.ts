import { describe, expect, it } from "vitest";
import { none } from "./sampling/candidates.ts";
import { randomnessOf, readTraceState, writeThreshold } from "./trace-state.ts";

const range = 2 ** 48;

describe("trace state", () => {
  it("takes the randomness of a trace from the last 56 bits of its id", () => {
    expect(randomnessOf("0af7651916cd43dd8480000000000000")).toBe(range / 2);
    expect(randomnessOf("ffffffffffffffffff00000000000000")).toBe(0);
    expect(randomnessOf("0af7651916cd43dd84ffffffffffffff")).toBe(range - 1);
    expect(["", "0af7", `${"0".repeat(31)}g`].map(randomnessOf)).toEqual([none, none, none]);
  });

  it.each<[string, number, number]>([
    ["ot=th:8", range / 2, none],
    ["ot=th:0", 0, none],
    // 1 %, as the specification has it.
    ["ot=th:fd70a4", 0xfd70a4 * 2 ** 24, none],
    ["ot=rv:80000000000000;th:c", 0.75 * range, range / 2],
    ["vendor=1, ot=th:8;x:y ,w=2", range / 2, none],
    ["ot=th:80000000000001", range / 2 + 1, none],
    ["ot=th:xyz", none, none],
    ["ot=rv:8", none, none],
    ["noot=th:8", none, none],
    ["", none, none],
  ])("reads %j", (text, threshold, randomness) => {
    expect(readTraceState(text)).toEqual({ threshold, randomness });
  });

  it.each<[string, number | undefined, string]>([
    ["", range / 2, "ot=th:8"],
    ["a=1,ot=rv:80000000000000;th:4,b=2", range / 2, "ot=th:8;rv:80000000000000,a=1,b=2"],
    ["a=1", 0xfd70a4 * 2 ** 24, "ot=th:fd70a4,a=1"],
    ["ot=th:8", 0, "ot=th:0"],
    ["ot=th:8,a=1", undefined, "a=1"],
    ["ot=th:8;rv:80000000000000", undefined, "ot=rv:80000000000000"],
  ])("writes into %j a threshold of %s", (text, threshold, expected) => {
    expect(writeThreshold(text, threshold)).toBe(expected);
  });

  it("reads what it wrote", () => {
    for (const threshold of [1, 0xabc, 0x123456789abc, range - 1]) {
      expect(readTraceState(writeThreshold("", threshold)).threshold).toBe(threshold);
    }
  });
});
