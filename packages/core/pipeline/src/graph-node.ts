import type { Signal } from "@dbintel/pdata";
import type { Component, ComponentKind } from "./component.ts";
import type { Extensions } from "./extensions.ts";
import type { CollectorView, ComponentView, Environment, Host, LogFields, Logger } from "./host.ts";
import { Ledger } from "./ledger.ts";
import type { SharedObjects } from "./shared.ts";
import { type ComponentStatus, sameStatus } from "./status.ts";
import { noStorage, type StorageProvider } from "./storage.ts";

/** A component of a running graph with its accounts: what telemetry and audits read. */
export interface RunningComponent extends ComponentView {
  readonly kind: ComponentKind;
  /** Of a receiver that has one. */
  readonly transport: string | undefined;
  readonly ledger: Ledger;
  /** Items that the component itself says it holds; equal to the ledger's `held` whenever no call is under way. */
  held(signal: Signal): number;
}

interface GraphNodeInit {
  readonly kind: ComponentKind;
  readonly id: string;
  readonly pipeline?: string | undefined;
  readonly transport?: string | undefined;
  readonly environment: Environment;
  readonly collector: CollectorView;
  readonly shared: SharedObjects;
  readonly storage: StorageProvider | undefined;
  readonly extensions: Extensions;
  readonly onStatus: (node: GraphNode) => void;
}

/** A component in its place in the graph: its host, its ledger, its status. */
export class GraphNode implements RunningComponent {
  readonly kind: ComponentKind;
  readonly id: string;
  readonly pipeline: string | undefined;
  readonly transport: string | undefined;
  readonly ledger = new Ledger();
  readonly host: Host;
  readonly downstream = new Set<GraphNode>();
  readonly #onStatus: (node: GraphNode) => void;
  readonly #now: () => bigint;
  #status: ComponentStatus = { state: "starting" };
  #sinceUnixNano: bigint;
  #component: Component | undefined;

  constructor(init: GraphNodeInit) {
    const { environment, kind, id, pipeline, storage = environment.storageProvider } = init;
    this.kind = init.kind;
    this.id = init.id;
    this.pipeline = init.pipeline;
    this.transport = init.transport;
    this.#onStatus = init.onStatus;
    this.#now = () => environment.clock.unixNano();
    this.#sinceUnixNano = this.#now();
    this.host = {
      clock: environment.clock,
      random: environment.random,
      meter: environment.meter,
      build: environment.build,
      logger: withFields(environment.logger, {
        "otelcol.component.kind": init.kind,
        "otelcol.component.id": init.id,
        ...(init.pipeline === undefined ? {} : { "otelcol.pipeline.id": init.pipeline }),
      }),
      accounting: this.ledger,
      reportStatus: (status) => this.#report(status),
      collector: init.collector,
      storage: storage?.storage({ kind, id, pipeline }) ?? noStorage,
      extensions: init.extensions,
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

  /** Gives the node the component that was created on its host. */
  hold<C extends Component>(component: C): C {
    this.#component = component;
    return component;
  }

  held(signal: Signal): number {
    return this.component.held?.(signal) ?? 0;
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

function withFields(logger: Logger, own: LogFields): Logger {
  return {
    debug: (fields, message) => logger.debug({ ...own, ...fields }, message),
    info: (fields, message) => logger.info({ ...own, ...fields }, message),
    warn: (fields, message) => logger.warn({ ...own, ...fields }, message),
    error: (fields, message) => logger.error({ ...own, ...fields }, message),
  };
}
