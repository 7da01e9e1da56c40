import { expect, it } from "vitest";
import { bounded, printable } from "./bounded-text.ts";

it("cuts between characters", () => {
  expect(bounded("short", 5)).toBe("short");
  expect(bounded("aéé", 4)).toBe("aé");
  expect(bounded("a😀b", 4)).toBe("a");
  expect(Buffer.byteLength(bounded("€".repeat(10_000), 1000))).toBe(999);
});

it("shows what would steer a terminal or turn the text", () => {
  expect(printable("Zürich, 東京 😀")).toBe("Zürich, 東京 😀");
  expect(printable("\u001b[31mred\u0000\u009b")).toBe("\ufffd[31mred\ufffd\ufffd");
  expect(printable("pay \u202eeurt\u2066")).toBe("pay \ufffdeurt\ufffd");
});
