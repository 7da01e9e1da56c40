// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of what is tested
import { describe, expect, it } from "vitest";
import { LoadBudget, maxDepth } from "./limits.ts";
import { nodeAt, positionAt } from "./node.ts";
import { formatPosition } from "./position.ts";
import { parseYaml } from "./yaml-text.ts";

const parse = (text: string) =>
  parseYaml({ text, locate: (line, column) => ({ source: "a", line, column }), budget: new LoadBudget() });

/** The value at `a`; faults as text where there are any. */
function readValue(text: string): unknown {
  const { root, faults } = parse(`a: ${text}\n`);
  if (faults.length > 0) return faults.map(({ message }) => message).join("; ");
  const node = nodeAt(root, ["a"]);
  return node?.kind === "scalar" ? node.value : node?.kind;
}

describe("scalars", () => {
  it.each<readonly [string, unknown]>([
    ["no", "no"],
    ["on", "on"],
    ["010", 10],
    ["0o10", 8],
    ["0x1F", 31],
    ["1_000", "1_000"],
    ["12:30", "12:30"],
    ["1e2", 100],
    [".inf", Number.POSITIVE_INFINITY],
    ["2020-01-01", "2020-01-01"],
    ["", null],
    ["~", null],
    ["NULL", null],
    ["TRUE", true],
    ["'5'", "5"],
    ["!!str 5", "5"],
    ["!!int '5'", 5],
    ["a # b", "a"],
    ["a#b", "a#b"],
    ["9007199254740991", 9_007_199_254_740_991],
  ])("%s is %j by the core schema of YAML 1.2", (text, value) => {
    expect(readValue(text)).toBe(value);
  });

  it("follow the core schema also under a directive for another version", () => {
    const { root } = parse("%YAML 1.1\n---\na: no\n");
    expect(nodeAt(root, ["a"])).toMatchObject({ value: "no" });
  });
});

describe("faults", () => {
  it.each([
    ["9007199254740993", "a whole number beyond 2^53 would lose digits: quote it"],
    ["*hunter2", "no anchor of this name stands above; quote a text that begins with *"],
    ["!hunter2 x", "the tag is not known, or its value does not fit it"],
    ["!!int x", "the tag is not known, or its value does not fit it"],
    ["!!binary aGk=", "the tag is not known, or its value does not fit it"],
    ["@hunter2", "a text cannot begin with this character: quote it"],
    ['"\\q"', "this escape is not known between double quotes: write \\\\ for a backslash, or use single quotes"],
    ["b: c", "a second key on the same line: put it on a line of its own, or quote the text that holds a :"],
    ["'x", "a character is missing: a closing quote or bracket, a comma, or the : after a key"],
    ["[1, 2", "the indentation does not fit the lines above, or a bracket above is not closed"],
    ["[${env:X}]", 'a reference between [ ] or { } must be quoted: "${env:NAME}"'],
    ["{b: ${env:X}, c: 1}", 'a reference between [ ] or { } must be quoted: "${env:NAME}"'],
    ["{'': 1}", "a key must be a text that is not empty"],
    ["{__proto__: 1}", "a key must be a text that is not empty"],
    ["{b: 1, b: 2}", 'duplicate key "b", first on line 1'],
    ["1\n---\na: 2", "a second document begins here: a source can hold only one"],
    ["1\nb\n c: 1", "a key must stand on one line: is a : or a - missing, or the indentation wrong?"],
    ["\n\tb: 1", "a tab cannot indent: use spaces"],
    ["[1]]", "this is not expected here: is a bracket, a comma or a quote too much, or the indentation wrong?"],
  ])("%j", (text, message) => {
    expect(readValue(text)).toBe(message);
  });

  it("of a bracket or quote too much is said where it is, not of all that follows", () => {
    const { faults } = parse('a: {b: "x: "y"z"}\nc: 1\nd:\n  e: 1\nf: "g"h\n');
    expect(faults.map(({ position }) => formatPosition(position))).toEqual(["a:1:13"]);
  });

  it("are all reported in one pass", () => {
    const { faults } = parse("a: *x\nb: !y z\na: 1\nc: {'': 1}\n");
    expect(faults.map(({ position, message }) => `${formatPosition(position)} ${message}`)).toEqual([
      "a:2:4 the tag is not known, or its value does not fit it",
      "a:1:4 no anchor of this name stands above; quote a text that begins with *",
      'a:3:1 duplicate key "a", first on line 1',
      "a:4:5 a key must be a text that is not empty",
    ]);
  });
});

describe("keys", () => {
  it("are the text that is written", () => {
    const { root } = parse("404: a\ntrue: b\n1e3: c\n0x1: d\n");
    expect(root?.kind === "map" ? [...root.entries.keys()] : []).toEqual(["404", "true", "1e3", "0x1"]);
  });
});

describe("anchors and aliases", () => {
  it("share values, whose position is that of the anchor", () => {
    const { root } = parse("a: &x {b: 1}\nc: *x\nd: &x 2\ne: *x\n");
    expect(nodeAt(root, ["c", "b"])).toMatchObject({ value: 1, position: { line: 1, column: 11 } });
    expect(nodeAt(root, ["e"])).toMatchObject({ value: 2 });
  });

  it("merge with <<, the map's own keys first, then the earlier of a list", () => {
    const { root, faults } = parse("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 0}\nd: {<<: *b}\n");
    expect(faults).toEqual([]);
    const values = (path: string) => {
      const node = nodeAt(root, [path]);
      if (node?.kind !== "map") return undefined;
      return Object.fromEntries(
        node.entries.entries().map(([key, { value }]) => [key, value.kind === "scalar" && value.value]),
      );
    };
    expect(values("c")).toEqual({ x: 0, y: 1, z: 2 });
    expect(values("d")).toEqual({ y: 2, z: 2 });
    expect(parse("a: {<<: [1]}").faults[0]?.message).toBe("<< takes a map, or a list of maps");
  });

  it("cannot hold themselves", () => {
    const { faults } = parse("a: &x [*x]\n");
    expect(faults[0]?.message).toBe("the alias stands inside of what it names; quote a text that begins with *");
  });

  it("cannot multiply without end", () => {
    const lines = Array.from({ length: 20 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(10)}]`);
    const { faults } = parse(`a0: &a0 x\n${lines.join("\n")}\n`);
    expect(faults.map(({ message }) => message)).toEqual(["too many values: aliases or files that multiply"]);
  });
});

describe("depth", () => {
  it(`ends at ${maxDepth} levels`, () => {
    const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
    expect(parse(nested(maxDepth)).faults).toEqual([]);
    expect(parse(nested(maxDepth + 2)).faults[0]?.message).toBe(`nested deeper than ${maxDepth} levels`);
    expect(parse("[".repeat(100_000)).faults[0]?.message).toBe("nested too deep");
  });
});

describe("positionAt", () => {
  it("is that of the value, of a map's key, and of the deepest part that exists", () => {
    const { root } = parse("a:\n  b:\n    c: 1\n  d: [x, y]\n");
    const at = (...path: readonly (string | number)[]) =>
      root === undefined ? "" : formatPosition(positionAt(root, path));
    expect(at("a")).toBe("a:1:1");
    expect(at("a", "b")).toBe("a:2:3");
    expect(at("a", "b", "c")).toBe("a:3:8");
    expect(at("a", "d", 1)).toBe("a:4:10");
    expect(at("a", "d", 7)).toBe("a:4:6");
    expect(at("a", "nope", "deeper")).toBe("a:1:1");
  });
});
