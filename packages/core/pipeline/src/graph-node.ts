import type { Signal } from "@dbintel/pdata";
import { isClientAuthenticator, isServerAuthenticator } from "./authenticator.ts";
import type { Component, ComponentDefinition, ComponentKind, ExitGuard } from "./component.ts";
import type { Consumers } from "./consumer.ts";
import type { Configured } from "./define.ts";
import { type ExtensionsById, extensionsOf } from "./extensions.ts";
import type { CollectorView, ComponentView, Environment, Host, LogFields, Logger } from "./host.ts";
import { Ledger } from "./ledger.ts";
import type { Outlet } from "./outlet.ts";
import { type ScopedMeter, scopedMeter } from "./scoped-meter.ts";
import type { SharedObjects } from "./shared.ts";
import { type ComponentStatus, sameStatus } from "./status.ts";
import { noStorage, type StorageProvider } from "./storage.ts";
import type { Taps } from "./taps.ts";

/** A component of a running graph with its accounts: what telemetry and audits read. */
export interface RunningComponent extends ComponentView {
  readonly kind: ComponentKind;
  /** Of a receiver that has one. */
  readonly transport: string | undefined;
  readonly ledger: Ledger;
  /** Items that the component itself says it holds; equal to the ledger's `held` whenever no call is under way. */
  held(signal: Signal): number;
}

/** What is built of one entry of the configuration: a processor has a component in each pipeline that names it. */
export interface Place {
  readonly kind: ComponentKind;
  readonly id: string;
  readonly pipeline?: string | undefined;
}

/** Places are the same when their keys are. */
export function placeKey({ kind, id, pipeline = "" }: Place): string {
  return `${kind} ${id} ${pipeline}`;
}

/** An outlet with what it leads to: the pipelines of these ids, or all that receive its signal from the component. */
export interface Exit {
  readonly signal: Signal;
  readonly pipelines?: readonly string[];
  readonly outlet: Outlet;
}

interface GraphNodeInit extends Place {
  readonly configured: Configured<ComponentDefinition>;
  /** What the component is told about its place when it is created: with another shape it must be created anew. */
  readonly shape: string;
  readonly transport?: string | undefined;
  /** That of the component that had the place before. Default: a new one. */
  readonly ledger?: Ledger | undefined;
  readonly environment: Environment;
  readonly collector: CollectorView;
  readonly shared: SharedObjects;
  readonly storage: StorageProvider | undefined;
  readonly extensions: ExtensionsById;
  readonly taps: Taps;
  readonly onStatus: (node: GraphNode) => void;
}

/** A component in its place in the graph: its host, its ledger, its status. */
export class GraphNode implements RunningComponent {
  readonly kind: ComponentKind;
  readonly id: string;
  readonly pipeline: string | undefined;
  readonly transport: string | undefined;
  readonly configured: Configured<ComponentDefinition>;
  readonly shape: string;
  readonly ledger: Ledger;
  readonly host: Host;
  readonly taps: Taps;
  readonly exits: Exit[] = [];
  /** Where batches of each signal enter the component; none for receivers and extensions. */
  consumers: Consumers = {};
  guard: ExitGuard | undefined;
  /** Those that the component has asked for, by id. */
  readonly #usedExtensions = new Map<string, object | undefined>();
  #usesStorage = false;
  readonly #meter: ScopedMeter;
  readonly #onStatus: (node: GraphNode) => void;
  readonly #now: () => bigint;
  #status: ComponentStatus = { state: "starting" };
  #sinceUnixNano: bigint;
  #component: Component | undefined;

  constructor(init: GraphNodeInit) {
    const { environment, kind, id, pipeline, storage: provider = environment.storageProvider } = init;
    this.kind = kind;
    this.id = id;
    this.pipeline = pipeline;
    this.transport = init.transport;
    this.configured = init.configured;
    this.shape = init.shape;
    this.taps = init.taps;
    this.ledger = init.ledger ?? new Ledger();
    this.#meter = scopedMeter(environment.meter);
    this.#onStatus = init.onStatus;
    this.#now = () => environment.clock.unixNano();
    this.#sinceUnixNano = this.#now();
    const storage = provider?.storage({ kind, id, pipeline }) ?? noStorage;
    const usesStorage = () => {
      this.#usesStorage = true;
    };
    this.host = {
      clock: environment.clock,
      random: environment.random,
      meter: this.#meter.meter,
      build: environment.build,
      ...(environment.control === undefined ? {} : { control: environment.control }),
      logger: withFields(environment.logger, {
        "otelcol.component.kind": init.kind,
        "otelcol.component.id": init.id,
        ...(init.pipeline === undefined ? {} : { "otelcol.pipeline.id": init.pipeline }),
      }),
      accounting: this.ledger,
      reportStatus: (status) => this.#report(status),
      collector: init.collector,
      get storage() {
        usesStorage();
        return storage;
      },
      extensions: extensionsOf(noting(init.extensions, this.#usedExtensions)),
      shared: (key) => init.shared.get(key),
    };
  }

  get status(): ComponentStatus {
    return this.#status;
  }

  get sinceUnixNano(): bigint {
    return this.#sinceUnixNano;
  }

  /** `kind "id"`, with the pipeline for a processor: how messages name a component. */
  get name(): string {
    const place = this.pipeline === undefined ? "" : ` of pipeline "${this.pipeline}"`;
    return `${this.kind} "${this.id}"${place}`;
  }

  get component(): Component {
    if (this.#component === undefined) throw new TypeError(`${this.name} has not been created`);
    return this.#component;
  }

  /** Ids of the extensions that the component has asked for. */
  get usedExtensions(): readonly string[] {
    return [...this.#usedExtensions.keys()];
  }

  /** Whether the component has asked for its snapshots, and they are kept. */
  get usesStorage(): boolean {
    return this.#usesStorage && this.host.storage.durable;
  }

  /** Whether it has something outside that is kept for its place: only one at a time may use that. */
  get keepsState(): boolean {
    const lends = (extension: object | undefined) =>
      extension !== undefined && !isServerAuthenticator(extension) && !isClientAuthenticator(extension);
    return this.usesStorage || [...this.#usedExtensions.values()].some(lends);
  }

  /** Gives the node the component that was created on its host. */
  hold<C extends Component>(component: C): C {
    this.#component = component;
    return component;
  }

  held(signal: Signal): number {
    return this.component.held?.(signal) ?? 0;
  }

  /** For a component that has stopped and will not be started again. */
  retire(): void {
    this.#meter.close();
  }

  /** The runner's own step of the life cycle. */
  enter(status: ComponentStatus): void {
    if (sameStatus(this.#status, status)) return;
    this.#status = status;
    this.#sinceUnixNano = this.#now();
    this.#onStatus(this);
  }

  /** A component speaks for itself only while it lives: a late report does not wake what the runner has stopped. */
  #report(status: ComponentStatus): void {
    const { state } = this.#status;
    if (state === "stopping" || state === "stopped") return;
    this.enter(status);
  }
}

/** Notes which extensions are asked for. */
function noting(extensions: ExtensionsById, asked: Map<string, object | undefined>): ExtensionsById {
  return {
    get(id) {
      const extension = extensions.get(id);
      asked.set(id, extension);
      return extension;
    },
    [Symbol.iterator]: () => extensions[Symbol.iterator](),
  };
}

function withFields(logger: Logger, own: LogFields): Logger {
  return {
    debug: (fields, message) => logger.debug({ ...own, ...fields }, message),
    info: (fields, message) => logger.info({ ...own, ...fields }, message),
    warn: (fields, message) => logger.warn({ ...own, ...fields }, message),
    error: (fields, message) => logger.error({ ...own, ...fields }, message),
  };
}
