import { attributeKey } from "@dbintel/pdata";
import type { ASTNode } from "@marcbachmann/cel-js";
import RE2 from "re2";
import { unknownFunction } from "./check-fault.ts";
import { parseDuration } from "./duration.ts";
import type { Expression } from "./expression.ts";
import { refusal } from "./fault.ts";
import { lower } from "./lower.ts";
import { ownerOf, refuseDottedName } from "./path.ts";
import type { VariableTable } from "./variable.ts";
import { limits } from "./vocabulary.ts";

/** `has(x)`, `size(x)`, `duration("1s")`. */
export function lowerCall<T>(
  node: ASTNode,
  name: string,
  args: readonly ASTNode[],
  table: VariableTable<T>,
): Expression<T> {
  const [argument] = args;
  if (argument !== undefined && args.length === 1) {
    if (name === "has") return lowerHas(argument, table);
    if (name === "size") return lowerSize(argument, table);
    if (name === "duration") return lowerDuration(argument);
  }
  throw unknownFunction(node.input, node, name);
}

/** `x.startsWith(y)` and the others. */
export function lowerMethod<T>(
  node: ASTNode,
  name: string,
  receiver: ASTNode,
  args: readonly ASTNode[],
  table: VariableTable<T>,
): Expression<T> {
  const [argument] = args;
  if (name === "size" && argument === undefined) return lowerSize(receiver, table);
  if (argument !== undefined && args.length === 1) {
    switch (name) {
      case "startsWith":
      case "endsWith":
      case "contains":
        return { kind: "text", test: name, subject: lower(receiver, table), argument: lower(argument, table) };
      case "matches":
        return { kind: "match", subject: lower(receiver, table), pattern: pattern(argument) };
    }
  }
  throw unknownFunction(node.input, node, name);
}

function lowerHas<T>(argument: ASTNode, table: VariableTable<T>): Expression<T> {
  if (argument.op !== ".") throw refusal(argument, "has() takes a name inside a map, such as attributes.name");
  const [of, name] = argument.args;
  const owner = ownerOf(of, table);
  if (owner !== undefined) return { kind: "presence", owner, key: attributeKey(name) };
  refuseDottedName(argument, table);
  if (ownerOf(argument, table) !== undefined) {
    throw refusal(argument, "a map of attributes is always there", 'ask for a name: "name" in resource.attributes');
  }
  const whole = lower(argument, table);
  if (whole.kind !== "element") throw refusal(argument, "this is always there", 'compare it, as in scope.name != ""');
  return { kind: "element-presence", of: whole.of, key: name };
}

function lowerSize<T>(argument: ASTNode, table: VariableTable<T>): Expression<T> {
  const owner = ownerOf(argument, table);
  return owner === undefined ? { kind: "size", of: lower(argument, table) } : { kind: "count", owner };
}

function lowerDuration<T>(argument: ASTNode): Expression<T> {
  const text = argument.op === "value" ? argument.args : undefined;
  const nanoseconds = typeof text === "string" ? parseDuration(text) : undefined;
  if (nanoseconds === undefined) {
    throw refusal(argument, "not a duration", 'a constant with a unit: duration("250ms"), duration("1m30s")');
  }
  return { kind: "duration", nanoseconds };
}

/** RE2 has no backreferences and no lookaround, and in exchange needs time linear in the length of the text. */
function pattern(argument: ASTNode): RE2 {
  const text = argument.op === "value" ? argument.args : undefined;
  if (typeof text !== "string") throw refusal(argument, "the pattern of matches() must be a constant text");
  if (text.length > limits.patternLength) {
    throw refusal(argument, `the pattern is longer than ${limits.patternLength} characters`);
  }
  try {
    return new RE2(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refusal(argument, reason, "patterns are RE2: https://github.com/google/re2/wiki/Syntax");
  }
}
