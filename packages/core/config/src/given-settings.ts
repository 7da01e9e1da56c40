import type { z } from "zod";
import { diagnose, unexplained } from "./issue.ts";
import type { ConfigNode } from "./node.ts";
import { type ConfigPath, formatPath, type Position } from "./position.ts";

/** Settings that fit their schema with its defaults filled in, or all that is wrong with them, a text for each. */
export type GivenSettings<Output> =
  | { readonly ok: true; readonly value: Output }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Checks settings that an application gives as a value instead of in a file: the same schema, and what is wrong is
 * said in the same words, by path instead of by line. Like a diagnostic, a problem holds no secret. A reference as files
 * have it is wrong here: taken as it stands it would be a password, or an attribute, of that text.
 */
export function checkGivenSettings<Schema extends z.ZodType>(
  schema: Schema,
  settings: unknown,
): GivenSettings<z.output<Schema>> {
  const node = nodeOf(settings);
  const references = referencesIn(node, []);
  if (references.length > 0) return { ok: false, problems: references.map(withoutReference) };
  const result = schema.safeParse(settings, { error: unexplained });
  if (result.success) return { ok: true, value: result.data };
  const checked = { schema, node, path: [], position: nowhere };
  const problems = diagnose(result.error.issues, checked).map(({ path, message, suggestion, hint }) => {
    const place = path.length === 0 ? "" : `${formatPath(path)}: `;
    const question = suggestion === undefined ? "" : ` (did you mean ${JSON.stringify(suggestion)}?)`;
    return `${place}${message}${question}${hint === undefined ? "" : `: ${hint}`}`;
  });
  return { ok: false, problems };
}

/** Where a text holds what `${…}` of a file would be replaced by. */
function referencesIn(node: ConfigNode, path: ConfigPath): readonly ConfigPath[] {
  if (node.kind === "scalar") {
    return typeof node.value === "string" && /\$\{(?:env|file):/.test(node.value) ? [path] : [];
  }
  if (node.kind === "list") return node.items.flatMap((item, index) => referencesIn(item, [...path, index]));
  if (node.kind !== "map") return [];
  return [...node.entries].flatMap(([key, { value }]) => referencesIn(value, [...path, key]));
}

function withoutReference(path: ConfigPath): string {
  const place = path.length === 0 ? "" : `${formatPath(path)}: `;
  return `${place}references such as \${env:NAME} are for files: give the value itself, such as process.env.NAME`;
}

const nowhere: Position = { source: "", line: 0, column: 0 };

/** No settings lie as deep; an object that holds itself ends here. */
const deepest = 32;

/** Stands for the value where it is described. What no file can hold, such as a function, is nothing there. */
function nodeOf(value: unknown, depth = 0): ConfigNode {
  const position = nowhere;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return { kind: "scalar", position, value };
  }
  if (typeof value !== "object" || value === null || depth === deepest)
    return { kind: "scalar", position, value: null };
  if (Array.isArray(value)) return { kind: "list", position, items: value.map((each) => nodeOf(each, depth + 1)) };
  const present = Object.entries(value).filter(([, each]) => each !== undefined);
  const entries = present.map(([key, each]) => [key, { key: position, value: nodeOf(each, depth + 1) }] as const);
  return { kind: "map", position, entries: new Map(entries) };
}
