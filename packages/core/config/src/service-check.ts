import type { z } from "zod";
import type { Findings } from "./findings.ts";
import { namedComponents } from "./named-components.ts";
import { emptyMap, entryOf, hasBroken, isEmpty, type MapNode } from "./node.ts";
import {
  checkPipelines,
  type DeclaredComponents,
  type DeclaredPipeline,
  dangling,
  extensionsSchema,
  type PipelinesCheck,
  type Reference,
  readReferences,
} from "./pipeline-check.ts";
import { checkPipelineGraph } from "./pipeline-graph.ts";
import { componentKinds, sections } from "./registry.ts";
import { checkSchema, type SchemaResult } from "./schema-check.ts";

export interface ServiceCheck<TelemetrySchema extends z.ZodType> {
  readonly root: MapNode;
  /** Keys of the root that are written otherwise: what they hold is not known. */
  readonly meant: ReadonlySet<string>;
  readonly components: DeclaredComponents;
  readonly telemetrySchema: TelemetrySchema;
  readonly findings: Findings;
}

export interface CheckedService<Telemetry> {
  readonly extensions: readonly string[];
  readonly pipelines: readonly DeclaredPipeline[];
  /** Whether a component runs. */
  readonly isNamed: ReturnType<typeof namedComponents>;
  readonly telemetry: SchemaResult<Telemetry>;
}

/** Checks `service`: its keys, where its references lead, and that data flows from receivers to exporters. */
export function checkService<TelemetrySchema extends z.ZodType>(
  check: ServiceCheck<TelemetrySchema>,
): CheckedService<z.output<TelemetrySchema>> {
  const { root, meant, components, telemetrySchema, findings } = check;
  const errorsBefore = findings.errors;
  const entry = entryOf(root, "service");
  const position = entry?.key ?? root.position;
  const service = findings.map(entry?.value ?? emptyMap(position), ["service"], "settings");
  const meantHere = findings.keys(service, ["service"], ["extensions", "pipelines", "telemetry"]);

  const unread = new Set(componentKinds.filter((kind) => isUnread(root, sections[kind]) || meant.has(sections[kind])));
  const extensions = checkExtensions(service, { components, unread, findings });
  const path = ["service", "pipelines"];
  const written = entryOf(service, "pipelines");
  const pipelines = checkPipelines({
    pipelines: findings.map(written?.value ?? emptyMap(position), path, "pipelines"),
    components,
    unread,
    findings,
  });
  const broken = unread.size > 0 || hasBroken(entry?.value);
  const isMeant = meant.has("service") || meantHere.has("pipelines");
  if (!isMeant && isEmpty(written?.value) && (isEmpty(entry?.value) || entry?.value.kind === "map")) {
    const hint = "a pipeline joins receivers and exporters under service.pipelines";
    findings.error({ path, position: written?.key ?? position, message: "no pipeline is configured", hint });
  }
  const isNamed = namedComponents(pipelines, extensions);
  // A reference that could not be resolved may hold what seems to be missing.
  if (!broken) {
    checkPipelineGraph({ pipelines, components, findings });
    // A pipeline that is wrong names nothing: what it does not name is not unused.
    if (findings.errors === errorsBefore && !isMeant) reportUnused(isNamed, check);
  }

  const telemetry = checkSchema({
    schema: telemetrySchema,
    node: entryOf(service, "telemetry")?.value ?? emptyMap(position),
    path: ["service", "telemetry"],
    position: entryOf(service, "telemetry")?.key ?? position,
  });
  if (!telemetry.ok) findings.add(telemetry.diagnostics);
  return { extensions: [...new Set(extensions.map(({ id }) => id))], pipelines, isNamed, telemetry };
}

/** A section that is no map, which was reported: anything may be meant to be configured there. */
function isUnread(root: MapNode, section: string): boolean {
  const value = entryOf(root, section)?.value;
  return value !== undefined && value.kind !== "map" && !isEmpty(value);
}

function checkExtensions(
  service: MapNode,
  { components, unread, findings }: Omit<PipelinesCheck, "pipelines">,
): readonly Reference[] {
  const entry = entryOf(service, "extensions");
  if (entry === undefined) return [];
  const path = ["service", "extensions"];
  const checked = checkSchema({ schema: extensionsSchema.nullable(), node: entry.value, path, position: entry.key });
  if (!checked.ok) findings.add(checked.diagnostics);
  const references = readReferences(service, "extensions", ["service"]);
  for (const { id, path: at, position } of references) {
    if (!components.extension.has(id) && !unread.has("extension")) {
      findings.error({ path: at, position, ...dangling(id, "extension", components) });
    }
  }
  return references;
}

/** Warns of components that were configured for nothing: often a forgotten line in a pipeline. */
function reportUnused(
  isNamed: CheckedService<unknown>["isNamed"],
  { components, findings }: Pick<ServiceCheck<z.ZodType>, "components" | "findings">,
): void {
  for (const kind of componentKinds) {
    for (const { id, key, position, definition } of components[kind].values()) {
      if (definition === undefined || isNamed(kind, id)) continue;
      const place = kind === "extension" ? "service.extensions does not name it" : "no pipeline names it";
      const message = `the ${kind} "${id}" is configured, but ${place}`;
      findings.warning({ path: [sections[kind], key], position, message });
    }
  }
}
