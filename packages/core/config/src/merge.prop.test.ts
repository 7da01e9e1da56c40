import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeMaps } from "./merge.ts";
import type { ConfigNode, MapNode } from "./node.ts";

const position = { source: "a", line: 1, column: 1 };
type Plain = string | number | null | readonly Plain[] | { readonly [key: string]: Plain };

function toNode(value: Plain): ConfigNode {
  if (typeof value !== "object" || value === null) return { kind: "scalar", value, position };
  if (Array.isArray(value)) return { kind: "list", items: value.map(toNode), position };
  return toMap(value as { readonly [key: string]: Plain });
}

function toMap(value: { readonly [key: string]: Plain }): MapNode {
  const entries = Object.entries(value).map(([key, each]) => [key, { key: position, value: toNode(each) }] as const);
  return { kind: "map", entries: new Map(entries), position };
}

function toPlain(node: ConfigNode): Plain {
  if (node.kind === "scalar") return typeof node.value === "boolean" ? null : node.value;
  if (node.kind === "list") return node.items.map(toPlain);
  if (node.kind === "broken") return null;
  return Object.fromEntries(node.entries.entries().map(([key, { value }]) => [key, toPlain(value)]));
}

const merge = (...maps: readonly MapNode[]) => maps.reduce((base, overlay) => mergeMaps(base, overlay, () => {}));

const leaf = fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.array(fc.integer(), { maxLength: 3 }));
const key = fc.constantFrom("a", "b", "c");
/** Maps of three levels, whose values are leaves at the last only: no map is ever replaced by another value. */
const regular = fc.dictionary(key, fc.dictionary(key, fc.dictionary(key, leaf)), { noNullPrototype: true });
const { any } = fc.letrec<{ any: Plain; map: { readonly [key: string]: Plain } }>((tie) => ({
  any: fc.oneof({ depthSize: "small" }, leaf, tie("map"), fc.array(tie("any"), { maxLength: 2 })),
  map: fc.dictionary(key, tie("any"), { noNullPrototype: true }),
}));
const irregular = fc.dictionary(key, any, { noNullPrototype: true });

describe("mergeMaps", () => {
  it("is associative on maps", () => {
    fc.assert(
      fc.property(regular, regular, regular, (a, b, c) => {
        const [x, y, z] = [toMap(a), toMap(b), toMap(c)];
        expect(toPlain(merge(merge(x, y), z))).toEqual(toPlain(merge(x, merge(y, z))));
      }),
    );
  });

  it("has the empty map as its neutral element and gives back what it merges with itself", () => {
    fc.assert(
      fc.property(irregular, (a) => {
        const map = toMap(a);
        for (const merged of [merge(map, toMap({})), merge(toMap({}), map), merge(map, map)]) {
          expect(toPlain(merged)).toEqual(a);
        }
      }),
    );
  });

  it("lets the later source win: merging it again changes nothing, and its every leaf is in the result", () => {
    const contains = (whole: Plain | undefined, part: Plain): boolean => {
      if (typeof part !== "object" || part === null || Array.isArray(part)) {
        return JSON.stringify(whole) === JSON.stringify(part);
      }
      const map = whole as { readonly [key: string]: Plain };
      return Object.entries(part).every(([name, value]) => contains(map[name], value));
    };
    fc.assert(
      fc.property(irregular, irregular, (a, b) => {
        const merged = merge(toMap(a), toMap(b));
        expect(toPlain(merge(merged, toMap(b)))).toEqual(toPlain(merged));
        expect(contains(toPlain(merged), b)).toBe(true);
      }),
    );
  });

  it("keeps what the later source does not name", () => {
    fc.assert(
      fc.property(irregular, irregular, (a, b) => {
        const merged = toPlain(merge(toMap(a), toMap(b))) as { readonly [key: string]: Plain };
        for (const [name, value] of Object.entries(a)) if (!(name in b)) expect(merged[name]).toEqual(value);
      }),
    );
  });
});
