import { DbintelError } from "@dbintel/errors";
import { describe, expect, it } from "vitest";
import { compileCondition } from "./condition.ts";
import type { ConditionContext } from "./context.ts";
import { conditionProblem } from "./problem.ts";
import { limits } from "./vocabulary.ts";

function problem(expression: string, context: ConditionContext = "log"): string {
  return conditionProblem(expression, context) ?? "no problem";
}

it("carries the code and the hint", () => {
  let caught: unknown;
  try {
    compileCondition("severty_number > 3", "log");
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(DbintelError);
  expect(caught).toMatchObject({ code: "DBI_CONDITION_SYNTAX", retryable: false });
});

it("finds nothing wrong with a condition that compiles", () => {
  expect(conditionProblem("severity_number > 3", "log")).toBeUndefined();
});

describe("a name", () => {
  it("that is unknown is shown with the nearest and with all there are", () => {
    expect(problem("severty_number > 3")).toBe(
      [
        'unknown variable "severty_number" (did you mean "severity_number"?) at 1:1',
        "  severty_number > 3",
        "  ^^^^^^^^^^^^^^",
        "there are: attributes, resource.attributes, scope.name, scope.version, scope.attributes, body, " +
          "severity_number, severity_text, event_name, time_unix_nano, observed_time_unix_nano, flags, trace_id, span_id",
      ].join("\n"),
    );
  });

  it.each<[string, ConditionContext, string]>([
    [
      'resource.attribute["x"] == 1',
      "log",
      'unknown variable "resource.attribute" (did you mean "resource.attributes"?)',
    ],
    ["metric.nme == 'x'", "metric", 'unknown variable "metric.nme" (did you mean "metric.name"?)'],
    ['attributes["x"] == 1', "metric", 'unknown variable "attributes" at 1:1'],
    ["severity_number > SEVERITY_NUMBER_WARNING", "log", 'did you mean "SEVERITY_NUMBER_WARN"?'],
    ["severity_number > 1", "span", 'unknown variable "severity_number" at 1:1'],
    ["severity_number > 1", "span", "severity_number is there for log conditions"],
    ["flags == 1", "metric", "flags is there for log, span, datapoint conditions"],
    ["constructor == 1", "log", 'unknown variable "constructor"'],
    ["scope.constructor == 1", "log", 'unknown variable "scope.constructor"'],
    ["__proto__ == 1", "log", "reserved identifier: __proto__"],
  ])("%s in a %s condition: %s", (expression, context, expected) => {
    expect(problem(expression, context)).toContain(expected);
  });
});

describe("OTTL", () => {
  it.each<[string, string]>([
    ['IsMatch(body, "x")', 'write body.matches("pattern")'],
    ['attributes["k"] == nil', 'write !("k" in attributes)'],
    ['body == "a" and body == "b"', "CEL writes && for OTTL's and"],
    ['body == "a" or body == "b"', "CEL writes || for OTTL's or"],
    ['not IsMatch(body, "x")', "CEL writes ! for OTTL's not"],
    ['HasPrefix(body, "x")', '.startsWith("text")'],
    ['log.attributes["k"] == 1', 'leave out the prefix "log."'],
    ["instrumentation_scope.name == 'x'", "scope.name, scope.version, scope.attributes"],
    ['body = "a"', "CEL compares with =="],
  ])("%s says: %s", (expression, expected) => {
    expect(problem(expression)).toContain(expected);
  });

  it("names what a span has instead of a path of OTTL", () => {
    expect(problem("status.code == 2", "span")).toContain("status_code and status_message");
    expect(problem('end_time - start_time > Duration("1s")', "span")).toContain("a span has duration");
    expect(problem("IsRootSpan()", "span")).toContain('parent_span_id == ""');
  });
});

describe("syntax", () => {
  it.each<[string, string]>([
    ["", "the condition is empty at 1:1"],
    ["  ", "the condition is empty at 1:3"],
    ["body ==", "the condition ends too early at 1:8"],
    ["(body == 1", "the condition ends too early at 1:11"],
    ["body == 'a", "unterminated string at 1:9"],
    ["body == 'a' 'b'", "unexpected \"'b'\" at 1:13"],
    ["body == )", 'unexpected ")" at 1:9'],
    ["body # 1", 'unexpected "#" at 1:6'],
    ["body[1 == 1", "the condition ends too early"],
    ["body[1) == 1", 'unexpected ")" at 1:7'],
    ['body == "\\q"', "invalid escape sequence: \\q at 1:10"],
    ["package == 1", "reserved identifier: package at 1:1"],
    ["body == 1e999", "invalid number: Infinity"],
  ])("%j: %s", (expression, expected) => {
    expect(problem(expression)).toContain(expected);
  });

  it("points at the column of a tabbed line of several", () => {
    expect(problem("body == 1 &&\n\tseverty_text == 'x'").split("\n").slice(0, 3)).toEqual([
      'unknown variable "severty_text" (did you mean "severity_text"?) at 2:2',
      "  \tseverty_text == 'x'",
      "  \t^^^^^^^^^^^^",
    ]);
  });
});

describe("types", () => {
  it.each<[string, ConditionContext, string]>([
    ["severity_number == 'x'", "log", "types do not fit: int == string at 1:1"],
    ["severity_text > 3", "log", "types do not fit: string > int"],
    ["severity_text.matches(3)", "log", "types do not fit: string.matches(int)"],
    ["severity_number.startsWith('a')", "log", "types do not fit: int.startsWith(string)"],
    ['startsWith(severity_text, "a")', "log", "write x.startsWith(y)"],
    ["size(severity_number) == 1", "log", "types do not fit: size(int)"],
    ["severity_text.x == 1", "log", "cannot index type 'string'"],
    ["body ? 1 : 'a'", "log", "ternary branches must have the same type"],
    ["severity_number && true", "log", "logical operator requires bool operands, got 'int'"],
    ["severity_number", "log", "the condition is of type int, not bool"],
    ["duration", "span", "the condition is of type duration, not bool"],
    ["duration > 5", "span", "types do not fit: duration > int at 1:1"],
    ["duration > 5", "span", 'write durations as duration("250ms")'],
    ['attributes["x"] > duration', "span", "a duration can only be compared with a duration"],
    ["duration + duration > duration", "span", "a duration can only be compared with a duration"],
    ["resource == 1", "log", "types do not fit"],
    ["attributes == body", "log", "attributes is a map"],
    ["resource.attributes == body", "log", 'as in resource.attributes["name"]'],
    ["attributes[1] == 1", "log", "attributes have names, not numbers"],
    ["body == 9223372036854775808", "log", "the number does not fit into 64 bits"],
    ["body == 1u", "log", "unsigned numbers are not supported"],
  ])("%s in a %s condition: %s", (expression, context, expected) => {
    expect(problem(expression, context)).toContain(expected);
  });
});

describe("CEL that conditions do not have", () => {
  it.each<[string, string]>([
    ["int(severity_text) > 3", 'unknown function "int"'],
    [
      "severty(1)",
      "there are: has(), size(), duration(), .startsWith(), .endsWith(), .contains(), .matches(), .size()",
    ],
    ["severity_text.startWith('x')", 'unknown function "startWith" (did you mean "startsWith"?)'],
    ["severity_text.lowerAscii() == 'x'", 'unknown function "lowerAscii"'],
    ['attributes["x"].foo("a")', 'unknown function "foo"'],
    ["[1, 2].exists(x, x == severity_number)", 'unknown function "exists"'],
    ["cel.bind(x, 1, x == 1)", 'unknown function "bind"'],
    ["body == [1]", "a list may only stand on the right of in"],
    ["body == {'a': 1}", "this is not supported in conditions"],
    ["severity_number in [severity_number]", "a list may only hold constants"],
    ["severity_text in attributes", "the name of an attribute must be a constant text"],
    ["body[severity_text] == 1", "an index must be a constant text or number"],
    ["body[1.5] == 1", "an index must be a constant text or number"],
    ["has(severity_text)", "has() takes a name inside a map"],
    ['has(attributes["a.b"])', '"db.system.name" in attributes'],
    ["has(scope.name)", "this is always there"],
    ["has(resource.attributes)", "a map of attributes is always there"],
    ["timestamp('2026-01-01T00:00:00Z') > timestamp('2026-01-01T00:00:00Z')", 'unknown function "timestamp"'],
  ])("%s: %s", (expression, expected) => {
    expect(problem(expression)).toContain(expected);
  });

  it("says how to write an attribute whose name has dots", () => {
    expect(problem('attributes.db.system == "mysql"')).toBe(
      [
        'attributes.db.system looks for a map inside the attribute "db" at 1:1',
        '  attributes.db.system == "mysql"',
        "  ^^^^^^^^^^^^^^^^^^^^",
        'for the attribute "db.system" write attributes["db.system"], for the map attributes["db"]["system"]',
      ].join("\n"),
    );
    expect(problem("has(resource.attributes.db.system)")).toContain('resource.attributes["db.system"]');
  });
});

describe("patterns and durations", () => {
  it.each<[string, ConditionContext, string]>([
    ['body.matches("(a")', "log", "missing ): (a at 1:14"],
    ['body.matches("(?=a)")', "log", "invalid perl operator: (?="],
    ['body.matches("a" + "b")', "log", "the pattern of matches() must be a constant text"],
    [`body.matches("${"a".repeat(limits.patternLength + 1)}")`, "log", "the pattern is longer than 1024 characters"],
    ['duration > duration("5")', "span", "not a duration at 1:21"],
    ['duration > duration("9999999h")', "span", "not a duration"],
    ["duration > duration(name)", "span", "not a duration"],
  ])("%s in a %s condition: %s", (expression, context, expected) => {
    expect(problem(expression, context)).toContain(expected);
  });
});

describe("size", () => {
  it("is bounded in length, parts, depth and elements", () => {
    expect(problem(`body == "${"a".repeat(limits.length)}"`)).toContain("longer than 16384 characters");
    expect(problem(Array.from({ length: 400 }, () => "body == 1").join(" || "))).toContain(
      "the condition is too large",
    );
    expect(problem(`${"(".repeat(40)}true${")".repeat(40)}`)).toContain(
      "at most 1000 parts, 32 deep, 500 elements in a list",
    );
    expect(problem(`severity_number in [${"1,".repeat(501)}]`)).toContain("the condition is too large");
    expect(problem(`${"!".repeat(16_000)}true`)).toContain("the condition is too large");
  });

  it("leaves room for what people write", () => {
    const list = Array.from({ length: 450 }, (_, index) => `"/route/${index}"`).join(", ");
    expect(conditionProblem(`attributes["http.route"] in [${list}]`, "log")).toBeUndefined();
  });

  it("shows only the surroundings of the fault in a long line", () => {
    const line = problem(`${"body == 1 || ".repeat(50)}bdy == 1 || ${"body == 1 || ".repeat(20)}true`).split("\n");
    expect(line[1]?.length).toBeLessThan(140);
    expect(line[1]?.slice(line[2]?.indexOf("^"))).toMatch(/^bdy == 1/);
  });
});
