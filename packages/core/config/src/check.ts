import type { z } from "zod";
import type { CollectorConfig, ConfiguredComponent, EffectiveConfig, PipelineConfig } from "./collector-config.ts";
import { checkComponents, type Declared } from "./component-check.ts";
import { parseComponentId } from "./component-id.ts";
import { ConfigError, type Diagnostic, hasErrors } from "./diagnostic.ts";
import { effectiveValue } from "./effective.ts";
import { checkExtensionIds } from "./extension-id.ts";
import { Findings } from "./findings.ts";
import { checkListeners, type Listening, listeningOf } from "./listener-check.ts";
import type { LoadedConfig } from "./load.ts";
import { entryOf, isEmpty, type MapNode } from "./node.ts";
import type { DeclaredComponents, DeclaredPipeline } from "./pipeline-check.ts";
import {
  type ComponentKind,
  type ComponentRegistry,
  type ComponentType,
  componentKinds,
  type Listener,
  sections,
} from "./registry.ts";
import { type CheckedService, checkService } from "./service-check.ts";

/** What a configuration is checked against. */
export interface CheckOptions<Definition extends ComponentType, TelemetrySchema extends z.ZodType> {
  readonly registry: ComponentRegistry<Definition>;
  /** The schema of `service.telemetry`, which takes an empty map. */
  readonly telemetrySchema: TelemetrySchema;
  /** What the collector's own telemetry listens on. */
  readonly telemetryListeners?: (telemetry: z.output<TelemetrySchema>) => readonly Listener[];
}

export interface CheckedConfig<Definition extends ComponentType, Telemetry> {
  /** Absent when there is an error. */
  readonly config: CollectorConfig<Definition, Telemetry> | undefined;
  /** Those of loading included, source by source from top to bottom. */
  readonly diagnostics: readonly Diagnostic[];
}

/** The component types that a configuration names: what a registry that loads on demand loads before the check. */
export function componentTypesOf({
  root,
}: LoadedConfig): readonly { readonly kind: ComponentKind; readonly type: string }[] {
  return componentKinds.flatMap((kind) => {
    const section = entryOf(root, sections[kind])?.value;
    if (section?.kind !== "map") return [];
    const types = [...section.entries.keys()].map((key) => parseComponentId(key).type);
    return [...new Set(types)].filter((type) => type !== undefined).map((type) => ({ kind, type }));
  });
}

/** Checks everything that can be known without starting a component, and reports every error at once. */
export function checkConfig<Definition extends ComponentType, TelemetrySchema extends z.ZodType>(
  loaded: LoadedConfig,
  { registry, telemetrySchema, telemetryListeners }: CheckOptions<Definition, TelemetrySchema>,
): CheckedConfig<Definition, z.output<TelemetrySchema>> {
  const findings = new Findings();
  findings.add(loaded.diagnostics);
  const { root } = loaded;
  if (!loaded.complete) return { config: undefined, diagnostics: findings.sorted() };
  if (root.entries.size === 0) {
    const hint = "a configuration has receivers, exporters and service at least";
    findings.error({ path: [], position: root.position, message: "the configuration is empty", hint });
    return { config: undefined, diagnostics: findings.sorted() };
  }
  const meant = findings.keys(root, [], [...Object.values(sections), "service"]);
  const components = {
    receiver: checkComponents({ kind: "receiver", root, registry, findings }),
    processor: checkComponents({ kind: "processor", root, registry, findings }),
    exporter: checkComponents({ kind: "exporter", root, registry, findings }),
    connector: checkComponents({ kind: "connector", root, registry, findings }),
    extension: checkComponents({ kind: "extension", root, registry, findings }),
  };
  reportMissing(root, meant, findings);
  const service = checkService({ root, meant, components, telemetrySchema, findings });
  const runs = running(components, service);
  checkExtensionIds(runs, { root, components, extensions: service.extensions, findings });
  const listening = runs.flatMap(({ configured: each }): readonly Listening[] => (each ? [listeningOf(each)] : []));
  if (service.telemetry.ok) {
    const { value: settings } = service.telemetry;
    listening.push({ path: ["service", "telemetry"], settings, listeners: telemetryListeners?.(settings) ?? [] });
  }
  checkListeners(listening, { root, findings });
  const diagnostics = findings.sorted();
  if (hasErrors(diagnostics) || !service.telemetry.ok) return { config: undefined, diagnostics };

  const { telemetry, extensions, pipelines } = service;
  const effective = (): EffectiveConfig => ({
    ...Object.fromEntries(
      componentKinds
        .filter((kind) => components[kind].size > 0)
        .map((kind) => [sections[kind], effectiveComponents(components[kind])]),
    ),
    service: {
      extensions,
      pipelines: Object.fromEntries(pipelines.map((pipeline) => [pipeline.id, ids(pipeline)])),
      telemetry: effectiveValue(telemetrySchema, telemetry.input),
    },
  });
  const config: CollectorConfig<Definition, z.output<TelemetrySchema>> = {
    receivers: configured(components.receiver),
    processors: configured(components.processor),
    exporters: configured(components.exporter),
    connectors: configured(components.connector),
    extensions: configured(components.extension),
    service: {
      extensions,
      pipelines: new Map(pipelines.map((pipeline) => [pipeline.id, pipelineConfig(pipeline)])),
      telemetry: telemetry.value,
    },
    effective,
  };
  return { config, diagnostics };
}

/** The configuration when it has no error; throws a {@link ConfigError} with all findings otherwise. */
export function requireConfig<Definition extends ComponentType, Telemetry>({
  config,
  diagnostics,
}: CheckedConfig<Definition, Telemetry>): CollectorConfig<Definition, Telemetry> {
  if (config === undefined) throw new ConfigError(diagnostics);
  return config;
}

function reportMissing(root: MapNode, meant: ReadonlySet<string>, findings: Findings): void {
  for (const kind of ["receiver", "exporter"] as const) {
    if (meant.has(sections[kind])) continue;
    const entry = entryOf(root, sections[kind]);
    const value = entry?.value;
    if (!isEmpty(value)) continue;
    const position = entry?.key ?? root.position;
    findings.error({ path: [sections[kind]], position, message: `no ${kind} is configured` });
  }
}

/** The components that run, as far as their settings are right. */
function running(
  components: DeclaredComponents,
  { isNamed }: Pick<CheckedService<unknown>, "isNamed">,
): readonly Declared[] {
  return componentKinds.flatMap((kind) =>
    [...components[kind].values()].filter((each) => each.configured !== undefined && isNamed(kind, each.id)),
  );
}

function configured<Definition extends ComponentType>(
  declared: ReadonlyMap<string, Declared<Definition>>,
): ReadonlyMap<string, ConfiguredComponent<Definition>> {
  return new Map(
    declared.values().flatMap(({ id, configured: component }) => (component === undefined ? [] : [[id, component]])),
  );
}

function effectiveComponents(declared: ReadonlyMap<string, Declared>) {
  return Object.fromEntries(
    declared
      .values()
      .map(({ id, definition, input }) => [
        id,
        definition === undefined ? {} : effectiveValue(definition.schema, input),
      ]),
  );
}

function ids({ receivers, processors, exporters }: DeclaredPipeline) {
  const of = (references: DeclaredPipeline["receivers"]) => references.map(({ id }) => id);
  return { receivers: of(receivers), processors: of(processors), exporters: of(exporters) };
}

function pipelineConfig(pipeline: DeclaredPipeline): PipelineConfig {
  return { id: pipeline.id, signal: pipeline.signal, ...ids(pipeline) };
}
