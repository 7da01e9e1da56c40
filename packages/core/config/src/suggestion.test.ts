import { describe, expect, it } from "vitest";
import { closest, editDistance } from "./suggestion.ts";

describe("editDistance", () => {
  it.each([
    ["", "", 0],
    ["abc", "", 3],
    ["kitten", "sitting", 3],
    ["batch", "bacth", 1],
    ["ca", "abc", 3],
  ])("from %j to %j is %d", (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
    expect(editDistance(to, from)).toBe(distance);
  });
});

describe("closest", () => {
  it.each([
    ["bacth", ["batch", "filter"], "batch"],
    ["postgres", ["mysql", "postgresql"], "postgresql"],
    ["send-batch-size", ["timeout", "send_batch_size"], "send_batch_size"],
    ["Endpoint", ["endpoint"], "endpoint"],
    ["db.server.topquery", ["db.server.query_sample", "db.server.top_query"], "db.server.top_query"],
    ["kafka", ["batch", "filter"], undefined],
    ["a", ["b", "c"], undefined],
    ["", ["a"], undefined],
    ["x".repeat(200), ["x".repeat(200)], undefined],
  ])("of %j among %j is %j", (name, candidates, expected) => {
    expect(closest(name, candidates)).toBe(expected);
  });
});
