import { z } from "zod";
import type { ConfigPath, PathSegment } from "./position.ts";

type Schema = z.core.$ZodType;

const definitionOf = (schema: Schema) => (schema as z.core.$ZodTypes)._zod.def;

/** The schema of what is written, when the result of one schema is the input of another. */
export function inputOf(pipe: z.core.$ZodPipeDef): Schema {
  // z.preprocess is a pipe that begins with a bare function: what is written is described by its end.
  return definitionOf(pipe.in).type === "transform" ? pipe.out : pipe.in;
}

/** The schema itself and what it wraps: defaults, optionals, transforms, the members of a union. */
function* layers(schema: Schema): Generator<Schema> {
  yield schema;
  const definition = definitionOf(schema);
  switch (definition.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "nonoptional":
    case "readonly":
    case "catch":
      yield* layers(definition.innerType);
      break;
    case "pipe":
      yield* layers(inputOf(definition));
      break;
    case "lazy":
      yield* layers(definition.getter());
      break;
    case "union":
      for (const option of definition.options) yield* layers(option);
      break;
    case "intersection":
      yield* layers(definition.left);
      yield* layers(definition.right);
      break;
  }
}

function* children(schema: Schema, segment: PathSegment): Generator<Schema> {
  for (const layer of layers(schema)) {
    const definition = definitionOf(layer);
    if (definition.type === "object") {
      const child = Object.hasOwn(definition.shape, segment) ? definition.shape[String(segment)] : definition.catchall;
      if (child !== undefined) yield child;
    } else if (definition.type === "record") {
      yield definition.valueType;
    } else if (definition.type === "array") {
      yield definition.element;
    }
  }
}

/** Every schema that a value at `path` may be checked against. */
export function schemasAt(schema: Schema, path: ConfigPath): readonly Schema[] {
  let reached: Schema[] = [schema];
  for (const segment of path) reached = reached.flatMap((each) => [...children(each, segment)]);
  return reached.flatMap((each) => [...layers(each)]);
}

/** True for a schema that was made by `secret()`, with whatever is around it. */
export function marksSecret(schema: Schema): boolean {
  return z.globalRegistry.get(schema)?.writeOnly === true;
}

/** True when the value at `path` is a secret, or may be one. */
export function isSecretAt(schema: Schema, path: ConfigPath): boolean {
  return path.some((_, index) => schemasAt(schema, path.slice(0, index + 1)).some(marksSecret));
}

/** True for a key that is known but cannot be used: it is there to say what to write instead. */
function isNever(schema: Schema): boolean {
  return [...layers(schema)].some((layer) => definitionOf(layer).type === "never");
}

/** The keys that a map at `path` may have. */
export function keysAt(schema: Schema, path: ConfigPath): readonly string[] {
  const keys = schemasAt(schema, path).flatMap((each) => {
    const definition = definitionOf(each);
    if (definition.type !== "object") return [];
    return Object.entries(definition.shape).flatMap(([key, value]) => (isNever(value) ? [] : [key]));
  });
  return [...new Set(keys)];
}
