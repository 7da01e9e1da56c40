import fc from "fast-check";
import { expect, it } from "vitest";
import { planHashes } from "./plan-hash.ts";
import { readPlan } from "./reading.ts";

/** Names that could be taken for the text around them, and plain ones. */
const name = fc.constantFrom("a", "b", "c", 'a" index="b', "(", ")", "a b", 'a")("Seq Scan" relation="b', "");
const condition = fc.constantFrom("(a = 1)", "(b = 1)", "((a = 1) AND (b > 2))", "((a = 1) OR (b > 2))", "(f(a) = b)");
const keys = fc.array(fc.constantFrom("a", "b", "c DESC", "lower(a)"), { maxLength: 2 });

/** All that tells one plan from another, of operations that none folds away. */
interface Tree {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Join Type"?: string;
  readonly Filter?: string;
  readonly "Sort Key"?: readonly string[];
  readonly Plans?: readonly Tree[];
}

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ "Node Type": fc.constant("Seq Scan"), "Relation Name": name, Filter: condition }),
    fc.record({ "Node Type": fc.constant("Index Scan"), "Relation Name": name, "Index Name": name }),
    fc.record({ "Node Type": fc.constant("Sort"), "Sort Key": keys, Plans: fc.tuple(tie("tree")) }),
    fc.record({
      "Node Type": fc.constantFrom("Nested Loop", "Merge Join"),
      "Join Type": fc.constantFrom("Inner", "Left", "Semi"),
      Plans: fc.tuple(tie("tree"), tie("tree")),
    }),
  ),
}));

it("gives two plans the same full hash only if they are the same", () => {
  const known = new Map<string, string>();
  fc.assert(
    fc.property(tree, (root) => {
      const { plan } = readPlan(JSON.stringify([{ Plan: root }]));
      if (plan === undefined) return expect.unreachable();
      const { full } = planHashes(plan);
      const told = JSON.stringify(plan.root);
      expect(known.get(full) ?? told).toBe(told);
      known.set(full, told);
    }),
    { numRuns: 5000 },
  );
  expect(known.size).toBeGreaterThan(1000);
});
