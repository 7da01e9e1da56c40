import type { z } from "zod";
import type { Diagnostic } from "./diagnostic.ts";
import { likelyValue } from "./likely-value.ts";
import { type ConfigNode, hasBroken, nodeAt, positionAt, type ScalarNode } from "./node.ts";
import { type ConfigPath, formatPosition, type Position } from "./position.ts";
import { isSecretAt, keysAt } from "./schema-walk.ts";
import { closest } from "./suggestion.ts";
import { alternatives, limitOf, nameOfType } from "./wording.ts";

type Issue = z.core.$ZodIssue;

/** Stands in an issue's message when its schema has no sentence of its own: then {@link diagnose} writes one. */
const noMessage = "\u0000";

/** The error map for `safeParse`: a schema's own message wins over it. */
export const unexplained = () => noMessage;

/** What was checked. */
export interface Checked {
  readonly schema: z.ZodType;
  readonly node: ConfigNode;
  readonly path: ConfigPath;
  /** Where to point at for what is missing in it. */
  readonly position: Position;
}

/** What an issue says, before it has its place in the configuration. */
interface Finding {
  readonly path: ConfigPath;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly suggestion?: string | undefined;
  /** Points at the key at the end of this path instead of the value at the end of `path`. */
  readonly key?: ConfigPath;
}

/** Turns the issues of a schema into findings with positions, each at the deepest place that exists. */
export function diagnose(issues: readonly Issue[], checked: Checked): readonly Diagnostic[] {
  return issues.flatMap((issue) =>
    explain(issue, [], checked).map(({ path, message, hint, suggestion, key }): Diagnostic => {
      const position = place(checked, key ?? path, key === undefined ? "value" : "key");
      return { severity: "error", path: [...checked.path, ...path], position, message, hint, suggestion };
    }),
  );
}

function place({ node, position }: Checked, path: ConfigPath, of: "key" | "value"): Position {
  const missing = path.length === 0 || nodeAt(node, path.slice(0, 1)) === undefined;
  return missing && node.kind === "map" ? position : positionAt(node, path, of);
}

function explain(issue: Issue, base: ConfigPath, checked: Checked): readonly Finding[] {
  const path = [...base, ...(issue.path as ConfigPath)];
  if (isMoot(issue, path, checked.node)) return [];
  if (issue.message !== noMessage && issue.code !== "unrecognized_keys") return [ownMessage(issue, path, checked)];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey(key, path, checked));
    case "invalid_union":
      return union(issue, path, checked);
    case "invalid_key":
      return issue.issues.map((inner) => {
        const message = inner.message === noMessage ? `the key ${limitOf(inner)}` : inner.message;
        return { path, message, key: path };
      });
    case "invalid_value": {
      const expected = alternatives(issue.values.map((value) => JSON.stringify(value)));
      return [{ path, message: mismatch(expected, path, checked), suggestion: nearest(issue.values, path, checked) }];
    }
    case "invalid_type":
      return [wrongType(issue.expected, path, checked)];
    default:
      return [{ path, message: `${limitOf(issue)}${got(path, checked)}` }];
  }
}

/** The schema's own sentence; where it says what it expected, with what is written there and what was meant. */
function ownMessage(issue: Issue, path: ConfigPath, checked: Checked): Finding {
  const { message } = issue;
  const given = nodeAt(checked.node, path);
  if (!message.startsWith("expected ") || given?.kind !== "scalar") {
    return { path, message: message + provenance(given) };
  }
  if (issue.code === "invalid_value") {
    return { path, message: message + got(path, checked), suggestion: nearest(issue.values, path, checked) };
  }
  const isWritten = given.origin === undefined && !isSecretAt(checked.schema, path);
  const suggestion = isWritten ? likelyValue(checked.schema, path, String(given.value)) : undefined;
  return { path, message: message + got(path, checked), suggestion };
}

/** True when a reference that was reported already is to blame. */
function isMoot(issue: Issue, path: ConfigPath, root: ConfigNode): boolean {
  if (root.kind === "broken") return true;
  if (path.some((_, index) => nodeAt(root, path.slice(0, index + 1))?.kind === "broken")) return true;
  return (issue.code === "invalid_union" || issue.code === "custom") && hasBroken(nodeAt(root, path));
}

function unknownKey(key: string, path: ConfigPath, { schema }: Checked): Finding {
  const known = keysAt(schema, path);
  if (known.includes(key)) {
    // A key of another member of a union.
    return { path, message: `the key ${JSON.stringify(key)} does not go with the keys beside it`, key: [...path, key] };
  }
  const suggestion = closest(key, known);
  const hint = suggestion === undefined && known.length > 0 ? `known keys: ${known.join(", ")}` : undefined;
  return { path, message: `unknown key ${JSON.stringify(key)}`, suggestion, hint, key: [...path, key] };
}

/** Of a union's members the one that came closest speaks; when none did, all of them say what they expected. */
function union(issue: z.core.$ZodIssueInvalidUnion, path: ConfigPath, checked: Checked): readonly Finding[] {
  if (issue.errors.length === 0) {
    const options = "options" in issue && Array.isArray(issue.options) ? issue.options : [];
    const expected = options.length > 0 ? alternatives(options.map((each) => JSON.stringify(each))) : "another value";
    return [{ path, message: mismatch(expected, path, checked), suggestion: nearest(options, path, checked) }];
  }
  const refused = (member: readonly Issue[]) =>
    member.some(({ path: inner, code }) => inner.length === 0 && (code === "invalid_type" || code === "invalid_value"));
  // A member that knows the keys is what was meant, however much is wrong within.
  const strange = (member: readonly Issue[]) =>
    member.filter(({ path: inner, code }) => inner.length === 0 && code === "unrecognized_keys").length;
  const near = issue.errors
    .filter((member) => !refused(member))
    .toSorted((a, b) => strange(a) - strange(b) || a.length - b.length)[0];
  if (near !== undefined) return near.flatMap((inner) => explain(inner, path, checked));
  const expected = issue.errors.flatMap((member) =>
    member.flatMap((inner) => {
      if (inner.code === "invalid_type") return [nameOfType(inner.expected)];
      return inner.code === "invalid_value" ? inner.values.map((value) => JSON.stringify(value)) : [];
    }),
  );
  return [{ path, message: mismatch(alternatives([...new Set(expected)]), path, checked) }];
}

/** The allowed value that the given one is most likely a misspelling of. */
function nearest(allowed: readonly unknown[], path: ConfigPath, checked: Checked): string | undefined {
  const given = nodeAt(checked.node, path);
  if (given === undefined || !isVisible(given, path, checked)) return undefined;
  return closest(String(given.value), allowed.map(String));
}

function wrongType(expected: string, path: ConfigPath, checked: Checked): Finding {
  const given = nodeAt(checked.node, path);
  if (expected === "never") return { path, message: "is not allowed here" };
  if (given === undefined) return { path, message: "is required" };
  const message = mismatch(expected === "boolean" ? "true or false" : nameOfType(expected), path, checked);
  if (given.kind !== "scalar" || given.origin !== undefined || given.value === null) return { path, message };
  return { path, message, ...slip(expected, given.value) };
}

/** What to do about a value of another type, where that is a usual slip. */
function slip(expected: string, value: string | number | boolean): Pick<Finding, "hint" | "suggestion"> {
  if (expected === "string" && typeof value !== "string") return { hint: "put it between quotes" };
  if (expected === "array")
    return { hint: "a list is written [a, b], or with a line for each entry that begins with -" };
  if (/^(?:object|record)$/.test(expected) && typeof value === "string" && /^[\w.-]+:\S/.test(value)) {
    return { hint: "put a space behind the colon: key: value" };
  }
  if (expected === "boolean") return { suggestion: truths.get(String(value).toLowerCase()) };
  const isNumber = typeof value === "string" && /^-?\d+(?:\.\d+)?$/.test(value);
  return isNumber && /^(?:number|int)$/.test(expected) ? { hint: "write it without quotes" } : {};
}

/** What YAML 1.1 and people write for a boolean. */
const truths: ReadonlyMap<string, string> = new Map(
  Object.entries({
    yes: "true",
    on: "true",
    1: "true",
    true: "true",
    no: "false",
    off: "false",
    0: "false",
    false: "false",
  }),
);

function mismatch(expected: string, path: ConfigPath, checked: Checked): string {
  if (nodeAt(checked.node, path) === undefined) return `is required: ${expected}`;
  return `expected ${expected}${got(path, checked, expected !== "a map" && expected !== "a list")}`;
}

/** `, got …`: the value itself where it may be shown, else only what kind of value it is. */
function got(path: ConfigPath, checked: Checked, showValue = true): string {
  const node = nodeAt(checked.node, path);
  if (node === undefined) return "";
  if (node.origin !== undefined) return `, got ${kindOf(node)}${provenance(node)}`;
  if (!showValue || !isVisible(node, path, checked)) return `, got ${kindOf(node)}`;
  return `, got ${typeof node.value === "string" ? JSON.stringify(node.value) : node.value}`;
}

/** ` (from ${env:NAME})` for a value that a reference gave. */
function provenance(node: ConfigNode | undefined): string {
  if (node?.origin === undefined) return "";
  const { reference, notYaml } = node.origin;
  return ` (from ${reference}${notYaml === undefined ? "" : `, which is not YAML at ${formatPosition(notYaml)}`})`;
}

/** Keys whose values are not shown, whatever their schema says. */
const delicateKey = /(?:^|[^a-z])(?:pass|pwd|secret|token|key|auth|cred|dsn|license|headers)/i;
const delicateText = /pass|pwd|secret|token|key|auth|cred/i;
const longestShown = 60;

function isVisible(node: ConfigNode, path: ConfigPath, { schema }: Checked): node is ScalarNode {
  if (node.kind !== "scalar" || node.value === null || node.origin !== undefined) return false;
  const text = String(node.value);
  // A missing space after a colon makes a key and its value one text: `password:hunter2`.
  if (text.length > longestShown || /[:@]/.test(text) || delicateText.test(text)) return false;
  return !path.some((segment) => delicateKey.test(String(segment))) && !isSecretAt(schema, path);
}

function kindOf(node: ConfigNode): string {
  if (node.kind === "map") return "a map";
  if (node.kind === "list") return "a list";
  if (node.kind === "broken" || node.value === null) return "nothing";
  return nameOfType(typeof node.value);
}
