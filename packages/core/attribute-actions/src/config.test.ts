import { describe, expect, it } from "vitest";
import { z } from "zod";
import { actionSchema } from "./config.ts";

function problems(action: unknown): readonly string[] {
  const result = actionSchema.safeParse(action);
  return result.success ? [] : result.error.issues.map(({ message }) => message);
}

describe("actionSchema", () => {
  it.each([
    { key: "k", action: "insert", value: 1 },
    { key: "k", action: "update", from_attribute: "other" },
    { key: "k", action: "upsert", value: ["a", true] },
    { key: "k", action: "delete" },
    { action: "delete", pattern: "^tmp\\." },
    { key: "k", action: "hash" },
    { key: "k", action: "extract", pattern: "(?P<a>.)(?:x)(?<b>.)" },
    { key: "k", action: "convert", converted_type: "double" },
  ])("takes %o as it is", (action) => {
    expect(actionSchema.parse(action)).toEqual(action);
  });

  it.each<[unknown, string]>([
    [{ key: "k", action: "insert" }, "insert needs either value or from_attribute"],
    [{ key: "k", action: "upsert", value: 1, from_attribute: "x" }, "upsert needs either value or from_attribute"],
    [{ action: "delete" }, "delete needs key or pattern"],
    [{ action: "hash" }, "hash needs key or pattern"],
    [{ key: "k", action: "insert", from_context: "metadata.x" }, "not supported: no request metadata travels"],
    [{ key: "k", action: "upsert", value: 2 ** 53 }, "the number is too large to be exact"],
    [{ action: "delete", pattern: "(a" }, "missing ): (a; patterns are RE2"],
    [{ action: "delete", pattern: "(?=a)" }, "invalid perl operator"],
    [{ action: "delete", pattern: "a".repeat(1025) }, "the pattern is longer than 1024 characters"],
    [{ key: "k", action: "extract", pattern: "abc" }, "the pattern has no group"],
    [{ key: "k", action: "extract", pattern: "(?P<a>.)(.)" }, "a group of the pattern has no name"],
    [{ key: "k", action: "extract", pattern: "(?P<a>." }, "missing )"],
  ])("refuses %o: %s", (action, expected) => {
    expect(problems(action).join("\n")).toContain(expected);
  });

  it.each([
    { key: "", action: "delete" },
    { key: "k", action: "convert" },
    { key: "k", action: "convert", converted_type: "bool" },
    { key: "k", action: "remove" },
    { key: "k", action: "delete", value: 1 },
    { key: "k", action: "upsert", value: { a: 1 } },
  ])("refuses %o", (action) => {
    expect(problems(action)).not.toEqual([]);
  });

  it("has a JSON Schema with a description for each key", () => {
    const schema = z.toJSONSchema(actionSchema, { io: "input" });
    expect(schema.oneOf).toHaveLength(7);
    for (const member of schema.oneOf ?? []) {
      for (const property of Object.values(member.properties ?? {})) {
        // What is never allowed is described by its error.
        if (typeof property === "object" && property.not !== undefined) continue;
        expect(property).toHaveProperty("description");
      }
    }
  });
});
