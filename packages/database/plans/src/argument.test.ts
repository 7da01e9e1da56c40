import { describe, expect, it } from "vitest";
import * as plans from "./index.ts";

/** As a caller without types sees them. */
type Untyped = (...given: readonly unknown[]) => unknown;

const text = '{"Plan": {"Node Type": "Seq Scan", "Relation Name": "t"}}';
const reading = plans.readPlan(text);

describe("readPlan", () => {
  it.each([
    ["nothing for a text", [undefined], "expected the text of a plan, found undefined"],
    ["an object for a text", [JSON.parse(text)], "expected the text of a plan, found an object"],
    ["a dialect for options", [text, "postgresql"], "expected options, found a string"],
    ["null for options", [text, null], "expected options, found null"],
    ["an unknown dialect", [text, { syntax: "postgres" }], "the dialect of the SQL is not"],
    ["a limit that is none", [text, { limits: { maxNodes: "many" } }], "maxNodes is no limit of a plan"],
    ["a limit that is not known", [text, { limits: { nodes: 9 } }], "nodes is no limit of a plan"],
  ])("takes no %s", (_name, given, message) => {
    expect(() => (plans.readPlan as Untyped)(...given)).toThrow(
      expect.objectContaining({ code: "DBI_ARGUMENT", message: expect.stringContaining(message) }),
    );
  });
});

it.each([
  ["planHashes", plans.planHashes],
  ["planAttributes", plans.planAttributes],
  ["findingsOf", plans.findingsOf],
  ["formatPlan", plans.formatPlan],
  ["diffPlans", (given: plans.Plan) => plans.diffPlans(given, given)],
] as [string, Untyped][])("%s takes no reading for its plan, and not the lack of one", (_name, take) => {
  for (const given of [reading, plans.readPlan("").plan, null]) {
    const hint = expect.stringContaining("give the `plan` of what readPlan returns");
    expect(() => take(given)).toThrow(expect.objectContaining({ code: "DBI_ARGUMENT", hint }));
  }
});

it.each([
  ["nodesOf", plans.nodesOf],
  ["estimateErrors", plans.estimateErrors],
] as [string, Untyped][])("%s takes no plan for its root, and says so at once", (_name, take) => {
  expect(() => take(reading.plan)).toThrow(
    expect.objectContaining({ code: "DBI_ARGUMENT", hint: "give the `root` of a plan" }),
  );
});
