import { DbintelError } from "@dbintel/errors";
import { assemble } from "./assembly.ts";
import type { GraphNode, RunningComponent } from "./graph-node.ts";
import type { GraphSpec } from "./graph-spec.ts";
import type { CollectorView, Environment } from "./host.ts";
import { layersOf, startLayers, stopLayers } from "./lifecycle.ts";

/** What a graph may be told beside its spec. */
export interface GraphOptions {
  /** Milliseconds that `stop` gives to all components together. Default 30 000. */
  readonly stopDeadlineMs?: number;
}

type Life =
  | { readonly state: "stopped" }
  | { readonly state: "starting"; readonly abort: AbortController; readonly done: Promise<void> }
  | { readonly state: "running" }
  | { readonly state: "stopping"; readonly done: Promise<readonly DbintelError[]> };

/**
 * The components of a collector, joined and alive together.
 *
 * Extensions start first, then exporters, connectors and processors, and receivers last, so that nobody gets a batch
 * before it has started; stopping goes the other way, so that everybody can give away what it holds. Components at
 * the same distance from the receivers start and stop together.
 */
export class Graph implements CollectorView, AsyncDisposable {
  #nodes: readonly GraphNode[] = [];
  /** In the order of starting. */
  readonly #layers: readonly (readonly GraphNode[])[];
  readonly #environment: Environment;
  readonly #stopDeadlineMs: number;
  readonly #watchers = new Set<(component: RunningComponent) => void>();
  #life: Life = { state: "stopped" };

  /** Creates the components. Throws `DBI_CONFIG_INVALID` for what cannot be joined, `DBI_COMPONENT_START` for a failed component. */
  constructor(spec: GraphSpec, environment: Environment, options: GraphOptions = {}) {
    const onStatus = (node: GraphNode) => {
      for (const watcher of this.#watchers) watcher(node);
    };
    const { nodes, extensions } = assemble({ spec, environment, collector: this, onStatus });
    this.#environment = environment;
    this.#nodes = [...extensions, ...nodes];
    this.#layers = [...extensions.map((node) => [node]), ...layersOf(nodes).toReversed()];
    this.#stopDeadlineMs = options.stopDeadlineMs ?? 30_000;
  }

  /** True between the moment when everything has started and the beginning of shutdown. */
  get ready(): boolean {
    return this.#life.state === "running";
  }

  /** Every component with its status and accounts. */
  components(): readonly RunningComponent[] {
    return this.#nodes;
  }

  /** Calls the watcher at each change of a component's status, until the returned function is called. */
  subscribe(watcher: (component: RunningComponent) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /**
   * Resolves when every component has started. When one fails, those that had started are stopped and the error,
   * `DBI_COMPONENT_START`, names it. Starting what runs does nothing; what was stopped can be started again.
   */
  async start(): Promise<void> {
    const life = this.#life;
    if (life.state === "running") return;
    if (life.state === "starting") return life.done;
    if (life.state === "stopping") {
      await life.done;
      return this.start();
    }
    const abort = new AbortController();
    const done = this.#start(abort.signal);
    this.#life = { state: "starting", abort, done };
    return done;
  }

  /**
   * Resolves when every component has stopped or its deadline has passed, with an error, which was logged, for each
   * that did not stop cleanly. Stopping while starting aborts the start.
   */
  async stop(): Promise<readonly DbintelError[]> {
    const life = this.#life;
    if (life.state === "stopped") return [];
    if (life.state === "stopping") return life.done;
    if (life.state === "starting") {
      life.abort.abort(new DbintelError("the collector was stopped while it started", { code: "DBI_ABORTED" }));
      await life.done.catch(() => {});
      return this.stop();
    }
    const done = this.#stop();
    this.#life = { state: "stopping", done };
    return done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #start(signal: AbortSignal): Promise<void> {
    try {
      // A turn first: `#life` has to say "starting" before a component can ask.
      await Promise.resolve();
      await startLayers(this.#layers, signal);
      this.#life = { state: "running" };
    } catch (error) {
      await this.#stop();
      throw error;
    }
  }

  async #stop(): Promise<readonly DbintelError[]> {
    const { clock } = this.#environment;
    await Promise.resolve();
    const failures = await stopLayers(this.#layers.toReversed(), { clock, deadlineMs: this.#stopDeadlineMs });
    this.#life = { state: "stopped" };
    return failures;
  }
}
