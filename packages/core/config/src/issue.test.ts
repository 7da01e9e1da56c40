import { describe, expect, it } from "vitest";
import { z } from "zod";
import { findings, valid } from "../test/sample.ts";
import { formatDiagnostics } from "./diagnostic.ts";
import { LoadBudget } from "./limits.ts";
import { emptyMap } from "./node.ts";
import { checkSchema } from "./schema-check.ts";
import { secret } from "./secret.ts";
import { parseYaml } from "./yaml-text.ts";

/** What a schema says about a text, with `a` for the root and without the source's name. */
function explain(schema: z.ZodType, text: string): string {
  const position = { source: "", line: 1, column: 1 };
  const locate = (line: number, column: number) => ({ source: "", line, column });
  const { root: node = emptyMap(position) } = parseYaml({ text, locate, budget: new LoadBudget() });
  const checked = checkSchema({ schema, node, path: ["a"], position });
  return checked.ok ? "" : formatDiagnostics(checked.diagnostics).replaceAll(/^:/gm, "");
}

const rules = z.strictObject({ rule: z.string(), limit: z.int().optional() });

describe("a schema's issue", () => {
  it.each<readonly [string, z.ZodType, string, string]>([
    ["a number that is none", z.object({ k: z.number() }), "k: .inf", "1:4 a.k: expected a number, got Infinity"],
    ["a short text", z.object({ k: z.string().min(1) }), "k: ''", '1:4 a.k: must have at least 1 character, got ""'],
    ["a long text", z.object({ k: z.string().max(2) }), "k: abc", '1:4 a.k: must have at most 2 characters, got "abc"'],
    ["a small number", z.object({ k: z.number().gt(1) }), "k: 1", "1:4 a.k: must be more than 1, got 1"],
    ["a large number", z.object({ k: z.number().lt(1) }), "k: 1", "1:4 a.k: must be less than 1, got 1"],
    ["a number between", z.object({ k: z.number().multipleOf(5) }), "k: 7", "1:4 a.k: must be a multiple of 5, got 7"],
    [
      "an empty list",
      z.object({ k: z.array(z.string()).min(1) }),
      "k: []",
      "1:4 a.k: must have at least 1 entry, got a list",
    ],
    ["a pattern", z.object({ k: z.string().regex(/^a$/) }), "k: b", '1:4 a.k: must match /^a$/, got "b"'],
    ["a format", z.object({ k: z.ipv4() }), "k: b", '1:4 a.k: expected a valid ipv4, got "b"'],
    ["a literal", z.object({ k: z.literal(["x", 1]) }), "k: 2", '1:4 a.k: expected "x" or 1, got 2'],
    [
      "a word, in a sentence of its own",
      z.object({ k: z.enum(["ignore", "silent"], { error: 'expected "ignore" or "silent", as nothing fails' }) }),
      "k: ignor",
      '1:4 a.k: expected "ignore" or "silent", as nothing fails, got "ignor" (did you mean "ignore"?)',
    ],
    ["null", z.object({ k: z.null() }), "k: 2", "1:4 a.k: expected nothing, got 2"],
    ["a key that cannot be used", z.object({ k: z.never().optional() }), "k: 2", "1:4 a.k: is not allowed here"],
    ["a key that is not set", z.object({ k: z.enum(["x", "y"]) }), "{}", '1:1 a.k: is required: "x" or "y"'],
    ["a key of a record", z.record(z.string().regex(/^x/), z.int()), "b: 1", "1:1 a.b: the key must match /^x/"],
    ["a value of a record", z.record(z.string(), z.int()), "b: x", '1:4 a.b: expected a number, got "x"'],
    [
      "a nested list",
      z.object({ k: z.array(z.array(z.int())) }),
      "k: [[1, x]]",
      '1:9 a.k[0][1]: expected a number, got "x"',
    ],
    ["a tuple", z.object({ k: z.tuple([z.int()]) }), "k: x", "1:4 a.k: expected a list, got a string"],
    ["a refinement", z.object({ k: z.int() }).refine(() => false, { error: "no", path: ["k"] }), "k: 1", "1:4 a.k: no"],
    [
      "a refinement of what is not there",
      z.object({}).refine(() => false, { error: "no", path: ["k"] }),
      "{}",
      "1:1 a.k: no",
    ],
    ["a long value", z.object({ k: z.int() }), `k: ${"x".repeat(61)}`, "1:4 a.k: expected a number, got a string"],
    ["a value like a DSN", z.object({ k: z.int() }), "k: me@x", "1:4 a.k: expected a number, got a string"],
  ])("about %s", (_, schema, text, message) => {
    expect(explain(schema, text)).toBe(message);
  });

  it("about an unknown key never suggests one that cannot be used", () => {
    const schema = z.strictObject({ limit: z.int().optional(), limits: z.never().optional() });
    expect(explain(schema, "limitz: 1")).toBe('1:1 a: unknown key "limitz" (did you mean "limit"?)');
  });

  it("about a union is that of the member that knows the keys, however much is wrong within", () => {
    const pull = z.strictObject({ pull: z.strictObject({ port: z.int() }) });
    const push = z.strictObject({ push: z.strictObject({ to: z.string(), every: z.string(), as: z.string() }) });
    expect(explain(z.union([pull, push]), "push: {to: 1, every: x}")).toBe(
      "1:12 a.push.to: expected a string, got 1\n    put it between quotes\n1:1 a.push.as: is required",
    );
  });

  it("about a union is that of the member that came closest", () => {
    const either = z.object({ k: z.union([z.string(), rules, z.array(rules)]) });
    expect(explain(either, "k: {rule: 1}")).toBe("1:11 a.k.rule: expected a string, got 1\n    put it between quotes");
    expect(explain(either, "k: {rule: a, limt: 1}")).toBe('1:14 a.k: unknown key "limt" (did you mean "limit"?)');
    expect(explain(either, "k: [{rule: a}, {limit: 1}]")).toBe("1:16 a.k[1].rule: is required");
    expect(explain(either, "k: true")).toBe("1:4 a.k: expected a string, a map or a list, got true");
    expect(explain(z.object({ k: z.union([z.int(), z.enum(["x"])]) }), "k: y")).toBe(
      '1:4 a.k: expected a number or "x", got "y"',
    );
    expect(explain(either, "{}")).toBe("1:1 a.k: is required: a string, a map or a list");
  });

  it("does not show a secret, wherever the schema hides it", () => {
    for (const hidden of [secret(), secret().optional(), z.union([z.int(), secret()]), z.lazy(() => secret())]) {
      expect(explain(z.object({ k: hidden }), "k: 5.5")).not.toContain("5.5");
    }
    expect(explain(z.object({ k: secret().and(z.number()) }), "k: x")).not.toContain('"x"');
  });

  it("points at the key where the key is wrong", () => {
    const exporter = '  otlp_http:\n    endpoint: http://x\n    headers: {ok: a, "a b": hunter2}\n';
    expect(findings(valid.replace("  debug:\n", exporter).replace("[debug]", "[otlp_http]"))).toBe(
      'c.yaml:7:22 exporters.otlp_http.headers["a b"]: is not the name of a header',
    );
  });
});
