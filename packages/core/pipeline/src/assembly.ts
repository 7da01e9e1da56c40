import { DbintelError } from "@dbintel/errors";
import { type Signal, signals } from "@dbintel/pdata";
import type { Component, ComponentDefinition, ConnectedPipelines, ExitGuard } from "./component.ts";
import type { Consumers } from "./consumer.ts";
import type { Configured } from "./define.ts";
import { type Exit, GraphNode, type Place, placeKey } from "./graph-node.ts";
import type { GraphSpec } from "./graph-spec.ts";
import type { CollectorView, Environment } from "./host.ts";
import { Inlet } from "./inlet.ts";
import type { Ledger } from "./ledger.ts";
import { Outlet } from "./outlet.ts";
import { downstreamFirst, pipelineOf } from "./plan.ts";
import { sameComponent } from "./same-component.ts";
import type { SharedObjects } from "./shared.ts";
import { isStorageProvider, type StorageProvider } from "./storage.ts";
import type { Taps } from "./taps.ts";

export interface AssemblyArgs {
  readonly spec: GraphSpec;
  readonly environment: Environment;
  readonly collector: CollectorView;
  readonly shared: SharedObjects;
  readonly taps: Taps;
  readonly onStatus: (node: GraphNode) => void;
  /** What runs: components of it that would be built the same are taken over as they are. */
  readonly standing?: Assembled | undefined;
  /** The accounts that a place has had so far. */
  readonly ledgerOf: (place: Place) => Ledger | undefined;
}

/** The components of a configuration with the edges between them. */
export interface Assembled {
  /** Without the extensions, upstream first. */
  readonly nodes: readonly GraphNode[];
  /** In the order in which they start. */
  readonly extensions: readonly GraphNode[];
  /** What each hands its batches to. */
  readonly downstream: ReadonlyMap<GraphNode, ReadonlySet<GraphNode>>;
  /** Where the outlets of components that were taken over have to lead. */
  readonly relinks: ReadonlyMap<Outlet, readonly Inlet[]>;
  /** Who keeps the snapshots: the first extension that does. */
  readonly storage: StorageProvider | undefined;
}

/** Creates every component that the spec uses and that does not stand yet, and joins them. */
export function assemble(args: AssemblyArgs): Assembled {
  const assembly = new Assembly(args);
  try {
    for (const id of args.spec.service.extensions) assembly.extension(id);
    for (const id of downstreamFirst(args.spec)) assembly.pipeline(id);
    assembly.receivers();
    return assembly.result();
  } catch (error) {
    assembly.abandon();
    throw error;
  }
}

/**
 * One pass over the pipelines, the farthest downstream first: what a component hands its batches to always exists
 * when the component is created.
 */
class Assembly {
  readonly #args: AssemblyArgs;
  readonly #spec: GraphSpec;
  readonly #standing: ReadonlyMap<string, GraphNode>;
  readonly #made: GraphNode[] = [];
  /** Downstream first. */
  readonly #nodes: GraphNode[] = [];
  readonly #extensionNodes: GraphNode[] = [];
  readonly #downstream = new Map<GraphNode, Set<GraphNode>>();
  readonly #relinks = new Map<Outlet, readonly Inlet[]>();
  /** Where a batch enters each pipeline that stands. */
  readonly #entries = new Map<string, readonly Inlet[]>();
  /** Exporters and connectors by id: one instance each, however many pipelines name it. */
  readonly #destinations = new Map<string, GraphNode>();
  readonly #extensions = new Map<string, Component>();
  readonly #changedExtensions: ReadonlySet<string>;
  #storage: StorageProvider | undefined;

  constructor(args: AssemblyArgs) {
    this.#args = args;
    this.#spec = args.spec;
    const { nodes = [], extensions = [] } = args.standing ?? {};
    this.#standing = new Map([...extensions, ...nodes].map((node) => [placeKey(node), node]));
    this.#changedExtensions = changedExtensions(args.spec, extensions);
  }

  result(): Assembled {
    return {
      nodes: this.#nodes.toReversed(),
      extensions: this.#extensionNodes,
      downstream: this.#downstream,
      relinks: this.#relinks,
      storage: this.#storage,
    };
  }

  /** Lets go of what was made so far. */
  abandon(): void {
    for (const node of this.#made) node.retire();
  }

  extension(id: string): void {
    const configured = defined(this.#spec.extensions, id);
    const { definition, config } = configured;
    const node = this.#place({ kind: "extension", id }, configured, "", (made) => {
      made.hold(definition.create({ id, config, host: made.host }));
    });
    const { component } = node;
    this.#extensionNodes.push(node);
    this.#extensions.set(id, component);
    if (isStorageProvider(component)) this.#storage ??= component;
  }

  pipeline(id: string): void {
    const { signal, processors, exporters } = pipelineOf(this.#spec, id);
    // Filled below: a pipeline is built from its end.
    const guards: ExitGuard[] = [];
    let entry: readonly Inlet[] = exporters.map((exporter) => this.#destination(exporter, signal, guards));
    for (const processor of processors.toReversed()) {
      const node = this.#processor(processor, id, signal, entry);
      entry = [this.#inlet(node, signal)];
      if (node.guard !== undefined) guards.push(node.guard);
    }
    this.#entries.set(id, entry);
  }

  receivers(): void {
    for (const [id, configured] of this.#spec.receivers) {
      const { definition, config } = configured;
      const fed = this.#fedBy(id);
      if (fed.size === 0) continue;
      const place = { kind: "receiver", id } as const;
      const node = this.#place(place, configured, signalsOf(fed).join(), (made) => {
        const next = this.#next(made, fed);
        made.hold(definition.create({ id, config, host: made.host, next }));
      });
      this.#nodes.push(node);
    }
  }

  #processor(id: string, pipeline: string, signal: Signal, branches: readonly Inlet[]): GraphNode {
    const configured = defined(this.#spec.processors, id);
    const { definition, config } = configured;
    const node = this.#place({ kind: "processor", id, pipeline }, configured, signal, (made) => {
      const next = this.#outlet(made, { signal }, branches);
      const processor = made.hold(definition.create({ id, config, host: made.host, signal, next }));
      made.consumers = { [signal]: processor };
      const { guardExit } = processor;
      made.guard = guardExit && { guardExit: guardExit.bind(processor) };
    });
    this.#lead(node, () => branches);
    this.#nodes.push(node);
    return node;
  }

  #destination(id: string, signal: Signal, guards: readonly ExitGuard[]): Inlet {
    const node = this.#destinations.get(id) ?? this.#newDestination(id);
    if (node.consumers[signal] !== undefined) return this.#inlet(node, signal, guards);
    throw new DbintelError(`${node.name} takes no ${signal} with its settings`, {
      code: "DBI_CONFIG_INVALID",
      hint: `Give it what it needs for ${signal}, such as an endpoint, or take it out of the pipelines of that signal (\`signals\` of createPipeline).`,
    });
  }

  #newDestination(id: string): GraphNode {
    const node = this.#spec.connectors.has(id) ? this.#connector(id) : this.#exporter(id);
    this.#nodes.push(node);
    this.#destinations.set(id, node);
    return node;
  }

  #exporter(id: string): GraphNode {
    const configured = defined(this.#spec.exporters, id);
    const { definition, config } = configured;
    return this.#place({ kind: "exporter", id }, configured, "", (made) => {
      made.consumers = made.hold(definition.create({ id, config, host: made.host })).consumers;
    });
  }

  #connector(id: string): GraphNode {
    const configured = defined(this.#spec.connectors, id);
    const { definition, config } = configured;
    const fed = this.#fedBy(id);
    const shape = [...fed.keys()].toSorted().join();
    return this.#place({ kind: "connector", id }, configured, shape, (made) => {
      const [next, pipelines] = [this.#next(made, fed), this.#pipelines(made, fed)];
      made.consumers = made.hold(definition.create({ id, config, host: made.host, next, pipelines })).consumers;
    });
  }

  /** The pipelines that name a receiver or connector as their receiver, with their signals. */
  #fedBy(id: string): ReadonlyMap<string, Signal> {
    const fed = [...this.#spec.service.pipelines].filter(([, { receivers }]) => receivers.includes(id));
    return new Map(fed.map(([pipeline, { signal }]) => [pipeline, signal]));
  }

  /** An outlet a signal, over all of these pipelines that take it. */
  #next(node: GraphNode, fed: ReadonlyMap<string, Signal>): Consumers {
    const outlets = signalsOf(fed).map((signal): [Signal, Outlet] => {
      return [signal, this.#outlet(node, { signal }, this.#branches(fed, { signal }))];
    });
    return Object.fromEntries(outlets);
  }

  /** For a connector that chooses between the pipelines that name it as their receiver. */
  #pipelines(node: GraphNode, fed: ReadonlyMap<string, Signal>): ConnectedPipelines {
    return {
      signals: fed,
      outlet: (pipelines) => {
        const exit = { signal: defined(fed, pipelines[0] ?? ""), pipelines };
        return this.#outlet(node, exit, this.#branches(fed, exit));
      },
    };
  }

  #branches(fed: ReadonlyMap<string, Signal>, { signal, pipelines }: Omit<Exit, "outlet">): readonly Inlet[] {
    const ids = pipelines ?? [...fed.keys()].filter((id) => fed.get(id) === signal);
    return ids.flatMap((id) => defined(this.#entries, id));
  }

  // Both ends of an edge open the account of its signal, so that a counter is there at 0 before the first batch.

  #inlet(node: GraphNode, signal: Signal, guards: readonly ExitGuard[] = []): Inlet {
    node.ledger.of(signal);
    return new Inlet(node, defined(new Map(Object.entries(node.consumers)), signal), guards);
  }

  #outlet(node: GraphNode, exit: Omit<Exit, "outlet">, branches: readonly Inlet[]): Outlet {
    node.ledger.of(exit.signal);
    const outlet = new Outlet(node.ledger, branches);
    node.exits.push({ ...exit, outlet });
    this.#join(node, branches);
    return outlet;
  }

  #join(node: GraphNode, branches: readonly Inlet[]): void {
    const below = this.#downstream.get(node) ?? new Set();
    for (const branch of branches) below.add(branch.node);
    this.#downstream.set(node, below);
  }

  /** Notes where the outlets of a component that was taken over lead from now on. */
  #lead(node: GraphNode, branchesOf: (exit: Exit) => readonly Inlet[]): void {
    if (this.#standing.get(placeKey(node)) !== node) return;
    for (const exit of node.exits) {
      const branches = branchesOf(exit);
      this.#relinks.set(exit.outlet, branches);
      this.#join(node, branches);
    }
  }

  /** The component that stands in this place when it would be built the same, or else a new one. */
  #place(
    place: Place,
    configured: Configured<ComponentDefinition>,
    shape: string,
    create: (node: GraphNode) => void,
  ): GraphNode {
    const { environment, collector, shared, taps, onStatus, standing, ledgerOf } = this.#args;
    const before = this.#standing.get(placeKey(place));
    const storage = this.#storage;
    if (before !== undefined && sameComponent(before, { configured, shape })) {
      const keepsStorage = !before.usesStorage || storage === standing?.storage;
      if (keepsStorage && !before.usedExtensions.some((id) => this.#changedExtensions.has(id))) {
        if (place.kind !== "processor") {
          const fed = this.#fedBy(place.id);
          this.#lead(before, (exit) => this.#branches(fed, exit));
        }
        return before;
      }
    }
    const node = new GraphNode({
      ...place,
      ...{ configured, shape, environment, collector, shared, taps, storage, onStatus },
      extensions: this.#extensions,
      ledger: ledgerOf(place),
      transport: configured.definition.kind === "receiver" ? configured.definition.transport : undefined,
    });
    this.#made.push(node);
    try {
      create(node);
    } catch (cause) {
      throw startError(node, cause);
    }
    return node;
  }
}

/** Ids of the extensions that do not go on as they are: they are gone, they have changed, or one has that they use. */
function changedExtensions(spec: GraphSpec, standing: readonly GraphNode[]): ReadonlySet<string> {
  const stays = (node: GraphNode) => {
    const configured = spec.service.extensions.includes(node.id) ? spec.extensions.get(node.id) : undefined;
    return configured !== undefined && sameComponent(node, { configured, shape: "" });
  };
  const changed = new Set(standing.filter((node) => !stays(node)).map(({ id }) => id));
  for (let size = -1; size < changed.size; ) {
    size = changed.size;
    for (const { id, usedExtensions } of standing)
      if (usedExtensions.some((used) => changed.has(used))) changed.add(id);
  }
  return changed;
}

function signalsOf(fed: ReadonlyMap<string, Signal>): readonly Signal[] {
  const taken = new Set(fed.values());
  return signals.filter((signal) => taken.has(signal));
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
