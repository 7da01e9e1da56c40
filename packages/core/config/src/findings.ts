import type { Diagnostic } from "./diagnostic.ts";
import { type ConfigNode, emptyMap, type MapNode } from "./node.ts";
import type { ConfigPath } from "./position.ts";
import { closest } from "./suggestion.ts";

/** Collects what the parts of a check find. */
export class Findings {
  readonly #all: Diagnostic[] = [];

  error(finding: Omit<Diagnostic, "severity">): void {
    this.#all.push({ severity: "error", ...finding });
  }

  warning(finding: Omit<Diagnostic, "severity">): void {
    this.#all.push({ severity: "warning", ...finding });
  }

  add(diagnostics: readonly Diagnostic[]): void {
    this.#all.push(...diagnostics);
  }

  /** How many errors there are so far. */
  get errors(): number {
    return this.#all.filter(({ severity }) => severity === "error").length;
  }

  /** Everything that was found: source by source, each from its top to its bottom. */
  sorted(): readonly Diagnostic[] {
    const sources = new Map<string, number>();
    for (const { position } of this.#all) sources.set(position.source, sources.get(position.source) ?? sources.size);
    const rank = (source: string) => sources.get(source) ?? sources.size;
    return this.#all.toSorted(
      ({ position: a }, { position: b }) => rank(a.source) - rank(b.source) || a.line - b.line || a.column - b.column,
    );
  }

  /** The map at `path`, empty where nothing is written; reports any other value. */
  map(node: ConfigNode, path: ConfigPath, of: string): MapNode {
    if (node.kind === "map") return node;
    const { position } = node;
    if (node.kind === "list" || (node.kind === "scalar" && node.value !== null)) {
      const found = node.kind === "list" ? "a list" : "a single value";
      const hint = node.kind === "list" ? "write a key for each, name: instead of - name:" : undefined;
      this.error({ path, position, message: `expected a map of ${of}, got ${found}`, hint });
    }
    return emptyMap(position);
  }

  /**
   * Reports each key of the map that is not known. Gives those that were most likely meant: that they are missing says
   * nothing more.
   */
  keys(map: MapNode, path: ConfigPath, known: readonly string[]): ReadonlySet<string> {
    const meant = new Set<string>();
    for (const [name, { key }] of map.entries) {
      if (known.includes(name)) continue;
      const suggestion = closest(name, known);
      if (suggestion !== undefined) meant.add(suggestion);
      const hint = suggestion === undefined ? `known keys: ${known.join(", ")}` : undefined;
      this.error({ path, position: key, message: `unknown key ${JSON.stringify(name)}`, suggestion, hint });
    }
    return meant;
  }
}
