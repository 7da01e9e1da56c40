import { type AnyValue, type Attributes, logsBuilder } from "@dbintel/pdata";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { compileActions } from "./actions.ts";
import { actionSchema } from "./config.ts";

type Given = Readonly<Record<string, AnyValue>>;

/** What is left of `given` after the actions, in order. */
function after(given: Given, ...actions: readonly z.input<typeof actionSchema>[]): Record<string, AnyValue> {
  const record = logsBuilder()
    .resource({ attributes: {} })
    .scope({ name: "t" })
    .record({ attributes: given })
    .build()
    .records();
  record.advance();
  const attributes: Attributes = record.attributes;
  compileActions(actions.map((action) => actionSchema.parse(action)))(attributes);
  return Object.fromEntries(attributes.entries());
}

describe("insert, update, upsert", () => {
  it.each([
    ["insert", {}, { k: "new" }],
    ["insert", { k: "old" }, { k: "old" }],
    ["update", {}, {}],
    ["update", { k: "old" }, { k: "new" }],
    ["upsert", {}, { k: "new" }],
    ["upsert", { k: "old" }, { k: "new" }],
  ] as const)("%s on %o gives %o", (action, given, expected) => {
    expect(after(given, { key: "k", action, value: "new" })).toEqual(expected);
  });

  it("copies another attribute with its type, and nothing when that is absent", () => {
    expect(after({ from: 7n }, { key: "k", action: "insert", from_attribute: "from" })).toEqual({ from: 7n, k: 7n });
    expect(after({ k: 1n }, { key: "k", action: "upsert", from_attribute: "from" })).toEqual({ k: 1n });
    expect(after({ k: 1n, from: [true] }, { key: "k", action: "update", from_attribute: "from" })).toEqual({
      k: [true],
      from: [true],
    });
  });

  it.each<[string | boolean | number | (string | boolean | number)[], AnyValue]>([
    ["a", "a"],
    [true, true],
    [7, 7n],
    [-0.5, -0.5],
    [
      ["a", 1, 1.5, false],
      ["a", 1n, 1.5, false],
    ],
  ])("writes %o as %o", (value, expected) => {
    expect(after({}, { key: "k", action: "upsert", value })).toEqual({ k: expected });
  });
});

describe("delete", () => {
  it("removes a name, and all names that a pattern is found in", () => {
    const given = { a: 1n, "db.query.text": "x", "db.query.plan": "y", z: 2n };
    expect(after(given, { key: "a", action: "delete" })).toEqual({ "db.query.text": "x", "db.query.plan": "y", z: 2n });
    expect(after(given, { action: "delete", pattern: "^db\\.query\\." })).toEqual({ a: 1n, z: 2n });
    expect(after(given, { key: "z", action: "delete", pattern: "text" })).toEqual({ a: 1n, "db.query.plan": "y" });
    expect(after(given, { key: "absent", action: "delete" })).toEqual(given);
  });
});

describe("hash", () => {
  // sha256sum of the bytes: printf abc, printf '\x01', and eight bytes in little endian.
  it.each<[AnyValue, string]>([
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    [true, "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"],
    [false, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"],
    [1n, "7c9fa136d4413fa6173637e883b6998d32e1d675f88cddff9dcbcf331820f4b8"],
    [Uint8Array.of(97, 98, 99), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [[1n], ""],
    [null, ""],
    [new Map<string, AnyValue>([["a", 1n]]), ""],
  ])("of %o is %s", (value, digest) => {
    expect(after({ k: value }, { key: "k", action: "hash" })).toEqual({ k: digest });
  });

  it("tells doubles apart from ints", () => {
    const { k: double } = after({ k: 1 }, { key: "k", action: "hash" });
    const { k: int } = after({ k: 1n }, { key: "k", action: "hash" });
    expect(double).toMatch(/^[0-9a-f]{64}$/);
    expect(double).not.toBe(int);
  });

  it("hashes each attribute once, though key and pattern both name it", () => {
    const digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(
      after({ user: "abc", "user.id": "abc", x: "abc" }, { key: "user", action: "hash", pattern: "^user" }),
    ).toEqual({
      user: digest,
      "user.id": digest,
      x: "abc",
    });
    expect(after({}, { key: "user", action: "hash" })).toEqual({});
  });
});

describe("extract", () => {
  const pattern = "^(?P<scheme>https?)://(?P<host>[^/:]+)(?::(?P<port>[0-9]+))?";

  it("writes the named groups that took part in the match", () => {
    expect(after({ url: "https://ä.example/x", scheme: "old" }, { key: "url", action: "extract", pattern })).toEqual({
      url: "https://ä.example/x",
      scheme: "https",
      host: "ä.example",
    });
    expect(after({ url: "http://h:81" }, { key: "url", action: "extract", pattern })).toMatchObject({ port: "81" });
  });

  it("does nothing without a text that matches", () => {
    for (const given of [{}, { url: "ftp://x" }, { url: 1n }]) {
      expect(after(given, { key: "url", action: "extract", pattern })).toEqual(given);
    }
  });

  it("takes time linear in the length of the text", () => {
    const url = `${"a".repeat(100_000)}!`;
    expect(after({ url }, { key: "url", action: "extract", pattern: "^(?P<all>(?:a+)+)$" })).toEqual({ url });
  });
});

describe("convert", () => {
  it.each<["int" | "double" | "string", AnyValue, AnyValue]>([
    ["int", "42", 42n],
    ["int", "+42", 42n],
    ["int", "-9223372036854775808", -(2n ** 63n)],
    ["int", "9223372036854775808", "9223372036854775808"],
    ["int", "4.2", "4.2"],
    ["int", " 4", " 4"],
    ["int", "", ""],
    ["int", 4.9, 4n],
    ["int", -4.9, -4n],
    ["int", 1e19, 1e19],
    ["int", Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ["int", true, 1n],
    ["int", false, 0n],
    ["int", 7n, 7n],
    ["int", null, null],
    ["int", ["1"], ["1"]],
    ["double", "0.5", 0.5],
    ["double", "-1e3", -1000],
    ["double", ".5", 0.5],
    ["double", "5.", 5],
    ["double", "0x10", "0x10"],
    ["double", "", ""],
    ["double", "1".repeat(500), "1".repeat(500)],
    ["double", 7n, 7],
    ["double", true, 1],
    ["double", false, 0],
    ["double", 0.5, 0.5],
    ["double", null, null],
    ["string", 9007199254740993n, "9007199254740993"],
    ["string", 0.5, "0.5"],
    ["string", true, "true"],
    ["string", "a", "a"],
    ["string", null, null],
    ["string", ["a"], ["a"]],
  ])("to %s makes %o to %o", (converted_type, value, expected) => {
    expect(after({ k: value }, { key: "k", action: "convert", converted_type })).toEqual({ k: expected });
  });

  it("does nothing where the attribute is absent", () => {
    expect(after({}, { key: "k", action: "convert", converted_type: "int" })).toEqual({});
  });
});

it("carries out several actions in their order", () => {
  expect(
    after(
      { "db.user": "ann", tmp: "12" },
      { key: "enduser.id", action: "insert", from_attribute: "db.user" },
      { key: "enduser.id", action: "hash" },
      { key: "db.user", action: "delete" },
      { key: "tmp", action: "convert", converted_type: "int" },
      { key: "count", action: "upsert", from_attribute: "tmp" },
      { action: "delete", pattern: "^tmp$" },
    ),
  ).toEqual({ "enduser.id": expect.stringMatching(/^[0-9a-f]{64}$/), count: 12n });
});
