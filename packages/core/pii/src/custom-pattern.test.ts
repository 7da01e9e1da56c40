import { expect, it } from "vitest";
import { type CustomPattern, customDetector, patternProblem } from "./custom-pattern.ts";
import { Scanner } from "./scanner.ts";
import { unanchored } from "./sign.ts";

function found(custom: CustomPattern, text: string): string[] {
  const bytes = Buffer.from(text);
  const scanner = new Scanner([customDetector(custom)]);
  const findings = scanner.find(bytes).map(({ start, end }) => bytes.toString("utf8", start, end));
  if (findings.length > 0) expect(scanner.mayHold(Buffer.from(`\x0a\x41${text}\x32`))).toBe(true);
  return findings;
}

it("finds what a pattern of one's own matches, or its group", () => {
  expect(found({ name: "badge", pattern: "\\bEMP-[0-9]{6}\\b" }, "by EMP-123456, XEMP-123456")).toEqual(["EMP-123456"]);
  expect(found({ name: "badge", pattern: "badge (?P<value>[0-9]+)" }, "badge 77")).toEqual(["77"]);
  expect(found({ name: "badge", pattern: "^[A-Z]{2}[0-9]{4}$" }, "AB1234")).toEqual(["AB1234"]);
});

it("asks for a checksum and for context", () => {
  const custom = { name: "member", pattern: "[0-9]{10}", checksum: "luhn", context: ["member no"] } as const;
  expect(found(custom, "member-no 7992739871 3")).toEqual([]);
  expect(found(custom, "member no 1234567897 and then 1234567890")).toEqual(["1234567897"]);
  expect(found(custom, "order 1234567897")).toEqual([]);
});

it.each([
  ["a(?=b)", "invalid perl operator: (?="],
  ["(a)\\1", "invalid escape sequence: \\1"],
  ["a(b", "missing ): a(b"],
  ["a*", "the pattern matches the empty text"],
  ["a".repeat(1025), "the pattern is longer than 1024 characters"],
])("says what is wrong with %s", (pattern, problem) => {
  expect(patternProblem(pattern)).toContain(problem);
});

it("takes anchors off, and nothing else", () => {
  expect(unanchored("^\\bA[$^b\\b]\\$\\\\b[]^]x$\\z")).toBe("A[$^b\\b]\\$\\\\b[]^]x");
  expect(unanchored("\\Qa.b\\E$")).toBe("");
});
