import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ConfigNode, configJsonSchema, type JsonSchema, loadConfig } from "@dbintel/config";
import { telemetrySchema } from "@dbintel/selftelemetry";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { loadAllDefinitions } from "./registry.ts";

const configs = fileURLToPath(new URL("../../../configs/", import.meta.url));
const schema = configJsonSchema(await loadAllDefinitions(), { telemetrySchema });

/** A variable of any name, whose value is the reference to it. */
const env = new Proxy<Record<string, string>>(
  {},
  {
    get: (_, name) => `\${env:${String(name)}}`,
    getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true }),
  },
);

/** What an editor sees of a configuration: references stay as they are written. */
function seen(yaml: string): unknown {
  const readFile = (path: string) => Buffer.from(path === "c.yaml" ? yaml : `\${file:${path}}`);
  return plain(loadConfig({ sources: ["c.yaml"], env, readFile }).root);
}

function plain(node: ConfigNode): unknown {
  if (node.kind === "map") {
    return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, plain(value)]));
  }
  if (node.kind === "list") return node.items.map(plain);
  return node.kind === "scalar" ? node.value : undefined;
}

/** Names of what is switched on and off: the map that they are in says what they are. */
const switches = /\.(?:metrics|resource_attributes|events)\./;

/** The settings below a schema that nobody could explain to the reader in an editor. */
function* undescribed(given: unknown, path: string): Generator<string> {
  if (typeof given !== "object" || given === null) return;
  const { properties = {}, anyOf = [], oneOf = [], allOf = [], items, additionalProperties } = given as JsonSchema;
  for (const [key, property] of Object.entries(properties)) {
    const at = `${path}.${key}`;
    if (typeof property !== "object") continue;
    const referred = schema.$defs?.[property.$ref?.replace("#/$defs/", "") ?? ""];
    if ((property.description ?? referred?.description) === undefined && !switches.test(at)) yield at;
    yield* undescribed(property, at);
  }
  for (const inner of [...anyOf, ...oneOf, ...allOf, items, additionalProperties]) yield* undescribed(inner, path);
}

describe("the JSON Schema of the distribution", () => {
  const checked = z.fromJSONSchema(JSON.parse(JSON.stringify(schema)));

  it.each(globSync("*.yaml", { cwd: configs }))("takes %s", (file) => {
    expect(checked.safeParse(seen(readFileSync(`${configs}${file}`, "utf8"))).error).toBeUndefined();
  });

  it.each([
    ["an unknown component", "receivers: { postgre: {} }"],
    ["an unknown key", "exporters: { debug: { verbose: true } }"],
    ["an unknown key of a component with a name", "exporters: { debug/a: { verbose: true } }"],
    ["a value that there is not", "exporters: { debug: { verbosity: loud } }"],
    ["an unknown signal", "service: { pipelines: { log: {} } }"],
  ])("refuses %s", (_, yaml) => {
    expect(checked.safeParse(seen(yaml)).success).toBe(false);
  });

  it("describes every setting", () => {
    const missing = Object.entries(schema.$defs ?? {}).flatMap(([name, part]) => [...undescribed(part, name)]);
    expect(missing).toEqual([]);
  });
});
