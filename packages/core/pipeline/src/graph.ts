import { DbintelError } from "@dbintel/errors";
import { type Assembled, assemble } from "./assembly.ts";
import { changeover } from "./changeover.ts";
import { type GraphNode, placeKey, type RunningComponent } from "./graph-node.ts";
import type { GraphSpec } from "./graph-spec.ts";
import type { CollectorView, Environment } from "./host.ts";
import { startLayers, startOrder, stopLayers } from "./lifecycle.ts";
import { SharedObjects } from "./shared.ts";
import { type TapListener, Taps } from "./taps.ts";

/** What a graph may be told beside its spec. */
export interface GraphOptions {
  /** Milliseconds that `stop` gives to all components together. Default 30 000. */
  readonly stopDeadlineMs?: number;
}

type Life =
  | { readonly state: "stopped" }
  | { readonly state: "starting"; readonly abort: AbortController; readonly done: Promise<void> }
  | { readonly state: "running" }
  | { readonly state: "reloading"; readonly abort: AbortController; readonly done: Promise<unknown> }
  | { readonly state: "stopping"; readonly done: Promise<readonly DbintelError[]> };

/** What a reload did, in components. */
export interface Reloaded {
  /** Those that went on as they were. */
  readonly kept: readonly RunningComponent[];
  readonly started: readonly RunningComponent[];
  readonly stopped: readonly RunningComponent[];
  /** What did not stop cleanly; also logged. */
  readonly failures: readonly DbintelError[];
}

/** Places that no configuration names any more whose accounts are kept. */
const mostRetired = 1000;

/**
 * The components of a collector, joined and alive together.
 *
 * Extensions start first, then exporters, connectors and processors, and receivers last, so that nobody gets a batch
 * before it has started; stopping goes the other way, so that everybody can give away what it holds. Components at
 * the same distance from the receivers start and stop together.
 */
export class Graph implements CollectorView, AsyncDisposable {
  #standing: Assembled | undefined;
  readonly #shared: SharedObjects;
  readonly #taps = new Taps();
  readonly #environment: Environment;
  readonly #stopDeadlineMs: number;
  readonly #watchers = new Set<(component: RunningComponent) => void>();
  /** What had a place once and has none now, for its accounts; the longest gone comes first. */
  readonly #retired = new Map<string, GraphNode>();
  #life: Life = { state: "stopped" };

  /** Creates the components. Throws `DBI_CONFIG_INVALID` for what cannot be joined, `DBI_COMPONENT_START` for a failed component. */
  constructor(spec: GraphSpec, environment: Environment, options: GraphOptions = {}) {
    this.#environment = environment;
    this.#shared = new SharedObjects(environment);
    this.#stopDeadlineMs = options.stopDeadlineMs ?? 30_000;
    this.#standing = this.#assemble(spec);
  }

  /** True between the moment when everything has started and the beginning of shutdown. */
  get ready(): boolean {
    return this.#life.state === "running" || this.#life.state === "reloading";
  }

  /** Every component with its status and accounts. */
  components(): readonly RunningComponent[] {
    return this.#nodes();
  }

  /** The same, and those that a reload has taken out: nothing vanishes from the accounts. */
  accounts(): readonly RunningComponent[] {
    return [...this.#nodes(), ...this.#retired.values()];
  }

  /** Calls the watcher at each change of a component's status, until the returned function is called. */
  subscribe(watcher: (component: RunningComponent) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Shows each batch that is handed to a component, as it is handed over, until the returned function is called. */
  tap(listener: TapListener): () => void {
    return this.#taps.add(listener);
  }

  /**
   * Resolves when every component has started. When one fails, those that had started are stopped and the error,
   * `DBI_COMPONENT_START`, names it. Starting what runs does nothing; what was stopped can be started again.
   */
  async start(): Promise<void> {
    const life = this.#life;
    if (life.state === "running" || life.state === "reloading") return;
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
   * Goes over to another configuration: components that would be built the same go on as they are, with their state
   * and their sockets, and new ones take the places of others. Resolves when what left has stopped. Rejects when the
   * new configuration cannot be built or started; then the one before runs on. Reloads take turns.
   */
  async reload(spec: GraphSpec): Promise<Reloaded> {
    const life = this.#life;
    if (life.state === "reloading") {
      await life.done.catch(() => {});
      return this.reload(spec);
    }
    if (life.state !== "running") throw new DbintelError("the collector does not run", { code: "DBI_SHUTTING_DOWN" });
    const abort = new AbortController();
    const done = this.#reload(spec, abort.signal);
    this.#life = { state: "reloading", abort, done };
    return done;
  }

  /** Has every component ask at once for what it left alone until somebody would have repaired it. */
  retry(): void {
    for (const { component } of this.#nodes()) component.retry?.();
  }

  /**
   * Resolves when every component has stopped or its deadline has passed, with an error, which was logged, for each
   * that did not stop cleanly. Stopping while starting aborts the start, while reloading what of it can be undone.
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
    if (life.state === "reloading") {
      life.abort.abort(new DbintelError("the collector was stopped while it reloaded", { code: "DBI_ABORTED" }));
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

  #nodes(): readonly GraphNode[] {
    // Components are created before the graph stands, and may ask.
    return this.#standing === undefined ? [] : [...this.#standing.extensions, ...this.#standing.nodes];
  }

  #layers(): readonly (readonly GraphNode[])[] {
    return this.#standing === undefined ? [] : startOrder(this.#standing);
  }

  #assemble(spec: GraphSpec): Assembled {
    const places = new Map(this.accounts().map((node) => [placeKey(node), node]));
    return assemble({
      spec,
      environment: this.#environment,
      collector: this,
      shared: this.#shared,
      taps: this.#taps,
      onStatus: (node) => {
        for (const watcher of this.#watchers) watcher(node);
      },
      standing: this.#standing,
      ledgerOf: (place) => places.get(placeKey(place))?.ledger,
    });
  }

  async #reload(spec: GraphSpec, signal: AbortSignal): Promise<Reloaded> {
    try {
      // A turn first: `#life` has to say "reloading" before a component can ask.
      await Promise.resolve();
      const from = this.#standing;
      if (from === undefined) throw new DbintelError("there is no graph", { code: "DBI_INTERNAL" });
      const to = this.#assemble(spec);
      const before = this.#nodes();
      const { clock } = this.#environment;
      const onSwitch = () => this.#switch(to);
      const failures = await changeover({ from, to, clock, deadlineMs: this.#stopDeadlineMs, signal, onSwitch });
      const after = this.#nodes();
      return {
        kept: after.filter((node) => before.includes(node)),
        started: after.filter((node) => !before.includes(node)),
        stopped: before.filter((node) => !after.includes(node)),
        failures,
      };
    } finally {
      this.#life = { state: "running" };
    }
  }

  #switch(to: Assembled): void {
    const before = this.#nodes();
    this.#standing = to;
    for (const node of before) this.#retired.set(placeKey(node), node);
    for (const node of this.#nodes()) this.#retired.delete(placeKey(node));
    for (const key of this.#retired.keys()) {
      if (this.#retired.size <= mostRetired) break;
      this.#retired.delete(key);
    }
  }

  async #start(signal: AbortSignal): Promise<void> {
    try {
      // A turn first: `#life` has to say "starting" before a component can ask.
      await Promise.resolve();
      await startLayers(this.#layers(), signal);
      this.#life = { state: "running" };
    } catch (error) {
      await this.#stop();
      throw error;
    }
  }

  async #stop(): Promise<readonly DbintelError[]> {
    const { clock } = this.#environment;
    await Promise.resolve();
    const failures = await stopLayers(this.#layers().toReversed(), { clock, deadlineMs: this.#stopDeadlineMs });
    this.#life = { state: "stopped" };
    return failures;
  }
}
