import { z } from "zod";
import type { Declared } from "./component-check.ts";
import { parseComponentId } from "./component-id.ts";
import type { Findings } from "./findings.ts";
import { type ConfigNode, entryOf, hasBroken, type MapEntry, type MapNode } from "./node.ts";
import type { ConfigPath, Position } from "./position.ts";
import { type ComponentKind, componentKinds, type Signal, sections, signals } from "./registry.ts";
import { checkSchema } from "./schema-check.ts";
import { closest } from "./suggestion.ts";

const ids = (what: string) => z.array(z.string()).default([]).describe(what);

/** One entry of `service.pipelines`. */
export const pipelineSchema = z.strictObject({
  receivers: ids("Ids of receivers, or of connectors that feed this pipeline."),
  processors: ids("Ids of processors, in the order in which data passes them."),
  exporters: ids("Ids of exporters, or of connectors that this pipeline feeds."),
});

/** `service.extensions`. */
export const extensionsSchema = ids("Ids of the extensions that run, in the order in which they start.");

/** An id that the service names. */
export interface Reference {
  readonly id: string;
  readonly path: ConfigPath;
  readonly position: Position;
}

/** A pipeline as it is written; its references may lead nowhere. */
export interface DeclaredPipeline {
  readonly id: string;
  readonly signal: Signal;
  readonly position: Position;
  readonly receivers: readonly Reference[];
  readonly processors: readonly Reference[];
  readonly exporters: readonly Reference[];
}

/** The components of every kind by id. */
export type DeclaredComponents = { readonly [Kind in ComponentKind]: ReadonlyMap<string, Declared> };

export interface PipelinesCheck {
  /** `service.pipelines`. */
  readonly pipelines: MapNode;
  readonly components: DeclaredComponents;
  /** Kinds whose section is a reference that could not be resolved: anything may be configured there. */
  readonly unread: ReadonlySet<ComponentKind>;
  readonly findings: Findings;
}

/** Checks every pipeline for itself: its id, its keys, and that its references lead to what supports its signal. */
export function checkPipelines({ pipelines, ...check }: PipelinesCheck): readonly DeclaredPipeline[] {
  const { findings } = check;
  const declared = new Map<string, DeclaredPipeline>();
  for (const [key, entry] of pipelines.entries) {
    const path = ["service", "pipelines", key];
    const id = checkPipelineId(key, path, entry.key, findings);
    if (id === undefined) continue;
    if (declared.has(id.id)) {
      const message = `duplicate id "${id.id}": spaces around its parts do not count`;
      findings.error({ path, position: entry.key, message });
      continue;
    }
    declared.set(id.id, checkPipeline({ ...id, ...check, entry, path }));
  }
  return [...declared.values()];
}

function checkPipelineId(key: string, path: ConfigPath, position: Position, findings: Findings) {
  const parsed = parseComponentId(key);
  if (parsed.problem !== undefined) {
    findings.error({ path, position, message: `${JSON.stringify(key)} is not an id: ${parsed.problem}` });
    return undefined;
  }
  const signal = signals.find((known) => known === parsed.type);
  if (signal !== undefined) return { id: parsed.id, signal };
  const message =
    parsed.type === "profiles" ? "the signal profiles is not supported" : `unknown signal "${parsed.type}"`;
  const hint = `a pipeline's id is logs, metrics or traces, and a name of its own behind a slash: logs/databases`;
  findings.error({ path, position, message, suggestion: closest(parsed.type, signals), hint });
  return undefined;
}

interface PipelineCheck extends Omit<PipelinesCheck, "pipelines"> {
  readonly id: string;
  readonly signal: Signal;
  readonly entry: MapEntry;
  readonly path: ConfigPath;
}

function checkPipeline(check: PipelineCheck): DeclaredPipeline {
  const { id, signal, entry, path, findings } = check;
  const checked = checkSchema({ schema: pipelineSchema, node: entry.value, path, position: entry.key });
  if (!checked.ok) findings.add(checked.diagnostics);
  const receivers = readReferences(entry.value, "receivers", path);
  const processors = readReferences(entry.value, "processors", path);
  const exporters = readReferences(entry.value, "exporters", path);
  if (checked.ok && !hasBroken(entry.value)) {
    for (const [role, references] of [
      ["receiver", receivers],
      ["exporter", exporters],
    ] as const) {
      if (references.length > 0) continue;
      const hint = `list the ids under ${sections[role]}`;
      findings.error({ path, position: entry.key, message: `the pipeline has no ${role}`, hint });
    }
  }
  return {
    id,
    signal,
    position: entry.key,
    receivers: resolve(receivers, "receiver", check),
    processors: resolve(processors, "processor", check),
    exporters: resolve(exporters, "exporter", check),
  };
}

/** The ids of a list that are texts; the schema reports the others. */
export function readReferences(map: ConfigNode, key: string, path: ConfigPath): readonly Reference[] {
  const list = entryOf(map, key)?.value;
  if (list?.kind !== "list") return [];
  return list.items.flatMap((item, index) => {
    if (item.kind !== "scalar" || typeof item.value !== "string") return [];
    const id = item.value.split("/").map((part) => part.trim());
    const [type = "", ...name] = id;
    return [
      {
        id: name.length === 0 ? type : `${type}/${name.join("/")}`,
        path: [...path, key, index],
        position: item.position,
      },
    ];
  });
}

type Role = "receiver" | "processor" | "exporter";

/** Reports references that lead nowhere or repeat; gives the others. */
function resolve(references: readonly Reference[], role: Role, check: PipelineCheck): readonly Reference[] {
  const { components, findings, signal, unread } = check;
  const seen = new Set<string>();
  return references.filter((reference) => {
    const { id, path, position } = reference;
    if (seen.has(id)) {
      const finding = { path, position, message: `names the ${role} "${id}" more than once` };
      if (role === "processor") findings.error(finding);
      else findings.warning(finding);
      return false;
    }
    seen.add(id);
    const connector = role === "processor" ? undefined : components.connector.get(id);
    const component = components[role].get(id) ?? connector;
    if (component === undefined) {
      const unknowable = unread.has(role) || (role !== "processor" && unread.has("connector"));
      if (!unknowable) findings.error({ path, position, ...dangling(id, role, components) });
      return false;
    }
    const definition = component.definition;
    if (definition !== undefined && definition.kind === role && definition.signals[signal] === undefined) {
      const supported = signals.filter((each) => definition.signals[each] !== undefined).join(", ");
      const message = `the ${role} "${id}" does not support ${signal}`;
      findings.error({ path, position, message, hint: `it supports ${supported}` });
    }
    return true;
  });
}

/** Says that a reference leads nowhere, and where the id is known or what was meant. */
export function dangling(id: string, kind: ComponentKind, components: DeclaredComponents) {
  const message = `names the ${kind} "${id}", which is not configured`;
  const elsewhere = componentKinds.find((other) => other !== kind && components[other].has(id));
  if (elsewhere !== undefined) return { message, hint: `"${id}" is configured under ${sections[elsewhere]}` };
  const candidates = [...components[kind].keys()];
  if (kind === "receiver" || kind === "exporter") candidates.push(...components.connector.keys());
  const suggestion = closest(id, candidates);
  const hint = suggestion === undefined ? `configure it under ${sections[kind]}, or remove it here` : undefined;
  return { message, suggestion, hint };
}
