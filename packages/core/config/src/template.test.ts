// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what this file is about
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTemplate, type Segment } from "./template.ts";

const text = (value: string): Segment => ({ kind: "text", text: value });
const reference = (source: string, ...body: readonly Segment[]): Segment => ({ kind: "reference", body, source });

describe("parseTemplate", () => {
  it.each<readonly [string, readonly Segment[]]>([
    ["", []],
    ["plain", [text("plain")]],
    ["${env:A}", [reference("${env:A}", text("env:A"))]],
    ["a${A}b", [text("a"), reference("${A}", text("A")), text("b")]],
    ["${A}${B}", [reference("${A}", text("A")), reference("${B}", text("B"))]],
    ["${env:${env:A}}", [reference("${env:${env:A}}", text("env:"), reference("${env:A}", text("env:A")))]],
    ["$$", [text("$")]],
    ["$${A}", [text("${A}")]],
    ["$$${A}", [text("$"), reference("${A}", text("A"))]],
    ["^a$", [text("^a$")]],
    ["$A $1 }", [text("$A $1 }")]],
    ["${A:-{x}}", [reference("${A:-{x}", text("A:-{x")), text("}")]],
  ])("splits %j", (input, segments) => {
    expect(parseTemplate(input).segments).toEqual(segments);
  });

  it("refuses a reference without an end", () => {
    expect(parseTemplate("a ${env:A").fault).toEqual({
      message: "${ has no closing }",
      hint: "close it, or write $${ for a literal ${",
    });
  });

  it("refuses references that are nested without end", () => {
    expect(parseTemplate("${".repeat(100_000)).fault?.message).toBe("references are nested too deep");
  });

  it("gives back any text that is written with $ doubled", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("$", "{", "}", "a", ":", "-") }), (value) => {
        const { segments } = parseTemplate(value.replaceAll("$", "$$$$"));
        expect(segments).toEqual(value === "" ? [] : [text(value)]);
      }),
    );
  });
});
