import type { ConfigPath, Position } from "./position.ts";

/**
 * The configuration as a tree that remembers where each value was written, also after merging and expansion.
 * Nodes are immutable: merging and expanding make new ones.
 */
export type ConfigNode = ScalarNode | MapNode | ListNode | BrokenNode;

/** Says that a value was not written where it stands, but came from `${env:…}` or `${file:…}`. */
export interface Origin {
  /** The reference without its default: `${env:PORT}`. Safe to print. */
  readonly reference: string;
  /**
   * The text that the reference gave. A field that takes a string gets it as it is, so that `0123` stays `0123`
   * there. Absent inside a map or list that a reference gave. Never printed.
   */
  readonly text?: string;
  /** Where the text stops being YAML, for which reason it is taken as it is. */
  readonly notYaml?: Position;
}

interface NodeBase {
  readonly position: Position;
  /** Absent for a value that is written in the configuration itself. */
  readonly origin?: Origin;
}

export interface ScalarNode extends NodeBase {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
}

export interface MapNode extends NodeBase {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, MapEntry>;
}

export interface MapEntry {
  /** Where the key is written. */
  readonly key: Position;
  readonly value: ConfigNode;
}

export interface ListNode extends NodeBase {
  readonly kind: "list";
  readonly items: readonly ConfigNode[];
}

/** A value whose reference could not be resolved. It was reported; nothing else is said about it. */
export interface BrokenNode extends NodeBase {
  readonly kind: "broken";
}

/** The value at the end of `path`; `undefined` when there is none. */
export function nodeAt(root: ConfigNode | undefined, path: ConfigPath): ConfigNode | undefined {
  let node = root;
  for (const segment of path) node = child(node, segment);
  return node;
}

function child(node: ConfigNode | undefined, segment: string | number): ConfigNode | undefined {
  if (node?.kind === "map") return node.entries.get(String(segment))?.value;
  if (node?.kind === "list") return node.items[Number(segment)];
  return undefined;
}

/** Where `path` is written, or the deepest part of it that exists. `of: "key"` prefers the key of a map's entry. */
export function positionAt(root: ConfigNode, path: ConfigPath, of: "key" | "value" = "value"): Position {
  let node = root;
  let position = root.position;
  for (const segment of path) {
    const next = child(node, segment);
    if (next === undefined) return position;
    const entry = node.kind === "map" ? node.entries.get(String(segment)) : undefined;
    // The start of a nested map is its first key, which says little: its own key is the better place.
    position = entry !== undefined && (of === "key" || next.kind === "map") ? entry.key : next.position;
    node = next;
  }
  return position;
}

/** True when a reference in or below `node` could not be resolved. */
export function hasBroken(node: ConfigNode | undefined): boolean {
  switch (node?.kind) {
    case "broken":
      return true;
    case "map":
      return node.entries.values().some(({ value }) => hasBroken(value));
    case "list":
      return node.items.some(hasBroken);
    default:
      return false;
  }
}

/** A map without entries. */
export function emptyMap(position: Position): MapNode {
  return { kind: "map", position, entries: new Map() };
}

/** The entry of a map; `undefined` when the node is no map or has no such key. */
export function entryOf(node: ConfigNode | undefined, key: string): MapEntry | undefined {
  return node?.kind === "map" ? node.entries.get(key) : undefined;
}

/** True for a map without entries, a key without a value, and what is not there. */
export function isEmpty(node: ConfigNode | undefined): boolean {
  if (node?.kind === "map") return node.entries.size === 0;
  return node === undefined || (node.kind === "scalar" && node.value === null);
}
