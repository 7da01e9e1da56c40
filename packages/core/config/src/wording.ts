import type { z } from "zod";

/** By zod's names. */
const typeNames: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "a boolean",
  object: "a map",
  record: "a map",
  map: "a map",
  array: "a list",
  tuple: "a list",
  null: "nothing",
};

/** What a reader of YAML calls a type. */
export function nameOfType(type: string): string {
  return typeNames[type] ?? type;
}

/** `a, b or c`. */
export function alternatives(names: readonly string[]): string {
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} or ${names.at(-1)}` : (names[0] ?? "another value");
}

/** The limit that a value is outside of. */
export function limitOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "too_small":
      return bound(issue.inclusive === false ? "more than" : "at least", issue.minimum, issue.origin);
    case "too_big":
      return bound(issue.inclusive === false ? "less than" : "at most", issue.maximum, issue.origin);
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_format":
      return issue.format === "regex" ? `must match ${issue.pattern}` : `expected a valid ${issue.format}`;
    default:
      return "is not valid";
  }
}

function bound(relation: string, value: number | bigint, origin: string): string {
  if (origin === "string") return `must have ${relation} ${value} ${value === 1 ? "character" : "characters"}`;
  if (origin === "array" || origin === "set" || origin === "map") {
    return `must have ${relation} ${value} ${value === 1 ? "entry" : "entries"}`;
  }
  return `must be ${relation} ${value}`;
}
