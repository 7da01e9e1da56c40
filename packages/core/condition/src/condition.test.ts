import type { AnyValue } from "@dbintel/pdata";
import { describe, expect, it } from "vitest";
import { dataPoint, logRecord, metric, span, withAttributes } from "../test/items.ts";
import { compileCondition } from "./condition.ts";

function matches(expression: string, attributes: Readonly<Record<string, AnyValue>> = {}): boolean {
  return compileCondition(expression, "log").matches(withAttributes(attributes));
}

/** The outcomes of a condition and of its negation: a test without an answer is "neither". */
function outcome(expression: string, attributes: Readonly<Record<string, AnyValue>> = {}): string {
  const isTrue = matches(expression, attributes);
  const isFalse = matches(`!(${expression})`, attributes);
  expect(isTrue && isFalse).toBe(false);
  if (isTrue) return "true";
  return isFalse ? "false" : "neither";
}

describe("an absent attribute", () => {
  it.each([
    ['attributes["x"] == 1', "neither"],
    ['attributes["x"] != 1', "neither"],
    ['attributes["x"] == "a"', "neither"],
    ['attributes["x"] != "a"', "neither"],
    ['attributes["x"] == null', "neither"],
    ['attributes["x"] < 1', "neither"],
    ['attributes["x"] > "a"', "neither"],
    ['attributes["x"] == attributes["y"]', "neither"],
    ['attributes["x"] in ["a"]', "neither"],
    ['"a" in attributes["x"]', "neither"],
    ['attributes["x"].startsWith("")', "neither"],
    ['attributes["x"].matches("")', "neither"],
    ['size(attributes["x"]) == 0', "neither"],
    ['attributes["x"] + 1 == 1', "neither"],
    ['-attributes["x"] == 1', "neither"],
    ['attributes["x"]', "neither"],
    ['attributes["x"] ? true : true', "neither"],
    ['(attributes["x"] == 1) == true', "neither"],
    ['"x" in attributes', "false"],
    ["has(attributes.x)", "false"],
    ['!("x" in attributes) || attributes["x"] != 1', "true"],
    ['attributes["x"] == 1 || severity_number >= 0', "true"],
    ['severity_number >= 0 || attributes["x"] == 1', "true"],
    ['attributes["x"] == 1 && severity_number < 0', "false"],
    ['severity_number < 0 && attributes["x"] == 1', "false"],
    ['attributes["x"] == 1 && severity_number >= 0', "neither"],
    ['attributes["x"] == 1 || severity_number < 0', "neither"],
    ['(attributes["x"] == 1 || severity_number >= 0) == true', "true"],
    ['(attributes["x"] == 1 && severity_number < 0) == false', "true"],
    ['(!(attributes["x"] == 1)) == true', "neither"],
  ])("%s is %s", (expression, expected) => {
    expect(outcome(expression)).toBe(expected);
  });
});

describe("equality", () => {
  it.each<[string, AnyValue, string]>([
    ["1", 1n, "true"],
    ["1", 1, "true"],
    ["1.0", 1n, "true"],
    ["1.5", 1n, "false"],
    ["1", "1", "false"],
    ["1", true, "false"],
    ['"a"', "a", "true"],
    ['"a"', "b", "false"],
    ['"a"', 1n, "false"],
    ['"ä€😀"', "ä€😀", "true"],
    ["true", true, "true"],
    ["true", 1n, "false"],
    ["null", null, "true"],
    ["null", "", "false"],
    ['b"ab"', Uint8Array.of(97, 98), "true"],
    ['b"ab"', "ab", "false"],
    ['b"ab"', Uint8Array.of(97), "false"],
    ["1", Number.NaN, "false"],
    // Neighbours that a double cannot tell apart.
    ["9007199254740993", 9007199254740993n, "true"],
    ["9007199254740993", 9007199254740992n, "false"],
    ["9007199254740992", 9007199254740993n, "false"],
    ["9007199254740991", 9007199254740992n, "false"],
    ["9223372036854775807", 2n ** 63n - 1n, "true"],
    ["-9223372036854775808", -(2n ** 63n), "true"],
    ["9223372036854775807", 2 ** 63, "false"],
    ["9223372036854775807.0", 2n ** 63n - 1n, "false"],
  ])("x == %s, x being %o, is %s", (literal, x, expected) => {
    const opposite = expected === "true" ? "false" : "true";
    expect(outcome(`attributes["x"] == ${literal}`, { x })).toBe(expected);
    expect(outcome(`${literal} == attributes["x"]`, { x })).toBe(expected);
    expect(outcome(`attributes["x"] != ${literal}`, { x })).toBe(opposite);
    expect(outcome(`(attributes["x"] == ${literal}) == true`, { x })).toBe(expected);
  });

  it("compares lists and maps by content, numbers in them by value", () => {
    const map = (entries: Record<string, AnyValue>) => new Map(Object.entries(entries));
    const equal = (x: AnyValue, y: AnyValue) => matches('attributes["x"] == attributes["y"]', { x, y });
    expect(equal([1n, "a", [null]], [1, "a", [null]])).toBe(true);
    expect(equal([1n], [1n, 2n])).toBe(false);
    expect(equal([1n], [2n])).toBe(false);
    expect(equal([1n], "a")).toBe(false);
    expect(equal([1n], map({}))).toBe(false);
    expect(equal(map({ a: 1n, b: [true] }), map({ b: [true], a: 1 }))).toBe(true);
    expect(equal(map({ a: 1n }), map({ b: 1n }))).toBe(false);
    expect(equal(map({ a: 1n }), map({ a: 2n }))).toBe(false);
    expect(equal(map({ a: 1n }), map({}))).toBe(false);
    expect(equal(map({ a: 1n }), [1n])).toBe(false);
    expect(equal(Uint8Array.of(1), [1n])).toBe(false);
  });
});

describe("order", () => {
  it.each<[string, AnyValue, string]>([
    ["x < 2", 1n, "true"],
    ["x < 2", 1.5, "true"],
    ["x < 2", 2n, "false"],
    ["x <= 2", 2, "true"],
    ["x > 2.5", 3n, "true"],
    ["x >= 2", 1n, "false"],
    ["2 > x", 1n, "true"],
    ["2 >= x", 3n, "false"],
    ["1 < x", 3n, "true"],
    ["1 <= x", 0n, "false"],
    ["x < 2", "1", "neither"],
    ["x < 2", true, "neither"],
    ["x < 2", null, "neither"],
    ["x < 9007199254740993", 9007199254740992n, "true"],
    ["x > 9007199254740992", 9007199254740993n, "true"],
    ["x < 9223372036854775807", 2 ** 63, "false"],
    ["x < 1", Number.NaN, "false"],
    ['x < "b"', "a", "true"],
    ['x < "b"', "bb", "false"],
    ['x < "b"', 1n, "neither"],
    // U+FFFD is before U+1F600, though its UTF-16 unit is after the surrogates of the other.
    ['x < "😀"', "\ufffd", "true"],
    ['x > "\ufffd"', "😀", "true"],
    ['x < "😁"', "😀", "true"],
    ["x > false", true, "true"],
    ['x < attributes["bytes"]', Uint8Array.of(97), "true"],
    ['x < attributes["bytes"]', Uint8Array.of(99), "false"],
    ['x < attributes["bytes"]', "a", "neither"],
  ])("%s, x being %o, is %s", (expression, x, expected) => {
    expect(outcome(expression.replace("x", 'attributes["x"]'), { x, bytes: Uint8Array.of(98) })).toBe(expected);
  });
});

describe("membership", () => {
  it.each<[string, string]>([
    ['attributes["text"] in ["a", "b"]', "true"],
    ['attributes["text"] in ["b", 1]', "false"],
    ['attributes["int"] in [1, 7.0]', "true"],
    ['attributes["int"] in ["7"]', "false"],
    ['attributes["int"] in [-7]', "false"],
    ["severity_number in [0]", "true"],
    ["severity_number in []", "false"],
    ['"b" in attributes["list"]', "true"],
    ['"c" in attributes["list"]', "false"],
    ['attributes["int"] in attributes["list"]', "true"],
    ['"k" in attributes["map"]', "true"],
    ['1 in attributes["map"]', "false"],
    ['"a" in attributes["text"]', "neither"],
    ['"text" in attributes', "true"],
    ["has(attributes.text)", "true"],
    ["has(resource.attributes.replicas)", "true"],
    ['"scope.tag" in scope.attributes', "true"],
    ['attributes["map"]["k"] == 1', "true"],
    ['attributes["map"].k == 1', "true"],
    ['attributes["map"]["other"] == 1', "neither"],
    ['attributes["text"]["k"] == 1', "neither"],
    ['attributes["list"][0] == "b"', "true"],
    ['attributes["list"][9] == "b"', "neither"],
    ['attributes["map"][0] == "b"', "neither"],
    ['attributes.text == "a"', "true"],
  ])("%s is %s", (expression, expected) => {
    const map = new Map<string, AnyValue>([["k", 1n]]);
    expect(outcome(expression, { text: "a", int: 7n, list: ["b", 7], map })).toBe(expected);
  });
});

describe("texts", () => {
  it.each<[string, string]>([
    ['x.startsWith("SELECT")', "true"],
    ['x.startsWith("select")', "false"],
    ['x.startsWith("")', "true"],
    ['x.endsWith("ä")', "true"],
    ['x.endsWith("a very long text, longer than the subject is")', "false"],
    ['x.contains("FROM")', "true"],
    ['x.contains("")', "true"],
    ['x.contains("DROP")', "false"],
    ['x.matches("^SELECT .* FROM")', "true"],
    ['x.matches("(?i)select")', "true"],
    ['x.matches("^FROM")', "false"],
    ["size(x) == 15", "true"],
    ["x.size() == 15", "true"],
    ['x.startsWith(attributes["prefix"])', "true"],
    ['attributes["prefix"].contains(x)', "false"],
    ['(x + "!").endsWith("ä!")', "true"],
    ['(x + "!").matches("!$")', "true"],
    ['size(x + "!") == 16', "true"],
    ['attributes["n"].startsWith("1")', "neither"],
    ['attributes["n"].matches("1")', "neither"],
    ['attributes["list"][0].matches("1")', "neither"],
    ['"1".startsWith(attributes["n"])', "neither"],
    ['size(attributes["n"]) == 1', "neither"],
    ['size(attributes["empty"]) == 0', "neither"],
    ['size(attributes["list"]) == 2', "true"],
    ['size(attributes["map"]) == 0', "true"],
    ['size(attributes["bytes"]) == 3', "true"],
    ["size(attributes) == 7", "true"],
    ["attributes.size() > 7", "false"],
  ])("%s is %s", (expression, expected) => {
    const attributes = {
      x: "SELECT 1 FROM ä",
      prefix: "SEL",
      n: 1n,
      list: [1n, 2n],
      map: new Map<string, AnyValue>(),
      bytes: Uint8Array.of(1, 2, 3),
      empty: null,
    };
    expect(outcome(expression.replaceAll(/\bx\b/g, 'attributes["x"]'), attributes)).toBe(expected);
  });
});

describe("arithmetic", () => {
  it.each<[string, string]>([
    ['attributes["i"] + 1 == 8', "true"],
    ['attributes["i"] - 1 == 6', "true"],
    ['attributes["i"] * 2 == 14', "true"],
    ['attributes["i"] / 2 == 3', "true"],
    ['attributes["i"] % 4 == 3', "true"],
    ['attributes["i"] / 0 == 0', "neither"],
    ['attributes["i"] % 0 == 0', "neither"],
    ['attributes["i"] + 1.0 == 8.0', "neither"],
    ['attributes["max"] + 1 > 0', "neither"],
    ['-attributes["min"] > 0', "neither"],
    ['-attributes["i"] == -7', "true"],
    ['attributes["d"] + 1.0 == 1.5', "true"],
    ['attributes["d"] - 1.0 == -0.5', "true"],
    ['attributes["d"] * 2.0 == 1.0', "true"],
    ['attributes["d"] / 0.0 > 1000.0', "true"],
    ['-attributes["d"] == -0.5', "true"],
    ['attributes["d"] % attributes["d"] == 0.0', "neither"],
    ['-attributes["s"] == 1', "neither"],
    ['attributes["s"] + attributes["s"] == "aa"', "true"],
    ['attributes["s"] - attributes["s"] == "aa"', "neither"],
    ['size(attributes["l"] + attributes["l"]) == 4', "true"],
    ['2 in attributes["l"] + attributes["l"]', "true"],
    ['attributes["l"] + attributes["s"] == "a"', "neither"],
    ['b"a" + b"b" == b"ab"', "true"],
    ["severity_number + 1 == 1", "true"],
    ["size(severity_text) + 1 == 1", "true"],
    ["-9223372036854775808 < severity_number", "true"],
    ["-1.5 < -1.0", "true"],
  ])("%s is %s", (expression, expected) => {
    expect(outcome(expression, { i: 7n, d: 0.5, s: "a", l: [1n, 2n], max: 2n ** 63n - 1n, min: -(2n ** 63n) })).toBe(
      expected,
    );
  });
});

describe("logic", () => {
  it.each<[string, string]>([
    ["true", "true"],
    ["false", "false"],
    ['attributes["yes"]', "true"],
    ['attributes["no"]', "false"],
    ['attributes["text"]', "neither"],
    ['attributes["yes"] && !attributes["no"]', "true"],
    ['attributes["text"] && true', "neither"],
    ['attributes["yes"] ? attributes["no"] : true', "false"],
    ['attributes["no"] ? attributes["no"] : true', "true"],
    ['attributes["text"] ? true : true', "neither"],
    ['(attributes["yes"] ? 1 : 2) == 1', "true"],
    ['(attributes["no"] ? 1 : 2) == 1', "false"],
    ['(attributes["text"] ? 1 : 1) == 1', "neither"],
    ['("text" in attributes) == true', "true"],
    ['(attributes["yes"] || attributes["text"]) == true', "true"],
    ['(attributes["no"] || attributes["text"]) == true', "neither"],
    ['(attributes["yes"] && attributes["no"]) == false', "true"],
    ['(!attributes["no"]) == true', "true"],
  ])("%s is %s", (expression, expected) => {
    expect(outcome(expression, { yes: true, no: false, text: "true" })).toBe(expected);
  });
});

describe("variables", () => {
  it("reads every field of a log record", () => {
    const record = logRecord({
      timeUnixNano: 1_700_000_000_000_000_001n,
      observedTimeUnixNano: 2n,
      severityNumber: 17,
      severityText: "ERROR",
      body: "deadlock detected",
      eventName: "db.server.top_query",
      flags: 1,
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
    });
    for (const expression of [
      "time_unix_nano == 1700000000000000001",
      "time_unix_nano != 1700000000000000000",
      "observed_time_unix_nano < 3",
      "severity_number == SEVERITY_NUMBER_ERROR",
      "severity_number == 17.0",
      'severity_text == "ERROR"',
      'severity_text != "error"',
      'body == "deadlock detected"',
      '!(body == "deadlock")',
      'body != "x"',
      'body.contains("lock")',
      'body.matches("^dead")',
      "size(body) == 17",
      'event_name.startsWith("db.server.")',
      "flags == 1",
      'trace_id == "0af7651916cd43dd8448eb211c80319c"',
      'span_id != ""',
      'resource.attributes["service.name"] == "shop"',
      'scope.name == "dbintel/test"',
      'scope.version == "1.2.0"',
      'scope.attributes["scope.tag"] == "t"',
    ]) {
      expect([expression, compileCondition(expression, "log").matches(record)]).toEqual([expression, true]);
    }
  });

  it("reads a body that is no text", () => {
    const body = new Map<string, AnyValue>([
      ["level", "debug"],
      ["http", new Map<string, AnyValue>([["status", 200n]])],
    ]);
    const check = (expression: string) => compileCondition(expression, "log").matches(logRecord({ body }));
    expect(check('body.level == "debug"')).toBe(true);
    expect(check('body["http"]["status"] == 200')).toBe(true);
    expect(check("body.http.status == 200")).toBe(true);
    expect(check("has(body.http)")).toBe(true);
    expect(check("has(body.http.method)")).toBe(false);
    expect(check("!has(body.http.method)")).toBe(true);
    expect(check("!has(body.level.name)")).toBe(true);
    expect(check("has(body.other.name) || !has(body.other.name)")).toBe(false);
    expect(check('body == "debug"')).toBe(false);
    expect(check('body != "debug"')).toBe(true);
    expect(check('body.matches("debug")')).toBe(false);
    expect(compileCondition("body == null", "log").matches(logRecord())).toBe(true);
  });

  it("reads every field of a span", () => {
    const cursor = span({
      parentSpanId: "b7ad6b7169203332",
      traceState: "a=b",
      kind: 3,
      flags: 257,
      statusCode: 2,
      statusMessage: "timeout",
      attributes: { "db.system.name": "mysql" },
    });
    for (const expression of [
      'name == "GET /cart"',
      "kind == SPAN_KIND_CLIENT",
      "status_code == STATUS_CODE_ERROR",
      'status_message == "timeout"',
      'duration == duration("250ms")',
      'duration > duration("0.2s")',
      'duration("1m") > duration',
      "start_time_unix_nano == 1000000000",
      "end_time_unix_nano > start_time_unix_nano",
      "flags == 257",
      'trace_id.startsWith("0af7")',
      'span_id == "b7ad6b7169203331"',
      'parent_span_id != ""',
      'trace_state == "a=b"',
      'attributes["db.system.name"] in ["mysql", "mariadb"]',
    ]) {
      expect([expression, compileCondition(expression, "span").matches(cursor)]).toEqual([expression, true]);
    }
  });

  it("reads every field of a data point and of its metric", () => {
    const point = dataPoint({ attributes: { state: "idle" } });
    for (const expression of [
      "value == 7",
      "value < 7.5",
      "start_time_unix_nano == 5",
      "time_unix_nano == 9",
      "flags == 0",
      'attributes["state"] == "idle"',
      'metric.name.startsWith("postgresql.")',
      'metric.description == "Commits"',
      'metric.unit == "{commit}"',
      'metric.type == "sum"',
      'metric.aggregation_temporality == "cumulative"',
      "metric.is_monotonic",
    ]) {
      expect([expression, compileCondition(expression, "datapoint").matches(point)]).toEqual([expression, true]);
      if (!expression.startsWith("metric.")) continue;
      expect([expression, compileCondition(expression, "metric").matches(metric())]).toEqual([expression, true]);
    }
    expect(compileCondition('value == "7"', "datapoint").matches(point)).toBe(false);
    expect(compileCondition('value != "7"', "datapoint").matches(point)).toBe(true);
    // A sum has neither count nor sum: absent, not zero.
    expect(compileCondition("count == 0 || !(count == 0)", "datapoint").matches(point)).toBe(false);
    expect(compileCondition("sum == 0 || !(sum == 0)", "datapoint").matches(point)).toBe(false);
    expect(compileCondition("!metric.is_monotonic", "metric").matches(metric())).toBe(false);
  });

  it("keeps durations exact", () => {
    const cursor = span({ startTimeUnixNano: 0n, endTimeUnixNano: 2n ** 62n + 1n });
    expect(compileCondition('duration > duration("1281023h")', "span").matches(cursor)).toBe(true);
    expect(compileCondition('duration < duration("-1.5h")', "span").matches(cursor)).toBe(false);
  });
});
