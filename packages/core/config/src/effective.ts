import { z } from "zod";
import { inputOf, marksSecret } from "./schema-walk.ts";
import { redacted } from "./secret.ts";

/**
 * What was written, with the schema's defaults filled in and its secrets replaced: durations and sizes stay in the
 * words of the configuration, so that the result can be read back.
 */
export function effectiveValue(schema: z.core.$ZodType, value: unknown): unknown {
  if (marksSecret(schema)) return value === undefined || value === null ? value : redacted;
  const definition = (schema as z.core.$ZodTypes)._zod.def;
  switch (definition.type) {
    case "default":
    case "prefault":
      return effectiveValue(definition.innerType, value === undefined ? definition.defaultValue : value);
    case "optional":
    case "nullable":
    case "catch":
      return value === undefined || value === null ? value : effectiveValue(definition.innerType, value);
    case "nonoptional":
    case "readonly":
      return effectiveValue(definition.innerType, value);
    case "pipe":
      return effectiveValue(inputOf(definition), value);
    case "lazy":
      return effectiveValue(definition.getter(), value);
    case "union": {
      const taken = definition.options.find((option) => z.safeParse(option, value).success);
      return taken === undefined ? plain(value) : effectiveValue(taken, value);
    }
    case "intersection":
      // The second half sees what the first made of the value: a secret of either stays redacted.
      return effectiveValue(definition.right, effectiveValue(definition.left, value));
    case "object":
      return effectiveMap(definition, record(value));
    case "record":
      return Object.fromEntries(
        Object.entries(record(value)).map(([key, each]) => [key, effectiveValue(definition.valueType, each)]),
      );
    case "array":
      return Array.isArray(value) ? value.map((each) => effectiveValue(definition.element, each)) : plain(value);
    default:
      return plain(value);
  }
}

function effectiveMap({ shape }: z.core.$ZodObjectDef, given: Readonly<Record<string, unknown>>) {
  const result: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(shape)) {
    const value = effectiveValue(schema, given[key]);
    if (value !== undefined) result[key] = value;
  }
  for (const [key, value] of Object.entries(given)) if (!Object.hasOwn(shape, key)) result[key] = plain(value);
  return result;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** A URL may carry a user and a password where no schema says so. */
function plain(value: unknown): unknown {
  if (typeof value === "string") return value.replace(/(:\/\/)[^/@\s]+@/g, `$1${redacted}@`);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}
