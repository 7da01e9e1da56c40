// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of the syntax
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from "yaml";
import { type LoadBudget, maxDepth, maxSyntaxErrors } from "./limits.ts";
import type { ConfigNode, MapEntry, Origin } from "./node.ts";
import type { Position } from "./position.ts";
import { yamlFaults } from "./yaml-fault.ts";

/** A text to be read as YAML 1.2, core schema. */
export interface YamlText {
  readonly text: string;
  /** Turns a line and column of the text, counted from 1, into the position that is reported. */
  readonly locate: (line: number, column: number) => Position;
  readonly budget: LoadBudget;
  /** Where the text itself came from, when that is a reference. */
  readonly origin?: Origin;
}

export interface YamlFault {
  readonly position: Position;
  readonly message: string;
}

/** `root` is absent when the text is empty or has faults. */
export interface YamlResult {
  readonly root?: ConfigNode;
  readonly faults: readonly YamlFault[];
}

/** Reads one document. Never throws: whatever is wrong with the text is a fault with a position. */
export function parseYaml(source: YamlText): YamlResult {
  const lines = new LineCounter();
  const document = parseDocument(source.text, {
    version: "1.2",
    schema: "core",
    // Also against a %YAML 1.1 directive, under which `no` would be false.
    resolveKnownTags: false,
    lineCounter: lines,
    prettyErrors: false,
    // Ours is linear; the parser's check compares each key with all before it.
    uniqueKeys: false,
    logLevel: "error",
  });
  const reader = new Reader(source, lines);
  for (const { code, pos } of [...document.errors, ...document.warnings]) reader.syntax(pos[0], yamlFaults[code]);
  // A document with errors is not the tree that its author meant; with warnings, of unknown tags, it is.
  const root = document.errors.length === 0 ? reader.read(document) : undefined;
  if (root === undefined || reader.faults.length > 0) return { faults: reader.faults };
  return { root, faults: [] };
}

/** Stops the reading of a document that is too large; the fault is reported already. */
class TooLarge extends Error {}

class Reader {
  readonly faults: YamlFault[] = [];
  readonly #source: YamlText;
  readonly #lines: LineCounter;
  /** The latest node of each anchor's name above the current place. */
  readonly #anchors = new Map<string, Node>();
  /** The collections that are being read: an alias to one of them has no end. */
  readonly #open = new Set<Node>();
  /** More than 0 while the target of an alias is read again; its anchors are known then. */
  #aliases = 0;

  constructor(source: YamlText, lines: LineCounter) {
    this.#source = source;
    this.#lines = lines;
  }

  /**
   * An error of the parser: one for each line, since the others only follow from it. A bracket or quote too much makes
   * everything behind it unexpected: that is said once.
   */
  syntax(offset: number, message: string): void {
    if (message === yamlFaults.UNEXPECTED_TOKEN && this.faults.length > 0) return;
    const { line } = this.#position(offset);
    if (this.faults.some(({ position }) => position.line === line)) return;
    const atReference = this.#source.text.slice(offset - 1, offset + 1) === "${";
    this.fault(offset, atReference ? 'a reference between [ ] or { } must be quoted: "${env:NAME}"' : message);
  }

  fault(offset: number, message: string): void {
    if (this.faults.length < maxSyntaxErrors) this.faults.push({ position: this.#position(offset), message });
  }

  read(document: Document.Parsed): ConfigNode | undefined {
    if (document.contents === null) return undefined;
    try {
      return this.#node(document.contents, 0);
    } catch (error) {
      if (error instanceof TooLarge) return undefined;
      throw error;
    }
  }

  #position(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return this.#source.locate(Math.max(line, 1), Math.max(col, 1));
  }

  #base(offset: number) {
    const { origin } = this.#source;
    const position = this.#position(offset);
    return origin === undefined ? { position } : { position, origin };
  }

  #node(node: Node, depth: number): ConfigNode {
    const offset = node.range?.[0] ?? 0;
    if (!this.#source.budget.takeNode()) this.#tooLarge(offset, "too many values: aliases or files that multiply");
    if (depth > maxDepth) this.#tooLarge(offset, `nested deeper than ${maxDepth} levels`);
    if (isAlias(node)) return this.#alias(node.source, offset, depth);
    if (node.anchor !== undefined && this.#aliases === 0) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return this.#scalar(node.value, node.source ?? "", offset);
    this.#open.add(node);
    try {
      if (isMap<Node, Node | null>(node)) return this.#map(node.items, offset, depth);
      if (!isSeq<Node>(node)) return this.#unreadable(offset);
      const items = node.items.map((item) => this.#node(item, depth + 1));
      return { kind: "list", items, ...this.#base(offset) };
    } finally {
      this.#open.delete(node);
    }
  }

  #scalar(value: unknown, source: string, offset: number): ConfigNode {
    const base = this.#base(offset);
    switch (typeof value) {
      case "number":
        if (Number.isInteger(value) && !Number.isSafeInteger(value) && /^[-+]?\d+$/.test(source)) {
          this.fault(offset, "a whole number beyond 2^53 would lose digits: quote it");
        }
        return { kind: "scalar", value, ...base };
      case "string":
      case "boolean":
        return { kind: "scalar", value, ...base };
      default:
        return value === null ? { kind: "scalar", value, ...base } : this.#unreadable(offset);
    }
  }

  #alias(name: string, offset: number, depth: number): ConfigNode {
    const target = this.#anchors.get(name);
    if (target === undefined || this.#open.has(target)) {
      const why =
        target === undefined ? "no anchor of this name stands above" : "the alias stands inside of what it names";
      this.fault(offset, `${why}; quote a text that begins with *`);
      return { kind: "broken", ...this.#base(offset) };
    }
    this.#aliases += 1;
    const node = this.#node(target, depth + 1);
    this.#aliases -= 1;
    return node;
  }

  #map(pairs: readonly Pair<Node, Node | null>[], offset: number, depth: number): ConfigNode {
    const entries = new Map<string, MapEntry>();
    const inherited: ConfigNode[] = [];
    for (const { key, value } of pairs) {
      const keyOffset = key.range?.[0] ?? offset;
      const position = this.#position(keyOffset);
      // A value that is left out stands nowhere; its key is the place to point at.
      const node: ConfigNode =
        value === null || isBlank(value)
          ? { kind: "scalar", value: null, ...this.#base(keyOffset) }
          : this.#node(value, depth + 1);
      const name = this.#key(key, keyOffset);
      if (name === undefined) continue;
      if (name === "<<" && node.kind !== "scalar") inherited.push(...(node.kind === "list" ? node.items : [node]));
      else if (entries.has(name)) this.fault(keyOffset, this.#duplicate(name, entries));
      else entries.set(name, { key: position, value: node });
    }
    for (const parent of inherited) {
      if (parent.kind !== "map") this.fault(offset, "<< takes a map, or a list of maps");
      else for (const [name, entry] of parent.entries) if (!entries.has(name)) entries.set(name, entry);
    }
    return { kind: "map", entries, ...this.#base(offset) };
  }

  #duplicate(name: string, entries: ReadonlyMap<string, MapEntry>): string {
    return `duplicate key ${JSON.stringify(name)}, first on line ${entries.get(name)?.key.line}`;
  }

  #key(key: Node, offset: number): string | undefined {
    const name = isScalar(key) ? (typeof key.value === "string" ? key.value : (key.source ?? "")) : "";
    // With __proto__ as a key a plain object would get another prototype.
    if (name !== "" && name !== "__proto__") return name;
    this.fault(offset, "a key must be a text that is not empty");
    return undefined;
  }

  #unreadable(offset: number): ConfigNode {
    this.fault(offset, yamlFaults.TAG_RESOLVE_FAILED);
    return { kind: "broken", ...this.#base(offset) };
  }

  #tooLarge(offset: number, message: string): never {
    this.fault(offset, message);
    throw new TooLarge();
  }
}

function isBlank(node: Node): boolean {
  return isScalar(node) && node.value === null && (node.source ?? "") === "" && node.anchor === undefined;
}
