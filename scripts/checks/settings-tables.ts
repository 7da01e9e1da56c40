import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { settingsTable } from "@dbintel/config";
import type { ComponentDefinition } from "@dbintel/pipeline";
import type { Outcome } from "./program.ts";
import { repository } from "./program.ts";

const marks = /(<!-- settings:begin -->\n)[\s\S]*?(<!-- settings:end -->)/;

/** A component's README as it is and as its schema says that it must be. */
interface Readme {
  readonly path: string;
  readonly text: string;
  readonly filled: string;
}

/** The READMEs of all components; one without the marks for the table is an error. */
export async function readmesOfComponents(): Promise<readonly Readme[]> {
  const pattern = "packages/{receivers,processors,exporters,connectors,extensions}/*/src/component.ts";
  const readmes: Readme[] = [];
  for (const component of globSync(pattern, { cwd: repository }).sort()) {
    const definition = await definitionIn(join(repository, component));
    const path = join(dirname(dirname(component)), "README.md");
    const text = await readFile(join(repository, path), "utf8");
    if (!marks.test(text)) throw new Error(`${path} has no <!-- settings:begin --> and <!-- settings:end -->`);
    const table = settingsTable(definition.schema).trim();
    readmes.push({ path, text, filled: text.replace(marks, (_all, begin, end) => `${begin}\n${table}\n\n${end}`) });
  }
  return readmes;
}

/** Fails for each table that is not what `npm run docs` writes. */
export async function checkSettingsTables(): Promise<Outcome> {
  try {
    const stale = (await readmesOfComponents()).filter(({ text, filled }) => text !== filled);
    const output = stale
      .map(({ path }) => `${path}: the settings differ from the schema; run "npm run docs"`)
      .join("\n");
    return { code: stale.length === 0 ? 0 : 1, output };
  } catch (error) {
    return { code: 1, output: String(error) };
  }
}

async function definitionIn(path: string): Promise<ComponentDefinition> {
  const exports: Record<string, unknown> = await import(pathToFileURL(path).href);
  for (const value of Object.values(exports)) if (isFactory(value)) return value.definition;
  throw new Error(`${path} exports no component`);
}

function isFactory(value: unknown): value is { readonly definition: ComponentDefinition } {
  return typeof value === "function" && "definition" in value;
}
