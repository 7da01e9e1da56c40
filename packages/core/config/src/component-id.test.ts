import { describe, expect, it } from "vitest";
import { parseComponentId } from "./component-id.ts";

describe("parseComponentId", () => {
  it.each([
    ["otlp", { id: "otlp", type: "otlp", name: "" }],
    ["otlp/2", { id: "otlp/2", type: "otlp", name: "2" }],
    [" otlp / a ", { id: "otlp/a", type: "otlp", name: "a" }],
    ["otlp/a/b", { id: "otlp/a/b", type: "otlp", name: "a/b" }],
    ["otlp/Ünï.c_ö-de:1", { id: "otlp/Ünï.c_ö-de:1", type: "otlp", name: "Ünï.c_ö-de:1" }],
  ])("reads %j", (text, id) => {
    expect(parseComponentId(text)).toEqual(id);
  });

  it.each([
    ["", "an id must not be empty"],
    ["/a", "the part before / must not be empty"],
    ["otlp/", "the part after / must not be empty"],
    ["otlp/ ", "the part after / must not be empty"],
    ["1otlp", "the type must begin with a letter and have at most 63 letters, digits and _"],
    ["otlp-http", "the type must begin with a letter and have at most 63 letters, digits and _"],
    ["a".repeat(64), "the type must begin with a letter and have at most 63 letters, digits and _"],
    ["otlp/a b", "the part after / must have at most 1024 characters, without spaces and symbols"],
    ["otlp/$", "the part after / must have at most 1024 characters, without spaces and symbols"],
    [`otlp/${"a".repeat(1025)}`, "the part after / must have at most 1024 characters, without spaces and symbols"],
  ])("refuses %j", (text, problem) => {
    expect(parseComponentId(text)).toEqual({ problem });
  });
});
