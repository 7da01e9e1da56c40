import type { z } from "zod";
import { extensionsSchema, pipelineSchema } from "./pipeline-check.ts";
import { allowReferences, referenceName, referenceSchema } from "./reference-schema.ts";
import { type ComponentType, componentKinds, sections, signals } from "./registry.ts";
import { inputJsonSchema, type JsonSchema, mapSubschemas } from "./subschema.ts";

/**
 * The JSON Schema of a configuration file, for editors that complete keys and flag unknown ones. Nothing is required
 * at its top, since a file may be one of several that are merged; `${env:…}` and `${file:…}` may stand for any value
 * that is not a map.
 */
export function configJsonSchema(
  definitions: Iterable<ComponentType>,
  { telemetrySchema }: { readonly telemetrySchema: z.ZodType },
): JsonSchema {
  const defs = new Definitions();
  const properties: Record<string, JsonSchema> = {};
  const all = [...definitions];
  for (const kind of componentKinds) {
    const types: Record<string, JsonSchema> = {};
    const byId: Record<string, JsonSchema> = {};
    for (const { type, aliases = [], description, schema } of all.filter((each) => each.kind === kind)) {
      const settings = defs.add(`${kind}.${type}`, schema, description);
      types[type] = settings;
      byId[namedId(type)] = settings;
      for (const alias of aliases) {
        byId[anyId(alias)] = { ...settings, deprecated: true, description: `Old name of ${type}.` };
      }
    }
    properties[sections[kind]] = map(`The ${sections[kind]} by id: type[/name].`, {
      properties: types,
      patternProperties: byId,
    });
  }
  const pipeline = defs.add("service.pipeline", pipelineSchema, "Joins components.");
  properties.service = map("What runs, and how it is joined.", {
    properties: {
      extensions: defs.add("service.extensions", extensionsSchema),
      pipelines: map("The pipelines by id: signal[/name].", {
        properties: Object.fromEntries(signals.map((signal) => [signal, pipeline])),
        patternProperties: { [namedId(`(${signals.join("|")})`)]: pipeline },
      }),
      telemetry: defs.add("service.telemetry", telemetrySchema, "The collector's own logs and metrics."),
    },
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Configuration of the Database Intelligence Collector",
    ...map("Components, and the service that runs them.", { properties }),
    $defs: defs.all,
  };
}

/** A type alone is a property, so that editors complete it; with a name behind it there are as many as one likes. */
const namedId = (type: string) => `^${type}/.+$`;
const anyId = (type: string) => `^${type}(/.+)?$`;

function map(description: string, content: JsonSchema): JsonSchema {
  return { type: ["object", "null"], description, ...content, additionalProperties: false };
}

/** Collects schemas under one `$defs`, where the names that each has for its own parts must not meet. */
class Definitions {
  readonly all: Record<string, JsonSchema> = { [referenceName]: referenceSchema };

  /** Adds a schema and gives the reference to it. */
  add(name: string, schema: z.ZodType, description?: string): JsonSchema {
    const { $defs = {}, ...json } = inputJsonSchema(schema);
    const rename = (each: JsonSchema): JsonSchema => {
      const renamed = mapSubschemas(each, rename);
      if (each.$ref === undefined) return renamed;
      return {
        ...renamed,
        $ref: each.$ref.replace(/^#(?:\/\$defs\/)?/, (root) => `#/$defs/${name}${root === "#" ? "" : "."}`),
      };
    };
    for (const [key, part] of Object.entries($defs)) this.all[`${name}.${key}`] = allowReferences(rename(part));
    this.all[name] = { ...(description === undefined ? {} : { description }), ...allowReferences(rename(json)) };
    return { $ref: `#/$defs/${name}` };
  }
}
