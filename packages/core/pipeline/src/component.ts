import type { HostPort } from "@dbintel/config";
import type { Batch, Signal } from "@dbintel/pdata";
import type { z } from "zod";
import type { Consumer, Consumers } from "./consumer.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { Host } from "./host.ts";

export const componentKinds = ["receiver", "processor", "exporter", "connector", "extension"] as const;
export type ComponentKind = (typeof componentKinds)[number];

/** How far a signal of a component can be trusted; the OpenTelemetry Collector's levels. */
export type Stability = "development" | "alpha" | "beta" | "stable" | "deprecated";

export interface StopOptions {
  /** Aborted at the deadline. */
  readonly signal: AbortSignal;
  /**
   * What takes the place of an exporter in a reload, and works already. It goes on with the same accounts: what the
   * exporter still has may be handed to it instead of being sent or given up, and nothing of that is booked.
   */
  readonly successor?: Consumers;
}

/** Anything with a life in the collector. `start` and `stop` are idempotent. */
export interface Component {
  /**
   * Resolves when the component works. Rejects with a `DbintelError` when it never can; a database or backend that
   * is not there yet is no reason to reject. `signal` aborts the start itself, not the life of the component.
   */
  start(options: { readonly signal: AbortSignal }): Promise<void>;
  /** Gives away or accounts for everything that it holds, closes every handle. */
  stop(options: StopOptions): Promise<void>;
  /**
   * Called at each reload that leaves the component as it is: what it left alone because somebody has to repair it first,
   * a password, a grant, is asked for at once. Absent means that it leaves nothing alone.
   */
  retry?(): void;
  /** Items that the component has taken responsibility for and not passed on; absent means never any. */
  held?(signal: Signal): number;
}

/** An address that a component listens on. */
export interface Listener {
  readonly address: HostPort;
  /** Whether a stranger is kept out or cannot read along: TLS or authentication is on. */
  readonly guarded: boolean;
}

interface DefinitionBase<Kind extends ComponentKind, Schema extends z.ZodType> {
  readonly kind: Kind;
  /** `^[a-zA-Z][0-9a-zA-Z_]{0,62}$`, snake_case: the part of an id before the slash. */
  readonly type: string;
  /** Old spellings, accepted with a warning. */
  readonly aliases?: readonly string[];
  /** One sentence for `dbintel components` and the JSON Schema. */
  readonly description: string;
  /** The settings with defaults, units and descriptions; the source of types, validation, docs and completion. */
  readonly schema: Schema;
  /** What it would listen on with these settings; absent means nothing. The collector warns about what strangers reach. */
  listeners?(config: z.output<Schema>): readonly Listener[];
  /**
   * What only one component at a time can hold with these settings, such as `directory:/var/lib/dbintel`: a reload then
   * stops the one that has it before it starts the next. Listeners and durable storage need not be named.
   */
  exclusive?(config: z.output<Schema>): readonly string[];
  /** What `dbintel doctor` asks about it; absent means that it depends on nothing outside. */
  readonly diagnosis?: Diagnosis<z.output<Schema>>;
}

/** One receiver instance serves all signals that its id is used for; `next` has a consumer for each of them. */
export interface ReceiverDefinition<Schema extends z.ZodType = z.ZodType> extends DefinitionBase<"receiver", Schema> {
  /** How data comes in (`http`, `grpc`): the label `transport` of the collector's own metrics. */
  readonly transport?: string;
  readonly signals: Readonly<Partial<Record<Signal, Stability>>>;
  create(args: {
    readonly id: string;
    readonly config: z.output<Schema>;
    readonly host: Host;
    readonly next: Consumers;
  }): Component;
}

/** A processor that answers for what leaves its pipeline, whatever the processors behind it have added. */
export interface ExitGuard {
  /**
   * Called with each batch that the pipeline is about to hand to an exporter or a connector: drops from it what must not
   * leave. The edge counts that as dropped by the one that was to get it. When it throws, nothing leaves: the batch is
   * given back.
   */
  guardExit(batch: Batch): void;
}

/** One processor instance for each pipeline that names it. */
export interface ProcessorDefinition<Schema extends z.ZodType = z.ZodType> extends DefinitionBase<"processor", Schema> {
  readonly signals: Readonly<Partial<Record<Signal, Stability>>>;
  /** `next` takes batches of `signal`, the only ones that the processor is handed. */
  create(args: {
    readonly id: string;
    readonly config: z.output<Schema>;
    readonly host: Host;
    readonly signal: Signal;
    readonly next: Consumer;
  }): Component & Consumer & Partial<ExitGuard>;
}

/** One exporter instance serves all signals that its id is used for. */
export interface ExporterDefinition<Schema extends z.ZodType = z.ZodType> extends DefinitionBase<"exporter", Schema> {
  readonly signals: Readonly<Partial<Record<Signal, Stability>>>;
  create(args: {
    readonly id: string;
    readonly config: z.output<Schema>;
    readonly host: Host;
  }): Component & { readonly consumers: Consumers };
}

/** An exporter of some pipelines and a receiver of others. */
export interface ConnectorDefinition<Schema extends z.ZodType = z.ZodType> extends DefinitionBase<"connector", Schema> {
  /** From the signal it takes to the signals that it can give. */
  readonly signals: Readonly<Partial<Record<Signal, Readonly<Partial<Record<Signal, Stability>>>>>>;
  create(args: {
    readonly id: string;
    readonly config: z.output<Schema>;
    readonly host: Host;
    /** Hands a batch to every pipeline of its signal that receives from the connector. */
    readonly next: Consumers;
    /** Those pipelines one by one, for a connector that chooses between them. */
    readonly pipelines: ConnectedPipelines;
  }): Component & { readonly consumers: Consumers };
}

/** The pipelines that receive from a connector. */
export interface ConnectedPipelines {
  /** By their ids. */
  readonly signals: ReadonlyMap<string, Signal>;
  /** Hands each batch to these alone; all of them take the signal of the batch. */
  outlet(ids: readonly string[]): Consumer;
}

/** Something beside the data path: health, storage, authentication. */
export interface ExtensionDefinition<Schema extends z.ZodType = z.ZodType> extends DefinitionBase<"extension", Schema> {
  readonly stability: Stability;
  create(args: { readonly id: string; readonly config: z.output<Schema>; readonly host: Host }): Component;
}

/** A definition of any kind, told apart by `kind`. */
export type ComponentDefinition =
  | ReceiverDefinition
  | ProcessorDefinition
  | ExporterDefinition
  | ConnectorDefinition
  | ExtensionDefinition;
