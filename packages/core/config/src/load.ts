import type { Diagnostic } from "./diagnostic.ts";
import { expand } from "./expand.ts";
import { type ReadFile, readSource } from "./files.ts";
import { LoadBudget } from "./limits.ts";
import { mergeMaps } from "./merge.ts";
import { emptyMap, type MapNode } from "./node.ts";
import { formatPosition } from "./position.ts";
import { nameOfSource, readConfigSource, readSetting } from "./source.ts";

/** Where the configuration comes from. */
export interface LoadOptions {
  /** The values of `--config` in their order: a path, `file:PATH`, `env:NAME`, `yaml:a::b: value`. */
  readonly sources: readonly string[];
  /** The values of `--set` in their order, `a.b=c`; laid over all sources. */
  readonly set?: readonly string[];
  /** What `${env:NAME}` reads. Default: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What `file:` and `${file:PATH}` read. Default: the file system, relative to the working directory. */
  readonly readFile?: ReadFile;
}

/** A configuration that was read, merged and expanded, but not yet checked. */
export interface LoadedConfig {
  readonly root: MapNode;
  readonly diagnostics: readonly Diagnostic[];
  /** False when a source could not be read or is not YAML: `root` lacks it then, and checking would mislead. */
  readonly complete: boolean;
}

/**
 * Reads every source, merges the later ones over the earlier ones and expands the references of the result: a
 * variable that only an overridden value names need not be set. Throws for no input: what is wrong is in
 * `diagnostics`, all of it.
 */
export function loadConfig({ sources, set = [], env = process.env, readFile = readSource }: LoadOptions): LoadedConfig {
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic) => void diagnostics.push(diagnostic);
  const options = { env, readFile, report, budget: new LoadBudget() };
  const start = { source: nameOfSource(sources[0]), line: sources.length === 0 ? 0 : 1, column: 1 };
  if (sources.length === 0) {
    const message = "no configuration is given";
    report({ severity: "error", path: [], position: start, message, hint: "give one with --config FILE" });
  }
  const maps = [
    ...sources.map((source) => readConfigSource(source, options)),
    ...set.map((setting, index) => readSetting(setting, index + 1, options)),
  ];
  let merged = emptyMap(start);
  for (const map of maps) {
    if (map === undefined) continue;
    merged = mergeMaps(merged, map, ({ path, by, was }) =>
      report({
        severity: "warning",
        path,
        position: by.position,
        message: `the empty value takes the place of the map at ${formatPosition(was.position)}`,
        hint: "remove the key to keep the map, or write {} in its place to merge nothing",
      }),
    );
  }
  const complete = sources.length > 0 && maps.every((map) => map !== undefined);
  if (!complete) return { root: merged, diagnostics, complete };
  const root = expand(merged, options);
  return { root: root.kind === "map" ? root : merged, diagnostics, complete };
}
