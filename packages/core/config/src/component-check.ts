import { createHash } from "node:crypto";
import type { ConfiguredComponent } from "./collector-config.ts";
import { parseComponentId } from "./component-id.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { Findings } from "./findings.ts";
import { type ConfigNode, emptyMap, entryOf, type MapNode } from "./node.ts";
import type { Position } from "./position.ts";
import { type ComponentKind, type ComponentRegistry, type ComponentType, type OfKind, sections } from "./registry.ts";
import { checkSchema } from "./schema-check.ts";
import { closest } from "./suggestion.ts";

/** A component that the configuration names, whether or not its settings are right. */
export interface Declared<Definition extends ComponentType = ComponentType> {
  readonly id: string;
  readonly kind: ComponentKind;
  /** Its key in the section, before trimming. */
  readonly key: string;
  readonly position: Position;
  /** Absent when its type is not known. */
  readonly definition?: Definition | undefined;
  /** Absent when its type is not known or its settings are wrong. */
  readonly configured?: ConfiguredComponent<Definition> | undefined;
  /** What its schema took. Holds secrets. */
  readonly input?: unknown;
}

/** What one section is checked with. */
export interface ComponentCheck<Definition extends ComponentType, Kind extends ComponentKind> {
  readonly kind: Kind;
  readonly root: MapNode;
  readonly registry: ComponentRegistry<Definition>;
  readonly findings: Findings;
}

/** Checks the components of one kind: ids, types and settings. */
export function checkComponents<Definition extends ComponentType, Kind extends ComponentKind>(
  check: ComponentCheck<Definition, Kind>,
): ReadonlyMap<string, Declared<OfKind<Definition, Kind>>> {
  const { kind, root, findings } = check;
  const section = sections[kind];
  const declared = new Map<string, Declared<OfKind<Definition, Kind>>>();
  const node = entryOf(root, section)?.value ?? emptyMap(root.position);
  for (const [key, { key: position, value }] of findings.map(node, [section], section).entries) {
    const path = [section, key];
    const parsed = parseComponentId(key);
    if (parsed.problem !== undefined) {
      findings.error({ path, position, message: `${JSON.stringify(key)} is not an id: ${parsed.problem}` });
      continue;
    }
    if (declared.has(parsed.id)) {
      findings.error({ path, position, message: `duplicate id "${parsed.id}": spaces around its parts do not count` });
      continue;
    }
    declared.set(parsed.id, {
      kind,
      key,
      position,
      id: parsed.id,
      ...checkSettings(check, { ...parsed, key, position, value }),
    });
  }
  return declared;
}

interface Written {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly key: string;
  readonly position: Position;
  readonly value: ConfigNode;
}

function checkSettings<Definition extends ComponentType, Kind extends ComponentKind>(
  { kind, registry, findings }: ComponentCheck<Definition, Kind>,
  { id, type, name, key, position, value }: Written,
): Pick<Declared<OfKind<Definition, Kind>>, "definition" | "configured" | "input"> {
  const path = [sections[kind], key];
  const definition = registry.lookup(kind, type);
  if (definition === undefined) {
    findings.error({ path, position, message: `unknown ${kind} type "${type}"`, ...wayOut(kind, type, registry) });
    return {};
  }
  if (definition.type !== type) {
    findings.warning({
      path,
      position,
      message: `"${type}" is an old name of the ${kind} type "${definition.type}"`,
      hint: "rename it here and where the service names it",
    });
  }
  if (value.kind === "broken") return { definition };
  const checked = checkSchema({ schema: definition.schema, node: value, path, position });
  if (!checked.ok) {
    findings.add(checked.diagnostics);
    return { definition };
  }
  // The output of a definition's own schema, which the union of all definitions does not show.
  const config = checked.value as ConfiguredComponent<OfKind<Definition, Kind>>["config"];
  return {
    definition,
    input: checked.input,
    configured: { id, type: definition.type, name, config, definition, digest: digestOf(checked.input), position },
  };
}

/** What to write instead of a type that is not known. */
function wayOut(
  kind: ComponentKind,
  type: string,
  registry: ComponentRegistry,
): Pick<Diagnostic, "hint" | "suggestion"> {
  const advice = registry.adviceOn?.(kind, type);
  if (advice !== undefined) return { hint: advice };
  const known = registry.types(kind);
  const hint = known.length === 0 ? undefined : `known types: ${known.join(", ")}`;
  return { suggestion: closest(type, known), hint };
}

/** SHA-256 of the settings: they may hold secrets, which nobody should be able to read back. */
function digestOf(input: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(input)) ?? "")
    .digest("base64url");
}

/** The order in which the keys of a map are written does not matter. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return entries.map(([key, each]) => [key, sorted(each)]);
}
