import { attributeKey } from "@dbintel/pdata";
import type { ASTNode } from "@marcbachmann/cel-js";
import { int64 } from "./arithmetic.ts";
import { unknownVariable } from "./check-fault.ts";
import { enumeration } from "./enumeration.ts";
import type { ComparisonOperator, Expression, Literal } from "./expression.ts";
import { refusal } from "./fault.ts";
import { lowerCall, lowerMethod } from "./lower-call.ts";
import { ownerOf, pathOf, refuseDottedName } from "./path.ts";
import type { VariableTable } from "./variable.ts";

/** Turns a checked syntax tree into what the compiler understands; refuses everything else with its position. */
export function lower<T>(node: ASTNode, table: VariableTable<T>): Expression<T> {
  const expression = lowerAny(node, table);
  if (isDuration(expression)) {
    throw refusal(node, "a duration can only be compared with a duration", 'as in duration > duration("250ms")');
  }
  return expression;
}

function lowerAny<T>(node: ASTNode, table: VariableTable<T>): Expression<T> {
  switch (node.op) {
    case "value":
      return { kind: "literal", value: literal(node) };
    case "id":
    case ".":
    case "[]":
      return lowerAccess(node, table);
    case "!_":
      return { kind: "not", operand: lower(node.args, table) };
    case "-_":
      return lowerNegation(node.args, table);
    case "&&":
    case "||":
      return {
        kind: node.op === "&&" ? "and" : "or",
        left: lower(node.args[0], table),
        right: lower(node.args[1], table),
      };
    case "?:":
      return {
        kind: "choice",
        test: lower(node.args[0], table),
        yes: lower(node.args[1], table),
        no: lower(node.args[2], table),
      };
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
      return lowerComparison(node, node.op, node.args, table);
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
      return {
        kind: "arithmetic",
        operator: node.op,
        left: lower(node.args[0], table),
        right: lower(node.args[1], table),
      };
    case "in":
      return lowerMembership(node.args, table);
    case "call":
      return lowerCall(node, node.args[0], node.args[1], table);
    case "rcall":
      return lowerMethod(node, node.args[0], node.args[1], node.args[2], table);
    case "list":
      throw refusal(node, "a list may only stand on the right of in", 'as in severity_text in ["WARN", "ERROR"]');
    default:
      throw refusal(node, "this is not supported in conditions");
  }
}

/** The value of a literal node. */
function literal(node: ASTNode): Literal {
  const value = node.op === "value" ? node.args : undefined;
  if (typeof value === "bigint" && int64(value) === undefined) {
    throw refusal(node, "the number does not fit into 64 bits");
  }
  switch (typeof value) {
    case "string":
    case "boolean":
    case "bigint":
    case "number":
      return value;
    default:
      if (value === null || value instanceof Uint8Array) return value;
      throw refusal(node, "unsigned numbers are not supported", "OTLP has none; leave out the u");
  }
}

function isDuration<T>(expression: Expression<T>): boolean {
  return expression.kind === "duration" || (expression.kind === "variable" && expression.variable.type === "duration");
}

function lowerNegation<T>(operand: ASTNode, table: VariableTable<T>): Expression<T> {
  // -9223372036854775808 is an int though 9223372036854775808 is none.
  if (operand.op === "value" && typeof operand.args === "bigint") {
    const value = int64(-operand.args);
    if (value !== undefined) return { kind: "literal", value };
  }
  const expression = lower(operand, table);
  if (expression.kind === "literal" && typeof expression.value === "number") {
    return { kind: "literal", value: -expression.value };
  }
  return { kind: "negation", operand: expression };
}

function lowerComparison<T>(
  node: ASTNode,
  operator: ComparisonOperator,
  [leftNode, rightNode]: readonly [ASTNode, ASTNode],
  table: VariableTable<T>,
): Expression<T> {
  const left = lowerAny(leftNode, table);
  const right = lowerAny(rightNode, table);
  if (isDuration(left) !== isDuration(right)) {
    throw refusal(node, "a duration can only be compared with a duration", 'as in duration > duration("250ms")');
  }
  return { kind: "comparison", operator, left, right };
}

function lowerMembership<T>(
  [elementNode, containerNode]: readonly [ASTNode, ASTNode],
  table: VariableTable<T>,
): Expression<T> {
  const owner = ownerOf(containerNode, table);
  if (owner !== undefined) {
    const name = elementNode.op === "value" ? elementNode.args : undefined;
    if (typeof name !== "string") throw refusal(elementNode, "the name of an attribute must be a constant text");
    return { kind: "presence", owner, key: attributeKey(name) };
  }
  const element = lower(elementNode, table);
  if (containerNode.op !== "list") return { kind: "member", element, container: lower(containerNode, table) };
  const values = containerNode.args.map((node) => {
    const value = lower(node, table);
    if (value.kind !== "literal") throw refusal(node, "a list may only hold constants");
    return value.value;
  });
  return { kind: "one-of", element, values };
}

type Access = Extract<ASTNode, { readonly op: "id" | "." | "[]" }>;

function lowerAccess<T>(node: Access, table: VariableTable<T>): Expression<T> {
  const name = pathOf(node)?.join(".");
  if (name !== undefined) {
    const constant = enumeration.get(name);
    if (constant !== undefined) return { kind: "literal", value: constant };
    const variable = table[name];
    if (variable?.type === "attributes") {
      throw refusal(node, `${name} is a map`, `name one of its attributes, as in ${name}["name"]`);
    }
    if (variable !== undefined) return { kind: "variable", variable };
  }
  if (node.op === "id") throw unknownVariable(node.input, node, node.args, table);
  return lowerElement(node, node.args[0], keyOf(node), table);
}

function keyOf(node: Exclude<Access, { readonly op: "id" }>): string | bigint {
  if (node.op === ".") return node.args[1];
  const index = node.args[1];
  const key = index.op === "value" ? index.args : undefined;
  if (typeof key === "string" || typeof key === "bigint") return key;
  throw refusal(index, "an index must be a constant text or number");
}

function lowerElement<T>(node: ASTNode, ofNode: ASTNode, key: string | bigint, table: VariableTable<T>): Expression<T> {
  const owner = ownerOf(ofNode, table);
  if (owner !== undefined) {
    if (typeof key === "bigint") throw refusal(node, "attributes have names, not numbers");
    return { kind: "attribute", owner, key: attributeKey(key) };
  }
  refuseDottedName(node, table);
  return { kind: "element", of: lower(ofNode, table), key };
}
