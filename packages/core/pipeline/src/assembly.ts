import { DbintelError } from "@dbintel/errors";
import type { Signal } from "@dbintel/pdata";
import type { Component, ComponentKind, ConnectedPipelines, ExitGuard } from "./component.ts";
import type { Consumer, Consumers } from "./consumer.ts";
import { extensionsOf } from "./extensions.ts";
import { GraphNode } from "./graph-node.ts";
import type { GraphSpec } from "./graph-spec.ts";
import type { CollectorView, Environment } from "./host.ts";
import { Inlet } from "./inlet.ts";
import { Outlet } from "./outlet.ts";
import { downstreamFirst, pipelineOf } from "./plan.ts";
import { SharedObjects } from "./shared.ts";
import { isStorageProvider, type StorageProvider } from "./storage.ts";

export interface AssemblyArgs {
  readonly spec: GraphSpec;
  readonly environment: Environment;
  readonly collector: CollectorView;
  readonly onStatus: (node: GraphNode) => void;
}

/** Creates every component that the spec uses and joins them. The nodes come upstream first, extensions apart. */
export function assemble(args: AssemblyArgs): {
  readonly nodes: readonly GraphNode[];
  readonly extensions: readonly GraphNode[];
} {
  const assembly = new Assembly(args);
  const extensions = args.spec.service.extensions.map((id) => assembly.extension(id));
  for (const id of downstreamFirst(args.spec)) assembly.pipeline(id);
  assembly.receivers();
  return { nodes: assembly.nodes.toReversed(), extensions };
}

/**
 * One pass over the pipelines, the farthest downstream first: what a component hands its batches to always exists
 * when the component is created.
 */
class Assembly {
  readonly nodes: GraphNode[] = [];
  readonly #args: AssemblyArgs;
  readonly #spec: GraphSpec;
  /** Where a batch enters each pipeline that stands. */
  readonly #entries = new Map<string, readonly Inlet[]>();
  /** Exporters and connectors by id: one instance each, however many pipelines name it. */
  readonly #destinations = new Map<string, { readonly node: GraphNode; readonly consumers: Consumers }>();
  readonly #shared: SharedObjects;
  readonly #extensions = new Map<string, Component>();
  /** The first extension that keeps snapshots; extensions are created before everything else. */
  #storage: StorageProvider | undefined;

  constructor(args: AssemblyArgs) {
    this.#args = args;
    this.#spec = args.spec;
    this.#shared = new SharedObjects(args.environment);
  }

  extension(id: string): GraphNode {
    const { definition, config } = defined(this.#spec.extensions, id);
    const node = this.#node("extension", id);
    const extension = node.hold(create(node, () => definition.create({ id, config, host: node.host })));
    this.#extensions.set(id, extension);
    if (isStorageProvider(extension)) this.#storage ??= extension;
    return node;
  }

  pipeline(id: string): void {
    const { signal, processors, exporters } = pipelineOf(this.#spec, id);
    // Filled below: a pipeline is built from its end.
    const guards: ExitGuard[] = [];
    let entry: readonly Inlet[] = exporters.map((exporter) => this.#destination(exporter, signal, guards));
    for (const processor of processors.toReversed()) {
      const { inlet, guard } = this.#processor(processor, id, signal, entry);
      entry = [inlet];
      if (guard !== undefined) guards.push(guard);
    }
    this.#entries.set(id, entry);
  }

  receivers(): void {
    for (const [id, { definition, config }] of this.#spec.receivers) {
      const node = this.#node("receiver", id, { transport: definition.transport });
      const next = this.#next(node, id);
      if (Object.keys(next).length === 0) continue;
      node.hold(create(node, () => definition.create({ id, config, host: node.host, next })));
      this.nodes.push(node);
    }
  }

  /** For a connector: the pipelines that name it as their receiver. */
  #pipelines(node: GraphNode, id: string): ConnectedPipelines {
    const fed = [...this.#spec.service.pipelines].filter(([, { receivers }]) => receivers.includes(id));
    const signals = new Map(fed.map(([pipeline, { signal }]) => [pipeline, signal]));
    return {
      signals,
      outlet: (ids) => {
        const inlets = ids.flatMap((pipeline) => defined(this.#entries, pipeline));
        return this.#outlet(node, defined(signals, ids[0] ?? ""), inlets);
      },
    };
  }

  #processor(
    id: string,
    pipeline: string,
    signal: Signal,
    branches: readonly Inlet[],
  ): { readonly inlet: Inlet; readonly guard: ExitGuard | undefined } {
    const { definition, config } = defined(this.#spec.processors, id);
    const node = this.#node("processor", id, { pipeline });
    const next = this.#outlet(node, signal, branches);
    const processor = create(node, () => definition.create({ id, config, host: node.host, signal, next }));
    node.hold(processor);
    this.nodes.push(node);
    const { guardExit } = processor;
    const guard = guardExit && { guardExit: guardExit.bind(processor) };
    return { inlet: this.#inlet(node, signal, processor), guard };
  }

  #destination(id: string, signal: Signal, guards: readonly ExitGuard[]): Inlet {
    const { node, consumers } = this.#destinations.get(id) ?? this.#newDestination(id);
    const consumer: Consumer | undefined = consumers[signal];
    if (consumer === undefined) {
      throw new DbintelError(`${node.name} takes no ${signal} with its settings`, {
        code: "DBI_CONFIG_INVALID",
        hint: `Give it what it needs for ${signal}, such as an endpoint, or take it out of the pipelines of that signal.`,
      });
    }
    return this.#inlet(node, signal, consumer, guards);
  }

  #newDestination(id: string): { readonly node: GraphNode; readonly consumers: Consumers } {
    const { node, component } = this.#spec.connectors.has(id) ? this.#connector(id) : this.#exporter(id);
    const destination = { node, consumers: component.consumers };
    node.hold(component);
    this.nodes.push(node);
    this.#destinations.set(id, destination);
    return destination;
  }

  #exporter(id: string) {
    const { definition, config } = defined(this.#spec.exporters, id);
    const node = this.#node("exporter", id);
    return { node, component: create(node, () => definition.create({ id, config, host: node.host })) };
  }

  #connector(id: string) {
    const { definition, config } = defined(this.#spec.connectors, id);
    const node = this.#node("connector", id);
    const args = { id, config, host: node.host, next: this.#next(node, id), pipelines: this.#pipelines(node, id) };
    return { node, component: create(node, () => definition.create(args)) };
  }

  /** For a receiver or connector: an outlet a signal, over all pipelines that name it as their receiver. */
  #next(node: GraphNode, id: string): Consumers {
    const branches = new Map<Signal, Inlet[]>();
    for (const [pipeline, { signal, receivers }] of this.#spec.service.pipelines) {
      if (!receivers.includes(id)) continue;
      branches.set(signal, [...(branches.get(signal) ?? []), ...defined(this.#entries, pipeline)]);
    }
    return Object.fromEntries([...branches].map(([signal, inlets]) => [signal, this.#outlet(node, signal, inlets)]));
  }

  // Both ends of an edge open the account of its signal, so that a counter is there at 0 before the first batch.

  #inlet(node: GraphNode, signal: Signal, target: Consumer, guards: readonly ExitGuard[] = []): Inlet {
    node.ledger.of(signal);
    return new Inlet(node, target, guards);
  }

  #outlet(node: GraphNode, signal: Signal, branches: readonly Inlet[]): Outlet {
    node.ledger.of(signal);
    for (const branch of branches) node.downstream.add(branch.node);
    return new Outlet(node.ledger, branches);
  }

  #node(
    kind: ComponentKind,
    id: string,
    more: { readonly pipeline?: string; readonly transport?: string | undefined } = {},
  ) {
    const { environment, collector, onStatus } = this.#args;
    const [shared, storage, extensions] = [this.#shared, this.#storage, extensionsOf(this.#extensions)];
    return new GraphNode({ kind, id, environment, collector, onStatus, shared, storage, extensions, ...more });
  }
}

/** Lets a component's constructor fail only with an error that names the component. */
function create<C extends Component>(node: GraphNode, make: () => C): C {
  try {
    return make();
  } catch (cause) {
    throw startError(node, cause);
  }
}

/** What a component that cannot be created or started fails with. */
export function startError(node: GraphNode, cause: unknown): DbintelError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new DbintelError(`cannot start ${node.name}: ${message}`, {
    code: "DBI_COMPONENT_START",
    cause,
    ...(cause instanceof DbintelError && cause.hint !== undefined ? { hint: cause.hint } : {}),
  });
}

/** The plan has checked every name before; a miss here is a defect. */
function defined<Value>(map: ReadonlyMap<string, Value>, id: string): Value {
  const value = map.get(id);
  if (value === undefined) throw new DbintelError(`"${id}" is not in the graph`, { code: "DBI_INTERNAL" });
  return value;
}
