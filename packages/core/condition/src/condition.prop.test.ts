import type { CelInput } from "@bufbuild/cel";
import { isCelError, run } from "@bufbuild/cel";
import type { AnyValue } from "@dbintel/pdata";
import fc from "fast-check";
import { expect, it } from "vitest";
import { logRecord } from "../test/items.ts";
import { compileCondition } from "./condition.ts";
import { conditionProblem } from "./problem.ts";

/*
 * Our closures against an independent evaluator: random conditions on random records, all three outcomes. Texts keep out of the order of supplementary characters, where JavaScript's order,
 * which the oracle uses, is not CEL's.
 */

const runs = Number(process.env.DBINTEL_PROPERTY_RUNS ?? 2000);

const names = fc.constantFrom("a", "b", "c", "d.e");
const texts = fc.constantFrom("", "a", "ab", "b", "ä€", "abc abc");
const ints = fc.oneof(
  fc.bigInt(-3n, 3n),
  fc.constantFrom(2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)),
);
// No doubles beyond 2^53: the oracle rounds an int before it compares it with one, CEL compares exactly.
const doubles = fc.oneof(
  fc.constantFrom(-1.5, -1, 0, 0.5, 1, 2),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
);
const scalars: fc.Arbitrary<AnyValue> = fc.oneof(texts, ints, doubles, fc.boolean(), fc.constant(null));
// Entries of maps are never null: the oracle takes such an entry for absent, CEL does not.
const present = scalars.filter((value) => value !== null);
const values: fc.Arbitrary<AnyValue> = fc.oneof(
  { weight: 6, arbitrary: present },
  { weight: 1, arbitrary: fc.array(scalars, { maxLength: 3 }) },
  {
    weight: 1,
    arbitrary: fc.dictionary(texts, present, { maxKeys: 3 }).map((entries) => new Map(Object.entries(entries))),
  },
);

const records = fc.record({
  attributes: fc.dictionary(names, values, { maxKeys: 4 }),
  body: fc.oneof(values, fc.constant(null)),
  severityNumber: fc.integer({ min: 0, max: 24 }),
  severityText: texts,
});

function double(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

const textLiterals = texts.map((text) => JSON.stringify(text));
const numberLiterals = fc.oneof(ints.map(String), doubles.map(double));
const literals = fc.oneof(textLiterals, numberLiterals, fc.constantFrom("true", "false", "null"));

const { condition: conditions } = fc.letrec<{ condition: string; value: string; text: string; number: string }>(
  (tie) => {
    const attribute = names.map((name) => `attributes["${name}"]`);
    const dyn = fc.oneof(attribute, fc.constant("body"));
    const compared = fc.oneof({ maxDepth: 4 }, dyn, dyn, tie("value"));
    const text = fc.oneof({ maxDepth: 4 }, dyn, dyn, fc.constant("severity_text"), tie("text"));
    const number = fc.oneof({ maxDepth: 4 }, attribute, attribute, tie("number"));
    const template = (parts: (...strings: string[]) => string, ...arbitraries: fc.Arbitrary<string>[]) =>
      fc.tuple(...arbitraries).map((strings) => parts(...strings));
    return {
      value: fc.oneof(
        { maxDepth: 4 },
        dyn,
        template(
          (left, operator, right) => `(${left} ${operator} ${right})`,
          number,
          fc.constantFrom("+", "-", "*", "/"),
          number,
        ),
        template((operand) => `(-${operand})`, attribute),
        template((test, yes, no) => `(${test} ? ${yes} : ${no})`, tie("condition"), dyn, dyn),
        template((of) => `size(${of})`, dyn),
        template((name, key) => `attributes["${name}"]["${key}"]`, names, fc.constantFrom("a", "ab")),
        template((name, index) => `attributes["${name}"][${index}]`, names, fc.constantFrom("0", "1")),
      ),
      text: template((left, right) => `(${left} + ${right})`, attribute, textLiterals),
      number: template(
        (left, operator, right) => `(${left} ${operator} ${right})`,
        attribute,
        fc.constantFrom("+", "-"),
        attribute,
      ),
      condition: fc.oneof(
        { maxDepth: 4 },
        template(
          (left, operator, right) => `${left} ${operator} ${right}`,
          compared,
          fc.constantFrom("==", "!="),
          literals,
        ),
        template((left, operator, right) => `${left} ${operator} ${right}`, literals, fc.constantFrom("==", "!="), dyn),
        template(
          (left, operator, right) => `${left} ${operator} ${right}`,
          compared,
          fc.constantFrom("==", "!="),
          compared,
        ),
        template(
          (left, operator, right) => `${left} ${operator} ${right}`,
          compared,
          fc.constantFrom("<", "<=", ">", ">="),
          fc.oneof(textLiterals, numberLiterals, dyn),
        ),
        template(
          (left, operator, right) => `${left} ${operator} ${right}`,
          fc.constant("severity_number"),
          fc.constantFrom("<", "<=", ">", ">=", "==", "!="),
          fc.oneof(fc.integer({ min: 0, max: 24 }).map(String), doubles.map(double)),
        ),
        template((name) => `"${name}" in attributes`, names),
        template((name) => `has(attributes.${name})`, fc.constantFrom("a", "b", "c")),
        template((name) => `has(body.${name})`, fc.constantFrom("a", "ab")),
        template(
          (element, list) => `${element} in [${list}]`,
          compared,
          fc.array(literals, { maxLength: 4 }).map(String),
        ),
        template((element, list) => `${element} in ${list}`, fc.oneof(literals, dyn), attribute),
        template(
          (subject, test, argument) => `${subject}.${test}(${argument})`,
          text,
          fc.constantFrom("startsWith", "endsWith", "contains"),
          fc.oneof(textLiterals, attribute),
        ),
        template(
          (subject, pattern) => `${subject}.matches("${pattern}")`,
          text,
          fc.constantFrom("^a", "b$", "a.*c", "ä|x", ""),
        ),
        attribute,
        template((operand) => `!(${operand})`, tie("condition")),
        template(
          (left, operator, right) => `(${left}) ${operator} (${right})`,
          tie("condition"),
          fc.constantFrom("&&", "||"),
          tie("condition"),
        ),
        template((left, right) => `(${left}) == (${right})`, tie("condition"), tie("condition")),
        template(
          (test, yes, no) => `(${test}) ? (${yes}) : (${no})`,
          tie("condition"),
          tie("condition"),
          tie("condition"),
        ),
      ),
    };
  },
);

function oracle(expression: string, bindings: Record<string, CelInput>): "true" | "false" | "neither" {
  const result = run(expression, bindings);
  if (isCelError(result) || typeof result !== "boolean") return "neither";
  return result ? "true" : "false";
}

it("agrees with @bufbuild/cel on what is true, false, and neither", () => {
  const seen = { true: 0, false: 0, neither: 0 };
  fc.assert(
    fc.property(conditions, records, (expression, init) => {
      // The type checker refuses what can never have an answer, such as size(x) == "a".
      fc.pre(conditionProblem(expression, "log") === undefined);
      const item = logRecord(init);
      const expected = oracle(expression, {
        attributes: new Map(Object.entries(init.attributes)),
        body: init.body,
        severity_number: BigInt(init.severityNumber),
        severity_text: init.severityText,
      });
      seen[expected]++;
      expect(compileCondition(expression, "log").matches(item)).toBe(expected === "true");
      expect(compileCondition(`!(${expression})`, "log").matches(item)).toBe(expected === "false");
    }),
    { numRuns: runs },
  );
  // The three outcomes are all met often, or the test would prove little.
  expect(Math.min(seen.true, seen.false, seen.neither)).toBeGreaterThan(runs / 50);
});
