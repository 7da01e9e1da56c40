import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { inputJsonSchema, type JsonSchema } from "./subschema.ts";

/** One line of the table. */
interface Row {
  readonly key: string;
  /** More than one where the members of an alternative give the key different types. */
  readonly types: Set<string>;
  readonly fallback: string;
  readonly description: string;
}

/** The settings of a component as a Markdown table: every key with its type, default and description; nested keys dotted. */
export function settingsTable(schema: z.ZodType): string {
  const json = inputJsonSchema(schema);
  const table = new Table(json.$defs ?? {});
  table.map(json, "", json.default);
  if (table.rows.length === 0) return "There are no settings.";
  const lines = table.rows.map(
    ({ key, types, fallback, description }) =>
      `| \`${key}\` | ${cell([...types].join(" or "))} | ${cell(fallback)} | ${cell(description)} |`,
  );
  return ["| Key | Type | Default | Description |", "|---|---|---|---|", ...lines].join("\n");
}

/** Up to so many keys of a map have a row each, however alike they are. */
const fewAlike = 10;

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ");

class Table {
  readonly rows: Row[] = [];
  readonly #definitions: Readonly<Record<string, JsonSchema>>;
  /** The schemas that are being printed: one may hold itself. */
  readonly #open = new Set<JsonSchema>();

  constructor(definitions: Readonly<Record<string, JsonSchema>>) {
    this.#definitions = definitions;
  }

  /**
   * Adds the rows of a map's keys. `given` is what stands where the whole map is left out. The map may be one of
   * `alternatives`: then a key is required when all of them require it.
   */
  map(schema: JsonSchema, prefix: string, given: unknown, alternatives: readonly JsonSchema[] = [schema]): void {
    if (this.#open.has(schema)) return;
    this.#open.add(schema);
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      if (typeof property === "boolean") continue;
      const required = alternatives.every((each) => each.required?.includes(name));
      this.#row(property, prefix + name, required, member(given, name));
    }
    const options = this.#options(schema);
    for (const option of options) this.map(option, prefix, given, schema.allOf === undefined ? options : [option]);
    this.#open.delete(schema);
  }

  #row(written: JsonSchema, key: string, required: boolean, given: unknown): void {
    const schema = this.#resolve(written);
    // `never` stands for a key that is known but cannot be used.
    if (schema.not !== undefined) return;
    const standard = given ?? written.default ?? schema.default;
    const description = written.description ?? schema.description ?? "";
    const nested = this.#nested(schema, key);
    const fallback = nested.length > 0 && isMap(standard) ? {} : standard;
    const shown = fallback === undefined ? (required ? "required" : "") : code(fallback);
    const known = this.rows.find((row) => row.key === key);
    if (known !== undefined) {
      known.types.add(this.#type(schema));
      return;
    }
    this.rows.push({ key, types: new Set([this.#type(schema)]), fallback: shown, description });
    for (const { prefix, map } of nested) this.map(map, prefix, standard);
  }

  /** The maps below a value whose keys get rows: its own, those of a list's items, those of a map by name. */
  #nested(schema: JsonSchema, key: string): readonly { readonly prefix: string; readonly map: JsonSchema }[] {
    const options = this.#options(schema);
    const ofMaps = options.length > 0 && options.every((option) => option.properties !== undefined);
    const alike = this.#alike(schema);
    if (alike !== undefined) return this.#nested(alike, `${key}.<name>`);
    if (schema.properties !== undefined || ofMaps) return [{ prefix: `${key}.`, map: schema }];
    if (this.#open.has(schema)) return [];
    this.#open.add(schema);
    const inner = (sub: unknown, prefix: string) =>
      typeof sub === "object" && sub !== null ? this.#nested(this.#resolve(sub as JsonSchema), prefix) : [];
    const maps = [
      ...inner(schema.items, `${key}[]`),
      ...inner(schema.additionalProperties, `${key}.<name>`),
      ...options.flatMap((option) => inner(option, key)),
    ];
    this.#open.delete(schema);
    return maps;
  }

  /** What all of many keys are, where they differ by their names alone: a row for each would tell nothing more. */
  #alike({ properties, required = [] }: JsonSchema): JsonSchema | undefined {
    const [first, ...others] = Object.values(properties ?? {});
    if (others.length < fewAlike || required.length > 0 || typeof first !== "object") return undefined;
    return others.every((other) => isDeepStrictEqual(other, first)) ? this.#resolve(first) : undefined;
  }

  #type(schema: JsonSchema): string {
    if (schema.title !== undefined) return schema.title;
    if (schema.const !== undefined) return code(schema.const);
    if (schema.enum !== undefined) return schema.enum.map(code).join(", ");
    const options = this.#options(schema);
    if (options.length > 0) return [...new Set(options.map((each) => this.#type(each)))].join(" or ");
    if (schema.type === "array") return `list of ${this.#plural(schema.items)}`;
    if (schema.type !== "object") return String(schema.type ?? "any");
    const alike = this.#alike(schema);
    if (alike !== undefined) return `map of ${this.#plural(alike)}`;
    const values = schema.additionalProperties;
    return typeof values === "object" && schema.properties === undefined ? `map of ${this.#plural(values)}` : "map";
  }

  #plural(schema: unknown): string {
    if (typeof schema !== "object" || schema === null) return "values";
    const type = this.#type(this.#resolve(schema as JsonSchema));
    if (type === "any") return "values";
    return /^[a-z]+$/i.test(type) ? `${type}s` : type;
  }

  /** The members of an alternative or of an intersection. */
  #options({ anyOf, oneOf, allOf }: JsonSchema): readonly JsonSchema[] {
    return (anyOf ?? oneOf ?? allOf ?? [])
      .filter((each) => typeof each === "object")
      .map((each) => this.#resolve(each));
  }

  #resolve(schema: JsonSchema): JsonSchema {
    const name = schema.$ref?.replace("#/$defs/", "");
    return name === undefined ? schema : (this.#definitions[name] ?? schema);
  }
}

/** A list has no keys of ours, but methods with the names of some. */
function member(map: unknown, key: string): unknown {
  return isMap(map) ? (map as Readonly<Record<string, unknown>>)[key] : undefined;
}

function isMap(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function code(value: unknown): string {
  return `\`${typeof value === "string" && value !== "" ? value : JSON.stringify(value)}\``;
}
