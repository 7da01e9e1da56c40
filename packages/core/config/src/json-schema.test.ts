// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of what is tested
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { definitions, telemetrySchema, valid, withSettings } from "../test/sample.ts";
import { configJsonSchema } from "./json-schema.ts";
import { inputJsonSchema, type JsonSchema } from "./subschema.ts";

const schema = configJsonSchema(definitions, { telemetrySchema });
const settings = (name: string): JsonSchema => {
  const found = schema.$defs?.[name];
  if (typeof found !== "object") throw new Error(`no ${name}`);
  return found;
};
/** An independent reader of JSON Schema: zod's own, made from the text. */
const accepts = (yaml: string) => {
  const validator = z.fromJSONSchema(JSON.parse(JSON.stringify(schema)));
  return validator.safeParse(parse(yaml)).success;
};

describe("configJsonSchema", () => {
  it("is draft 2020-12 with a key for each type, and a pattern for each alias and for what has a name", () => {
    expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
    expect(schema.additionalProperties).toBe(false);
    expect(schema.properties?.exporters).toEqual({
      type: ["object", "null"],
      description: "The exporters by id: type[/name].",
      properties: {
        debug: { $ref: "#/$defs/exporter.debug" },
        otlp_http: { $ref: "#/$defs/exporter.otlp_http" },
      },
      patternProperties: {
        "^debug/.+$": { $ref: "#/$defs/exporter.debug" },
        "^otlp_http/.+$": { $ref: "#/$defs/exporter.otlp_http" },
        "^otlphttp(/.+)?$": {
          $ref: "#/$defs/exporter.otlp_http",
          deprecated: true,
          description: "Old name of otlp_http.",
        },
      },
      additionalProperties: false,
    });
  });

  it("describes settings with their defaults and lets a reference stand for what is not a text", () => {
    const { description, properties, required, additionalProperties } = settings("receiver.postgresql");
    expect({ description, required, additionalProperties }).toEqual({
      description: "Watches PostgreSQL.",
      required: ["endpoint"],
      additionalProperties: false,
    });
    expect(properties?.username).toEqual({ default: "postgres", type: "string" });
    expect(properties?.password).toEqual({ type: "string", title: "secret", writeOnly: true });
    expect(properties?.connections).toEqual({
      default: 2,
      anyOf: [{ type: "integer", minimum: 1, maximum: 2 }, { $ref: "#/$defs/reference" }],
    });
    expect(properties?.interval).toMatchObject({ default: "10s", title: "duration" });
  });

  it.each([
    ["a configuration", valid],
    [
      "references",
      withSettings("connections: ${env:N}", "mode: ${M}", "interval: ${env:I:-5s}", "databases: ${file:x}"),
    ],
    ["blocks without a value", withSettings("events:").replace("debug:", "debug/a:")],
    ["a part of a configuration", "exporters: {debug: {verbosity: detailed}}"],
    ["an old name", 'exporters: {otlphttp/x: {endpoint: "http://x", headers: {a: b}}}'],
  ])("takes %s", (_, yaml) => {
    expect(accepts(yaml)).toBe(true);
  });

  it.each([
    ["an unknown section", `${valid}x: {}\n`],
    ["an unknown key", withSettings("intervall: 5s")],
    ["a wrong type", withSettings("connections: two")],
    ["a number out of bounds", withSettings("connections: 3")],
    ["a duration without a unit", withSettings("interval: 10")],
    ["a duration that is none", withSettings("interval: soon")],
    ["a value that is not in a list", withSettings("mode: fats")],
    ["a missing key", valid.replace("endpoint: localhost:5432", "username: x")],
    ["an unknown type", valid.replace("debug:", "debugg:")],
    ["an unknown signal", valid.replace("logs:", "profiles:")],
  ])("refuses %s", (_, yaml) => {
    expect(accepts(yaml)).toBe(false);
  });

  it("keeps the parts of a schema that holds itself apart from those of others", () => {
    const tree = z.strictObject({
      limit: z.int().optional(),
      get children() {
        return z.array(tree).optional();
      },
    });
    const { $defs = {} } = configJsonSchema(
      [
        { kind: "processor", type: "a", description: "A.", signals: {}, schema: tree },
        { kind: "processor", type: "b", description: "B.", signals: {}, schema: z.strictObject({ tree }) },
      ],
      { telemetrySchema },
    );
    const text = JSON.stringify($defs);
    const references = [...text.matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g)].map(([, name]) => name ?? "");
    expect(references).toContain("processor.a");
    expect(references.filter((name) => name.startsWith("processor.b."))).not.toEqual([]);
    expect(references.filter((name) => $defs[name] === undefined)).toEqual([]);
  });
});

describe("inputJsonSchema", () => {
  it("has no bounds that only say that a whole number is exact", () => {
    expect(inputJsonSchema(z.int())).toEqual({ type: "integer" });
    expect(inputJsonSchema(z.int().min(3))).toEqual({ type: "integer", minimum: 3 });
  });
});
