import type { Diagnostic } from "./diagnostic.ts";
import { type ReadFile, readText } from "./files.ts";
import type { LoadBudget } from "./limits.ts";
import { mergeMaps } from "./merge.ts";
import { emptyMap, type MapEntry, type MapNode } from "./node.ts";
import type { Position } from "./position.ts";
import { parseYaml, type YamlText } from "./yaml-text.ts";

/** What sources are read with. */
export interface SourceOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: ReadFile;
  readonly budget: LoadBudget;
  readonly report: (diagnostic: Diagnostic) => void;
}

/** What positions call the YAML that a source itself is. */
const yamlSource = "--config yaml";

/** What positions call a source. Never its YAML, in which a secret may stand. */
export function nameOfSource(source = "--config"): string {
  return source.startsWith("yaml:") ? yamlSource : source;
}

/** Reads one `--config`: a path, `file:PATH`, `env:NAME` or `yaml:a::b: value`. `undefined` after an error. */
export function readConfigSource(source: string, options: SourceOptions): MapNode | undefined {
  // A scheme has two letters at least: C:\collector.yaml is a path.
  const [, scheme = "file", opaque = source] = /^([A-Za-z][A-Za-z0-9+.-]+):(.*)$/s.exec(source) ?? [];
  if (scheme === "file") return readFileSource(opaque, options);
  if (scheme === "env") return readVariableSource(opaque, options);
  if (scheme === "yaml") return readYaml({ text: opaque, source: yamlSource, options, split: true });
  return fail(options, {
    source: `--config ${scheme}`,
    message: `sources of the kind ${scheme}: are not known`,
    hint: "use a path, file:PATH, env:NAME or yaml:KEY: VALUE",
  });
}

function readFileSource(path: string, options: SourceOptions): MapNode | undefined {
  if (/[\n{]/.test(path)) {
    return fail(options, {
      source: "--config",
      message: "it is no path but YAML",
      hint: "put yaml: before the text of a configuration",
    });
  }
  if (path.trim() === "") {
    return fail(options, {
      source: "--config",
      message: "no file is named",
      hint: "name one: --config collector.yaml",
    });
  }
  const read = readText(path, options.readFile);
  if (read.reason === undefined) return readYaml({ text: read.text, source: path, options });
  return fail(options, { ...read, source: path, message: `the file cannot be read: ${read.reason}` });
}

function readVariableSource(name: string, options: SourceOptions): MapNode | undefined {
  const text = Object.hasOwn(options.env, name) ? options.env[name] : undefined;
  const source = `env:${name}`;
  if (text !== undefined) return readYaml({ text, source, options });
  return fail(options, { source, message: `the environment variable ${name} is not set`, hint: "set it" });
}

/**
 * Reads one `--set a.b=c`: dots part the keys, or `::` where a key itself holds a dot; the value is YAML.
 * `ordinal` counts the flags from 1 and is reported as the line.
 */
export function readSetting(setting: string, ordinal: number, options: SourceOptions): MapNode | undefined {
  const equals = setting.indexOf("=");
  const path = setting.slice(0, Math.max(equals, 0)).trim();
  const keys = path.split(path.includes("::") ? "::" : ".").map((key) => key.trim());
  const start: Position = { source: "--set", line: ordinal, column: 1 };
  if (keys.includes("") || keys.includes("__proto__")) {
    const message = "expected KEY=VALUE with the keys parted by dots or ::";
    options.report({
      severity: "error",
      path: [],
      position: start,
      message,
      hint: "such as processors.batch.timeout=2s",
    });
    return undefined;
  }
  const value = parse(
    {
      text: setting.slice(equals + 1),
      locate: (_, column) => ({ ...start, column: column + equals + 1 }),
      budget: options.budget,
    },
    options,
    keys,
  );
  if (value === undefined) return undefined;
  return nest(keys, { key: start, value: value.root ?? { kind: "scalar", value: null, position: start } });
}

interface TextSource {
  readonly text: string;
  readonly source: string;
  readonly options: SourceOptions;
  /** Take `a::b: 1` as `a: {b: 1}`. */
  readonly split?: boolean;
}

function readYaml({ text, source, options, split = false }: TextSource): MapNode | undefined {
  const locate = (line: number, column: number): Position => ({ source, line, column });
  const parsed = parse({ text, locate, budget: options.budget }, options, []);
  if (parsed === undefined) return undefined;
  const { root } = parsed;
  if (root === undefined || (root.kind === "scalar" && root.value === null)) return emptyMap(locate(1, 1));
  if (root.kind === "map") return split ? splitKeys(root) : root;
  const found = root.kind === "list" ? "a list" : "a single value";
  options.report({
    severity: "error",
    path: [],
    position: root.position,
    message: `expected a map with receivers, exporters and service, got ${found}`,
  });
  return undefined;
}

/** Reports what is wrong with a text; `undefined` when something is. */
function parse(text: YamlText, options: SourceOptions, path: readonly string[]) {
  const { root, faults } = parseYaml(text);
  for (const { position, message } of faults) options.report({ severity: "error", path, position, message });
  return faults.length > 0 ? undefined : { root };
}

function splitKeys(map: MapNode): MapNode {
  let result = emptyMap(map.position);
  for (const [name, { key, value }] of map.entries) {
    const entry = { key, value: value.kind === "map" ? splitKeys(value) : value };
    result = mergeMaps(result, nest(name.split("::"), entry), () => {});
  }
  return result;
}

/** The map that has `entry` at the end of `keys`. */
function nest(keys: readonly string[], entry: MapEntry): MapNode {
  const position = entry.key;
  let node: MapEntry = entry;
  for (const name of keys.slice(1).toReversed()) {
    node = { key: position, value: { kind: "map", position, entries: new Map([[name, node]]) } };
  }
  return { kind: "map", position, entries: new Map([[keys[0] ?? "", node]]) };
}

interface Failure {
  readonly source: string;
  readonly message: string;
  readonly hint: string;
  /** Default: the source as a whole. */
  readonly place?: Pick<Position, "line" | "column"> | undefined;
}

function fail(options: SourceOptions, { source, message, hint, place = { line: 0, column: 0 } }: Failure): undefined {
  options.report({ severity: "error", path: [], position: { source, ...place }, message, hint });
}
