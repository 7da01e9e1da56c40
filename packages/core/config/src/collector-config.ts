import type { z } from "zod";
import type { Position } from "./position.ts";
import type { ComponentKind, ComponentType, OfKind, Signal } from "./registry.ts";

/** A component of the configuration, its settings checked. */
export interface ConfiguredComponent<Definition extends ComponentType = ComponentType> {
  /** `type[/name]` as it is written. */
  readonly id: string;
  /** The definition's type, also where the id uses an alias. */
  readonly type: string;
  readonly name: string;
  readonly config: z.output<Definition["schema"]>;
  readonly definition: Definition;
  /** Equal for equal settings as they were written, references resolved. Tells nothing about them. */
  readonly digest: string;
  /** Where its id is written. */
  readonly position: Position;
}

/** Components of one kind by id, in the order of the configuration. */
export type ConfiguredComponents<Definition extends ComponentType, Kind extends ComponentKind> = ReadonlyMap<
  string,
  ConfiguredComponent<OfKind<Definition, Kind>>
>;

/** A pipeline whose references all lead somewhere. */
export interface PipelineConfig {
  /** `signal[/name]`. */
  readonly id: string;
  readonly signal: Signal;
  /** Ids of receivers and connectors. */
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  /** Ids of exporters and connectors. */
  readonly exporters: readonly string[];
}

/** A configuration that was checked: it can be built. */
export interface CollectorConfig<Definition extends ComponentType = ComponentType, Telemetry = unknown> {
  readonly receivers: ConfiguredComponents<Definition, "receiver">;
  readonly processors: ConfiguredComponents<Definition, "processor">;
  readonly exporters: ConfiguredComponents<Definition, "exporter">;
  readonly connectors: ConfiguredComponents<Definition, "connector">;
  readonly extensions: ConfiguredComponents<Definition, "extension">;
  readonly service: {
    /** In the order in which they start. */
    readonly extensions: readonly string[];
    readonly pipelines: ReadonlyMap<string, PipelineConfig>;
    readonly telemetry: Telemetry;
  };
  /** The configuration as it would be written with every default filled in, secrets as `[REDACTED]`. */
  effective(): EffectiveConfig;
}

/** Plain values by section; see {@link CollectorConfig.effective}. */
export type EffectiveConfig = Readonly<Record<string, unknown>>;
