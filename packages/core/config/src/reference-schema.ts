import { type JsonSchema, mapSubschemas } from "./subschema.ts";

/** The key in `$defs` of the schema that a reference fits. */
export const referenceName = "reference";

export const referenceSchema: JsonSchema = {
  type: "string",
  pattern: "\\$\\{[^}]+\\}",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of a reference
  description: "The value of an environment variable, ${env:NAME} or ${env:NAME:-default}, or of a file, ${file:PATH}.",
};

/** What describes a value rather than restricts it: it stays where an editor looks for it. */
const annotations = ["title", "description", "default", "examples", "deprecated", "writeOnly"] as const;

/**
 * Lets a reference stand for every value that is not a map and would refuse its text, and nothing stand for every
 * map without required keys: `grpc:` alone is a block with its defaults.
 */
export function allowReferences(schema: JsonSchema): JsonSchema {
  const inner = allowInside(schema);
  if (inner.type === "object")
    return (inner.required ?? []).length > 0 ? inner : { ...inner, type: ["object", "null"] };
  if (takesAnyText(inner) || isMapChoice(inner)) return inner;
  const outer: JsonSchema = {};
  const restricted: JsonSchema = { ...inner };
  for (const key of annotations) {
    if (inner[key] === undefined) continue;
    outer[key] = inner[key] as never;
    delete restricted[key];
  }
  return { ...outer, anyOf: [restricted, { $ref: `#/$defs/${referenceName}` }] };
}

/** The members of a choice are left as they are: the choice as a whole is what a reference may stand for. */
function allowInside(schema: JsonSchema): JsonSchema {
  return mapSubschemas(schema, allowReferences, allowInside);
}

function takesAnyText(schema: JsonSchema): boolean {
  const { type, enum: values, const: value, pattern, format, minLength, maxLength, anyOf, oneOf, $ref, not } = schema;
  if ($ref !== undefined || not !== undefined) return true;
  const options = anyOf ?? oneOf;
  if (options !== undefined) return anyOf?.some((each) => typeof each === "object" && takesAnyText(each)) === true;
  if (type === undefined) return values === undefined && value === undefined;
  if (type !== "string" || values !== undefined || value !== undefined) return false;
  return [pattern, format, minLength, maxLength].every((limit) => limit === undefined);
}

function isMapChoice({ anyOf, oneOf, allOf }: JsonSchema): boolean {
  const options = anyOf ?? oneOf ?? allOf ?? [];
  return (
    options.length > 0 && options.every((each) => typeof each === "object" && String(each.type).includes("object"))
  );
}
