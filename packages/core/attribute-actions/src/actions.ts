import { type AnyValue, type Attributes, attributeKey } from "@dbintel/pdata";
import type RE2 from "re2";
import type { Action } from "./config.ts";
import { convertValue } from "./convert.ts";
import { hashValue } from "./hash.ts";
import { compilePattern } from "./pattern.ts";

/** Edits attributes in place. */
export type AttributeEdit = (attributes: Attributes) => void;

/** Compiles actions to one edit, which carries them out in their order. Never throws for the attributes' sake. */
export function compileActions(actions: readonly Action[]): AttributeEdit {
  const edits = actions.map(compileAction);
  const [only] = edits;
  if (only !== undefined && edits.length === 1) return only;
  return (attributes) => {
    for (const edit of edits) edit(attributes);
  };
}

function compileAction(action: Action): AttributeEdit {
  switch (action.action) {
    case "insert":
    case "update":
    case "upsert":
      return writing(action);
    case "delete":
      return selecting(action, (attributes, key) => {
        attributes.delete(key);
      });
    case "hash":
      return selecting(action, (attributes, key) => {
        const value = attributes.get(key);
        if (value !== undefined) attributes.set(key, hashValue(value));
      });
    case "extract":
      return extracting(action.key, compilePattern(action.pattern).expression);
    case "convert": {
      const { converted_type } = action;
      const key = attributeKey(action.key);
      return (attributes) => {
        const value = attributes.get(key);
        const converted = value === undefined ? undefined : convertValue(value, converted_type);
        if (converted !== undefined && converted !== value) attributes.set(key.name, converted);
      };
    }
  }
}

function writing(action: Extract<Action, { readonly action: "insert" | "update" | "upsert" }>): AttributeEdit {
  const key = attributeKey(action.key);
  const source = action.from_attribute === undefined ? undefined : attributeKey(action.from_attribute);
  const constant = action.value === undefined ? undefined : toAnyValue(action.value);
  // insert writes where the attribute is absent, update where it is present, upsert in either case.
  const unlessPresent = action.action === "insert";
  const onlyIfPresent = action.action === "update";
  return (attributes) => {
    if (unlessPresent && attributes.has(key)) return;
    if (onlyIfPresent && !attributes.has(key)) return;
    const value = source === undefined ? constant : attributes.get(source);
    if (value !== undefined) attributes.set(key.name, value);
  };
}

/** A whole number of the configuration is an int, as in OTLP's JSON and in the OpenTelemetry Collector. */
function toAnyValue(value: NonNullable<Extract<Action, { readonly action: "insert" }>["value"]>): AnyValue {
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : value;
  return typeof value === "object" ? value.map(toAnyValue) : value;
}

/** Does `edit` to the attribute named by `key` and to all whose names the pattern is found in. */
function selecting(
  action: { readonly key?: string | undefined; readonly pattern?: string | undefined },
  edit: (attributes: Attributes, key: string) => void,
): AttributeEdit {
  const { key } = action;
  const pattern = action.pattern === undefined ? undefined : compilePattern(action.pattern).expression;
  return (attributes) => {
    if (key !== undefined) edit(attributes, key);
    if (pattern === undefined) return;
    // The names are taken first: an edit moves what an iteration stands on. The set keeps repeated names to one edit.
    const found = new Set<string>();
    for (const name of attributes.keys()) if (name !== key && pattern.test(name)) found.add(name);
    for (const name of found) edit(attributes, name);
  };
}

function extracting(name: string, pattern: RE2): AttributeEdit {
  const key = attributeKey(name);
  return (attributes) => {
    const utf8 = attributes.getUtf8(key);
    const groups = utf8 === undefined ? undefined : pattern.exec(utf8)?.groups;
    if (groups === undefined) return;
    for (const [group, text] of Object.entries(groups)) {
      // A group that took no part in the match, as one side of an alternation, is undefined whatever the types say.
      if (text !== undefined) attributes.set(group, text.toString("utf8"));
    }
  };
}
