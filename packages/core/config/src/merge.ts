import type { ConfigNode, MapEntry, MapNode } from "./node.ts";
import type { ConfigPath } from "./position.ts";

/** Called where an empty value of a later source takes the place of a map that an earlier one filled. */
export type OnCleared = (cleared: {
  readonly path: ConfigPath;
  readonly by: ConfigNode;
  readonly was: MapNode;
}) => void;

/**
 * Lays a later source over an earlier one, as the OpenTelemetry Collector does: maps are merged key by key, anything
 * else, lists included, is replaced. An empty value (`otlp:`) is a value too: it replaces a map, and a component
 * whose settings are empty has all its defaults.
 */
export function mergeMaps(base: MapNode, overlay: MapNode, onCleared: OnCleared, path: ConfigPath = []): MapNode {
  const entries = new Map(base.entries);
  for (const [key, entry] of overlay.entries) {
    const earlier = entries.get(key);
    entries.set(key, earlier === undefined ? entry : mergeEntry(earlier, entry, onCleared, [...path, key]));
  }
  return { ...base, entries };
}

function mergeEntry(base: MapEntry, overlay: MapEntry, onCleared: OnCleared, path: ConfigPath): MapEntry {
  const [was, by] = [base.value, overlay.value];
  // The key keeps the place where it was written first: that of a component is where it was configured.
  const { key } = base;
  if (was.kind !== "map") return { key, value: by };
  if (by.kind === "map") return { key, value: mergeMaps(was, by, onCleared, path) };
  if (by.kind === "scalar" && by.value === null && was.entries.size > 0) onCleared({ path, by, was });
  return { key, value: by };
}
