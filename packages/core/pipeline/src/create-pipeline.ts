import { type DbintelError, RefusedError, toConsumeError } from "@dbintel/errors";
import { type BatchOf, type Signal, signals } from "@dbintel/pdata";
import { keepingAlive } from "./clock.ts";
import type { ExporterDefinition, ProcessorDefinition } from "./component.ts";
import type { ConsumeContext, Consumer, Consumers } from "./consumer.ts";
import type { Configured } from "./define.ts";
import { batchProblem, checkComponent, checkConsumers, checkOutputs, signalProblem } from "./embedding-checks.ts";
import { Graph, type GraphOptions } from "./graph.ts";
import type { RunningComponent } from "./graph-node.ts";
import type { GraphSpec, PipelineSpec } from "./graph-spec.ts";
import type { Environment } from "./host.ts";
import { Input, inputDefinition, outputDefinition } from "./rim.ts";
import { systemEnvironment } from "./system-environment.ts";

/** Where a pipeline ends: an exporter, or consumers of the embedding application that get the processed batches. */
export type Output = Configured<ExporterDefinition> | Consumers;

/** What {@link createPipeline} makes a pipeline of. */
export interface PipelineOptions extends GraphOptions {
  /** In the order in which a batch passes them. Default none. */
  readonly processors?: readonly Configured<ProcessorDefinition>[];
  /** One output, or several that each get every batch. */
  readonly exporter?: Output;
  readonly exporters?: readonly Output[];
  /** What differs from {@link systemEnvironment}. */
  readonly host?: Partial<Environment>;
}

/** A consumer for callers that have nothing to cancel: the context may be left out. */
export interface EmbeddedConsumer<S extends Signal> extends Consumer<S> {
  consume(batch: BatchOf[S], context?: ConsumeContext): Promise<void>;
}

/** A running pipeline inside an application. The batch given to `consume` stays the caller's, unchanged. */
export interface EmbeddedPipeline extends AsyncDisposable {
  readonly logs: EmbeddedConsumer<"logs">;
  readonly metrics: EmbeddedConsumer<"metrics">;
  readonly traces: EmbeddedConsumer<"traces">;
  /** Optional: the first batch starts what is not started. Rejects with `DBI_COMPONENT_START`. */
  start(): Promise<void>;
  /** Gives away what is held, within the deadline. Later batches are refused. Errors are also logged. */
  stop(): Promise<readonly DbintelError[]>;
  /** Each component with its ledger: what it received, sent, dropped, gave back and holds. */
  accounting(): readonly RunningComponent[];
}

/**
 * Makes a pipeline for an application of your own: the same components, edges and accounts as in the collector, fed
 * by calls of `consume` instead of receivers.
 *
 * A signal that one of the components does not take is rejected for good, so that no record ever passes by a
 * processor in silence.
 */
export function createPipeline(options: PipelineOptions): EmbeddedPipeline {
  const outputs = [...(options.exporter === undefined ? [] : [options.exporter]), ...(options.exporters ?? [])];
  checkOutputs(outputs);
  for (const [index, given] of (options.processors ?? []).entries()) {
    checkComponent(given, "processor", `processors[${index}]`);
  }
  const processors = named(options.processors ?? []);
  const exporters = named(outputs.map(asExporter));
  const input = new Input();
  const takes = (signal: Signal) => unsupported(signal, [...processors, ...exporters]) === undefined;
  const pipelines = signals
    .filter(takes)
    .map((signal): [string, PipelineSpec] => [
      signal,
      { signal, receivers: ["input"], processors: [...processors.keys()], exporters: [...exporters.keys()] },
    ]);
  const spec: GraphSpec = {
    receivers: new Map([["input", { definition: inputDefinition(input), config: {} }]]),
    processors,
    exporters,
    connectors: new Map(),
    extensions: new Map(),
    service: { extensions: [], pipelines: new Map(pipelines) },
  };
  const graph = new Graph(spec, systemEnvironment(options.host), options);
  const life = new EmbeddedLife(graph);
  const consumer = <S extends Signal>(signal: S): EmbeddedConsumer<S> => ({
    async consume(batch, context) {
      const obstacle = unsupported(signal, [...processors, ...exporters]);
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
  #stopped = false;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  start(): Promise<void> {
    this.#stopped = false;
    return keepingAlive(() => this.#graph.start());
  }

  during(call: () => Promise<void>): Promise<void> {
    return keepingAlive(async () => {
      if (this.#stopped) {
        const hint = "stop it after the last batch; start() lets it take batches again";
        throw new RefusedError("the pipeline has been stopped", { code: "DBI_SHUTTING_DOWN", hint });
      }
      if (!this.#graph.ready) {
        await this.#graph.start().catch((error: unknown) => Promise.reject(toConsumeError(error)));
      }
      await call();
    });
  }

  stop(): Promise<readonly DbintelError[]> {
    this.#stopped = true;
    return keepingAlive(() => this.#graph.stop());
  }
}

/** Ids as a configuration would have them: the type, and `type/2` for the second of a type. */
function named<C extends { readonly definition: { readonly type: string } }>(components: readonly C[]): Map<string, C> {
  const counts = new Map<string, number>();
  return new Map(
    components.map((component) => {
      const { type } = component.definition;
      const count = (counts.get(type) ?? 0) + 1;
      counts.set(type, count);
      return [count === 1 ? type : `${type}/${count}`, component];
    }),
  );
}

function asExporter(output: Output, index: number): Configured<ExporterDefinition> {
  const place = `exporters[${index}]`;
  if ("definition" in output) {
    checkComponent(output, "exporter", place);
    return output;
  }
  checkConsumers(output, place);
  return { definition: outputDefinition(output), config: {} };
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
