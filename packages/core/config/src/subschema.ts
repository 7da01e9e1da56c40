import { z } from "zod";

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = z.core.JSONSchema.JSONSchema;

const single = ["items", "additionalProperties", "not"] as const;
const listed = ["prefixItems", "anyOf", "oneOf", "allOf"] as const;
const named = ["properties", "patternProperties", "$defs"] as const;

const isSchema = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null;

/**
 * The schema with each schema directly below it replaced; names of properties are left alone. `changeOption` is for
 * the members of `anyOf`, `oneOf` and `allOf`, which describe the same value as the schema that holds them.
 */
export function mapSubschemas(
  schema: JsonSchema,
  change: (subschema: JsonSchema) => JsonSchema,
  changeOption: (subschema: JsonSchema) => JsonSchema = change,
): JsonSchema {
  const result: JsonSchema = { ...schema };
  for (const key of single) {
    const value = schema[key];
    if (isSchema(value) && !Array.isArray(value)) result[key] = change(value);
  }
  for (const key of listed) {
    const value = schema[key];
    const apply = key === "prefixItems" ? change : changeOption;
    if (Array.isArray(value)) result[key] = value.map((each) => (isSchema(each) ? apply(each) : each)) as JsonSchema[];
  }
  for (const key of named) {
    const value = schema[key];
    if (value === undefined) continue;
    result[key] = Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, isSchema(each) ? change(each) : each]),
    ) as Record<string, JsonSchema>;
  }
  return result;
}

/** The JSON Schema of what is written: keys with defaults are not required, a duration is a text. */
export function inputJsonSchema(schema: z.ZodType): JsonSchema {
  const {
    $schema: _,
    "~standard": __,
    ...json
  } = z.toJSONSchema(schema, {
    io: "input",
    // What has no equivalent takes any value in the editor; `dbintel validate` checks it.
    unrepresentable: "any",
    override({ jsonSchema }) {
      // z.int() carries the bounds of exact numbers, which tell nobody anything.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return json;
}
