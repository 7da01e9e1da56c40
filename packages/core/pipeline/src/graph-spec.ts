import type { Signal } from "@dbintel/pdata";
import type {
  ConnectorDefinition,
  ExporterDefinition,
  ExtensionDefinition,
  ProcessorDefinition,
  ReceiverDefinition,
} from "./component.ts";
import type { Configured } from "./define.ts";

/** A path of one signal: from all of its receivers, through its processors in order, to all of its exporters. */
export interface PipelineSpec {
  readonly signal: Signal;
  /** Ids of receivers, or of connectors that feed this pipeline. */
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  /** Ids of exporters, or of connectors that this pipeline feeds. */
  readonly exporters: readonly string[];
}

/**
 * What a graph is built from: definitions with checked settings by component id, and how they are joined.
 * A checked configuration of `@dbintel/config` has this shape. Components that no pipeline names are not built.
 */
export interface GraphSpec {
  readonly receivers: ReadonlyMap<string, Configured<ReceiverDefinition>>;
  readonly processors: ReadonlyMap<string, Configured<ProcessorDefinition>>;
  readonly exporters: ReadonlyMap<string, Configured<ExporterDefinition>>;
  readonly connectors: ReadonlyMap<string, Configured<ConnectorDefinition>>;
  readonly extensions: ReadonlyMap<string, Configured<ExtensionDefinition>>;
  readonly service: {
    /** Ids of the extensions that run, in the order in which they start. */
    readonly extensions: readonly string[];
    /** By pipeline id, `signal[/name]`. */
    readonly pipelines: ReadonlyMap<string, PipelineSpec>;
  };
}
