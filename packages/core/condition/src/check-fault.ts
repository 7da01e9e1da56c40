import { closest } from "@dbintel/config";
import type { DbintelError } from "@dbintel/errors";
import type { TypeError as CelTypeError, ErrorLocation, ParseError } from "@marcbachmann/cel-js";
import { enumeration } from "./enumeration.ts";
import { fault, type Range } from "./fault.ts";
import { ottlHint } from "./ottl.ts";
import { type VariableTable, variables } from "./variable.ts";
import { functions, limits, methods } from "./vocabulary.ts";

/** A fault of syntax in our words. */
export function parseFault(expression: string, error: ParseError): DbintelError {
  const range = error.range ?? { start: 0, end: 0 };
  const token = expression.slice(range.start, range.end);
  if (error.code === "limit_exceeded") return tooLarge(expression, range);
  if (range.start >= expression.length) {
    const problem = expression.trim() === "" ? "the condition is empty" : "the condition ends too early";
    return fault({ expression, range, problem });
  }
  if (error.code === "unexpected_character" || error.code === "unexpected_token" || error.code === "expected_token") {
    const wordBefore = /(\w*)\s*$/.exec(expression.slice(Math.max(0, range.start - 16), range.start))?.[1] ?? "";
    const hint = token === "=" ? "CEL compares with ==" : (ottlHint(wordBefore) ?? ottlHint(token));
    return fault({ expression, range, problem: `unexpected ${JSON.stringify(token)}`, hint });
  }
  return fault({ expression, range, problem: lowerFirst(error.summary) });
}

/** The fault of a condition that passes a limit. */
export function tooLarge(expression: string, range: Range): DbintelError {
  return fault({
    expression,
    range,
    problem: "the condition is too large",
    hint: `divide it: at most ${limits.maxAstNodes} parts, ${limits.maxDepth} deep, ${limits.maxListElements} elements in a list`,
  });
}

/** A fault of types or names in our words. */
export function checkFault<T>(
  expression: string,
  error: ParseError | CelTypeError,
  table: VariableTable<T>,
): DbintelError {
  const node = error.node;
  const range = error.range ?? { start: 0, end: expression.length };
  switch (error.code) {
    case "unknown_variable":
      return unknownVariable(expression, range, expression.slice(range.start, range.end), table);
    case "no_such_key":
      return unknownVariable(expression, node ?? range, expression.slice(node?.start, node?.end), table);
    case "no_matching_overload": {
      const name = calledName(node);
      if (name !== undefined && !isKnown(name)) return unknownFunction(expression, range, name);
      break;
    }
    case "invalid_macro_argument":
      return fault({
        expression,
        range: node ?? range,
        problem: "has() takes a name inside a map, such as attributes.name",
        hint: 'for a name with dots write "db.system.name" in attributes',
      });
  }
  const types = /(?:no such overload: |overload for )'?(.+?)'?$/.exec(error.summary)?.[1];
  const problem = types === undefined ? lowerFirst(error.summary) : `types do not fit: ${types}`;
  return fault({ expression, range, problem: readable(problem), hint: typeHint(problem, node) });
}

/** An unknown variable, with what exists in this context. */
export function unknownVariable<T>(
  expression: string,
  range: Range,
  name: string,
  table: VariableTable<T>,
): DbintelError {
  const names = Object.keys(table);
  const elsewhere = contextsWith(name);
  const others = elsewhere.length === 0 ? "" : `; ${name} is there for ${elsewhere.join(", ")} conditions`;
  return fault({
    expression,
    range,
    problem: `unknown variable "${name}"${didYouMean(name, /^[A-Z]/.test(name) ? enumeration.keys() : names)}`,
    hint: ottlHint(name) ?? `there are: ${names.join(", ")}${others}`,
  });
}

function contextsWith(name: string): readonly string[] {
  return Object.entries(variables)
    .filter(([, table]) => Object.hasOwn(table, name))
    .map(([context]) => context);
}

/** A function that does not exist or that conditions do not support, with those that they do. */
export function unknownFunction(expression: string, range: Range, name: string): DbintelError {
  return fault({
    expression,
    range,
    problem: `unknown function "${name}"${didYouMean(name, [...functions, ...methods])}`,
    hint:
      ottlHint(name) ??
      `there are: ${functions.map((known) => `${known}()`).join(", ")}, ${methods.map((known) => `.${known}()`).join(", ")}`,
  });
}

function calledName(node: ErrorLocation | undefined): string | undefined {
  const args = node?.args;
  return Array.isArray(args) && typeof args[0] === "string" ? args[0] : undefined;
}

function isKnown(name: string): boolean {
  return [...functions, ...methods].some((known) => known === name);
}

function typeHint(problem: string, node: ErrorLocation | undefined): string | undefined {
  if (problem.includes("google.protobuf.Duration")) return 'write durations as duration("250ms")';
  const name = node?.op === "call" ? calledName(node) : undefined;
  return methods.some((known) => known === name) && name !== "size" ? `write x.${name}(y)` : undefined;
}

/** A text of the library with our names of its types. */
export function readable(text: string): string {
  return text.replaceAll("google.protobuf.Duration", "duration");
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function didYouMean(name: string, known: Iterable<string>): string {
  const nearest = closest(name, known);
  return nearest === undefined ? "" : ` (did you mean "${nearest}"?)`;
}
