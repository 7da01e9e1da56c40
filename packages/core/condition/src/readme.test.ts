import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { ConditionContext } from "./context.ts";
import { enumeration } from "./enumeration.ts";
import { variables } from "./variable.ts";
import { functions, limits, methods } from "./vocabulary.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const contexts = Object.keys(variables) as ConditionContext[];

/** `context variable type description` for each row of the README's tables of variables. */
function documented(): string[] {
  const rows: string[] = [];
  let of: readonly string[] = [];
  for (const line of readme.split("\n")) {
    const header = /^\| (.+) \| type \| \|$/.exec(line)?.[1];
    if (header !== undefined) of = header === "everywhere" ? contexts : header.replaceAll("`", "").split(", ");
    if (line === "") of = [];
    const [, name, type, description] = /^\| `([a-z_.]+)` \| (\w+) \| (.+) \|$/.exec(line) ?? [];
    if (name !== undefined) rows.push(...of.map((context) => `${context} ${name} ${type} ${description}`));
  }
  return rows.sort();
}

it("lists every variable of every context and no other", () => {
  const actual = contexts.flatMap((context) =>
    Object.entries(variables[context]).map(
      ([name, { type, description }]) => `${context} ${name} ${type} ${description}`,
    ),
  );
  expect(documented()).toEqual(actual.sort());
});

it("names every function, method and limit", () => {
  for (const name of functions) expect(readme).toMatch(new RegExp(`\`${name}\\(`));
  for (const name of methods) expect(readme).toContain(`.${name}(`);
  for (const limit of Object.values(limits)) expect(readme).toContain(limit.toLocaleString("en"));
});

it("numbers the constants as OTLP does", () => {
  expect(enumeration.get("SEVERITY_NUMBER_TRACE")).toBe(1n);
  expect(enumeration.get("SEVERITY_NUMBER_INFO3")).toBe(11n);
  expect(enumeration.get("SEVERITY_NUMBER_FATAL4")).toBe(24n);
  expect(enumeration.get("SPAN_KIND_UNSPECIFIED")).toBe(0n);
  expect(enumeration.get("SPAN_KIND_CONSUMER")).toBe(5n);
  expect(enumeration.get("STATUS_CODE_ERROR")).toBe(2n);
});
