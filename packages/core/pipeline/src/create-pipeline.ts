import { type DbintelError, RefusedError, toConsumeError } from "@dbintel/errors";
import { type BatchOf, type Signal, signals } from "@dbintel/pdata";
import { keepingAlive } from "./clock.ts";
import type { ExporterDefinition, ExtensionDefinition, ProcessorDefinition, ReceiverDefinition } from "./component.ts";
import type { ConsumeContext, Consumer } from "./consumer.ts";
import type { Configured } from "./define.ts";
import { exportersOf, extensionsOf, inputId, type Output, processorsOf, receiversOf } from "./embedded-components.ts";
import { batchProblem, checkOptions, checkUse, signalProblem } from "./embedding-checks.ts";
import { Graph, type GraphOptions } from "./graph.ts";
import type { RunningComponent } from "./graph-node.ts";
import type { GraphSpec, PipelineSpec } from "./graph-spec.ts";
import type { Environment } from "./host.ts";
import { Input, inputDefinition } from "./rim.ts";
import { systemEnvironment } from "./system-environment.ts";

/** What {@link createPipeline} makes a pipeline of. */
export interface PipelineOptions extends GraphOptions {
  /**
   * What brings batches beside the calls of `consume`, from `start` on. State that one keeps over a restart belongs to its
   * id. Default none.
   */
  readonly receivers?:
    | readonly Configured<ReceiverDefinition>[]
    | Readonly<Record<string, Configured<ReceiverDefinition>>>;
  /** In the order in which a batch passes them. Default none. */
  readonly processors?: readonly Configured<ProcessorDefinition>[];
  /** One output, or several that each get every batch. */
  readonly exporter?: Output;
  /** A queue on disk is found again by the id of its exporter: with several of them give the ids, not a list. */
  readonly exporters?: readonly Output[] | Readonly<Record<string, Output>>;
  /**
   * By the ids that settings name, such as `sending_queue.storage: file_storage`. They start first, in this order. The
   * first one that keeps state keeps that of all components over a restart.
   */
  readonly extensions?: Readonly<Record<string, Configured<ExtensionDefinition>>>;
  /** Which it takes. Default: those that all of its components take. */
  readonly signals?: readonly Signal[];
  /** What differs from {@link systemEnvironment}. */
  readonly host?: Partial<Environment>;
}

const optionNames = [
  ...(["receivers", "processors", "exporter", "exporters", "extensions"] as const),
  ...(["signals", "host", "stopDeadlineMs"] as const),
] satisfies readonly (keyof PipelineOptions)[];

/** A consumer for callers that have nothing to cancel: the context may be left out. */
export interface EmbeddedConsumer<S extends Signal> extends Consumer<S> {
  consume(batch: BatchOf[S], context?: ConsumeContext): Promise<void>;
}

/**
 * A running pipeline inside an application. The batch given to `consume` stays the caller's, unchanged. With receivers the
 * process stays alive from `start` until `stop`, without them while a call is under way.
 */
export interface EmbeddedPipeline extends AsyncDisposable {
  readonly logs: EmbeddedConsumer<"logs">;
  readonly metrics: EmbeddedConsumer<"metrics">;
  readonly traces: EmbeddedConsumer<"traces">;
  /** Optional without receivers: the first batch starts what is not started. Rejects with `DBI_COMPONENT_START`. */
  start(): Promise<void>;
  /** Gives away what is held, within the deadline. Later batches are refused. Errors are also logged. */
  stop(): Promise<readonly DbintelError[]>;
  /** Each component with its ledger: what it received, sent, dropped, gave back and holds. */
  accounting(): readonly RunningComponent[];
}

/**
 * Makes a pipeline for an application of your own: the same components, edges and accounts as in the collector, fed
 * by calls of `consume`, by receivers, or by both.
 *
 * A signal that one of the components does not take is rejected for good, so that no record ever passes by a
 * processor in silence.
 */
export function createPipeline(options: PipelineOptions): EmbeddedPipeline {
  checkOptions(options, optionNames);
  const [receivers, processors] = [receiversOf(options), processorsOf(options)];
  const [exporters, extensions] = [exportersOf(options), extensionsOf(options)];
  const input = new Input();
  const obstacleOf = (signal: Signal) => {
    return options.signals?.includes(signal) === false
      ? "the pipeline"
      : unsupported(signal, [...processors, ...exporters]);
  };
  const pipelines = signals
    .filter((signal) => obstacleOf(signal) === undefined)
    .map((signal): [string, PipelineSpec] => [
      signal,
      {
        signal,
        receivers: [inputId, ...givingOf(receivers, signal)],
        processors: [...processors.keys()],
        exporters: [...exporters.keys()],
      },
    ]);
  checkUse(receivers, new Map(pipelines));
  const spec: GraphSpec = {
    receivers: new Map([[inputId, { definition: inputDefinition(input), config: {} }], ...receivers]),
    processors,
    exporters,
    connectors: new Map(),
    extensions,
    service: { extensions: [...extensions.keys()], pipelines: new Map(pipelines) },
  };
  const graph = new Graph(spec, systemEnvironment(options.host), options);
  const life = new EmbeddedLife(graph, receivers.size > 0);
  const consumer = <S extends Signal>(signal: S): EmbeddedConsumer<S> => ({
    async consume(batch, context) {
      const obstacle = obstacleOf(signal);
      if (obstacle !== undefined) throw signalProblem(obstacle, signal);
      const problem = batchProblem(batch, signal);
      if (problem !== undefined) throw problem;
      await life.during(() => input.pass(batch, context ?? { signal: new AbortController().signal }));
    },
  });
  return {
    logs: consumer("logs"),
    metrics: consumer("metrics"),
    traces: consumer("traces"),
    start: () => life.start(),
    stop: () => life.stop(),
    accounting: () => graph.components(),
    [Symbol.asyncDispose]: async () => void (await life.stop()),
  };
}

/**
 * Starts the graph with the first batch and refuses batches after the end. The process stays alive while a call is
 * under way: an application that awaits it has nothing else to do.
 */
class EmbeddedLife {
  readonly #graph: Graph;
  readonly #hasReceivers: boolean;
  #stopped = false;
  /** Lets the process go that stays for the receivers. */
  #leave: (() => void) | undefined;

  constructor(graph: Graph, hasReceivers: boolean) {
    this.#graph = graph;
    this.#hasReceivers = hasReceivers;
  }

  async start(): Promise<void> {
    this.#stopped = false;
    await keepingAlive(() => this.#graph.start());
    this.#stay();
  }

  during(call: () => Promise<void>): Promise<void> {
    return keepingAlive(async () => {
      if (this.#stopped) {
        const hint = "stop it after the last batch; start() lets it take batches again";
        throw new RefusedError("the pipeline has been stopped", { code: "DBI_SHUTTING_DOWN", hint });
      }
      if (!this.#graph.ready) {
        await this.#graph.start().catch((error: unknown) => Promise.reject(toConsumeError(error)));
        this.#stay();
      }
      await call();
    });
  }

  stop(): Promise<readonly DbintelError[]> {
    this.#stopped = true;
    return keepingAlive(async () => {
      const failures = await this.#graph.stop();
      this.#leave?.();
      this.#leave = undefined;
      return failures;
    });
  }

  #stay(): void {
    if (!this.#hasReceivers || this.#stopped || this.#leave !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#leave = resolve;
    void keepingAlive(() => promise);
  }
}

/** The ids of the receivers that give the signal. */
function givingOf(receivers: ReadonlyMap<string, Configured<ReceiverDefinition>>, signal: Signal): readonly string[] {
  return [...receivers].filter(([, { definition }]) => definition.signals[signal] !== undefined).map(([id]) => id);
}

/** The id of the first component that does not take the signal. */
function unsupported(
  signal: Signal,
  components: Iterable<readonly [string, Configured<ProcessorDefinition | ExporterDefinition>]>,
): string | undefined {
  for (const [id, { definition }] of components) {
    if (definition.signals[signal] === undefined) return `${definition.kind} "${id}"`;
  }
  return undefined;
}
