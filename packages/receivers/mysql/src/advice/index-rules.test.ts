import { expect, it } from "vitest";
import type { IndexDefinition, IndexPart } from "./index-definition.ts";
import { adviceOfFindings, IndexRules } from "./index-rules.ts";

function part(text: string): IndexPart {
  const [name = "", direction] = text.split(" ");
  const column = name.startsWith("(") ? undefined : name;
  const expression = column === undefined ? name : undefined;
  return { column, expression, length: undefined, descending: direction === "desc" };
}

function index(name: string, parts: readonly string[], options: Partial<IndexDefinition> = {}): IndexDefinition {
  const common = { schema: "shop", table: "orders", unique: false, visible: true, type: "BTREE" } as const;
  return { ...common, name, parts: parts.map(part), ...options };
}

function duplicates(indexes: readonly IndexDefinition[], key: readonly string[] = []): readonly string[] {
  const keys = key.length === 0 ? [] : [{ schema: "shop", table: "orders", columns: key }];
  return new IndexRules(indexes, keys).duplicates().map((finding) => finding.index.name);
}

it("finds indexes that another one begins with", () => {
  expect(duplicates([index("a", ["x"]), index("b", ["x", "y"])])).toEqual(["a"]);
  expect(duplicates([index("a", ["x"]), index("PRIMARY", ["x", "y"], { unique: true })])).toEqual(["a"]);
  expect(duplicates([index("a", ["(lower(x))"]), index("b", ["(lower(x))"])])).toEqual(["b"]);
});

it("drops one of several that are alike, never all", () => {
  expect(duplicates(["a", "b", "c"].map((name) => index(name, ["x"])))).toEqual(["b", "c"]);
  expect(duplicates([index("a", ["x"]), index("b", ["x"], { unique: true })])).toEqual(["a"]);
  expect(duplicates([index("a", ["x"], { visible: false }), index("b", ["x"])])).toEqual(["a"]);
  expect(duplicates(["a", "b"].map((name) => index(name, ["x"], { visible: false })))).toEqual([]);
});

it("keeps what is there for more than queries, and what answers others", () => {
  expect(duplicates([index("a", ["x"]), index("b", ["x", "y"])], ["x"])).toEqual([]);
  expect(duplicates([index("a", ["x"]), index("b", ["x"])], ["x"])).toEqual([]);
  expect(duplicates([index("a", ["x", "y"]), index("b", ["x"], { unique: true })])).toEqual([]);
  expect(duplicates([index("a", ["x desc"]), index("b", ["x"])])).toEqual([]);
  expect(duplicates([index("a", ["x"]), index("b", ["x"], { table: "other" })])).toEqual([]);
  expect(duplicates([index("a", ["x"], { type: "FULLTEXT" }), index("b", ["x"])])).toEqual([]);
  expect(duplicates([index("a", ["x"]), index("b", ["x"], { type: "FULLTEXT" })])).toEqual([]);
});

it("finds no unused index in a table of which nothing was counted", () => {
  const rules = new IndexRules([index("a", ["x"])], []);
  const usage = (total: number) => new Map([["shop\0orders", { total, writes: 0, unused: new Set(["a"]) }]]);
  expect(rules.unused(usage(0))).toEqual([]);
  expect(rules.unused(usage(3)).map((finding) => finding.index.name)).toEqual(["a"]);
});

it("quotes names in SQL, and takes out what would steer a terminal", () => {
  const odd = index("a`; DROP TABLE x", ["x"], { table: "t\u001b[31m" });
  const [finding] = new IndexRules([odd, index("b", ["x", "y"], { table: odd.table })], []).duplicates();
  expect(finding).toBeDefined();
  const [advice] = adviceOfFindings(finding === undefined ? [] : [{ ...finding, indexBytes: 1 }]);
  expect(advice?.sql).toContain("DROP INDEX `a``; DROP TABLE x`;");
  expect(JSON.stringify(advice)).not.toContain("\\u001b");
});
