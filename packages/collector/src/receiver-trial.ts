import type { Batch, Signal } from "@dbintel/pdata";
import type {
  BuildInfo,
  ComponentStatus,
  Configured,
  Consumer,
  Consumers,
  ReceiverDefinition,
} from "@dbintel/pipeline";
import { defineExporter, Graph, systemEnvironment } from "@dbintel/pipeline";
import { z } from "zod";

/** What is tried, and for how long. */
export interface TrialOptions {
  readonly id: string;
  readonly receiver: Configured<ReceiverDefinition>;
  /** The signals to wait for. */
  readonly signals: readonly Signal[];
  readonly build: BuildInfo;
  /** Whether these batches, one of every signal among them, are what was waited for. Default: they always are. */
  readonly enough?: (batches: readonly Batch[]) => boolean;
  /** Milliseconds to wait for the first batch of every signal. Default three minutes: top queries come once a minute. */
  readonly patienceMs?: number;
}

/** How a trial ended. */
export interface Trial {
  /** Every batch until it was enough, in the order of arrival. */
  readonly batches: readonly Batch[];
  readonly missing: readonly Signal[];
  /** What a person has to mend before the receiver can work. */
  readonly problem: Extract<ComponentStatus, { readonly state: "permanent_error" }> | undefined;
}

/**
 * Runs one receiver alone until it has delivered a batch of every signal and it is enough, until it has said that a
 * person must mend something, or patience ends. Nothing leaves the process.
 */
export async function tryReceiver(options: TrialOptions): Promise<Trial> {
  const environment = systemEnvironment({ build: options.build });
  const batches: Batch[] = [];
  const missing = () => options.signals.filter((signal) => !batches.some((batch) => batch.signal === signal));
  let problem: Trial["problem"];
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let finished = false;
  const take = async (batch: Batch) => {
    if (finished) return;
    batches.push(batch);
    finished = missing().length === 0 && (options.enough?.(batches) ?? true);
    if (finished) end();
  };
  await using graph = new Graph(trialSpec(options, take), environment);
  graph.subscribe(({ id, status }) => {
    if (id !== options.id || status.state !== "permanent_error") return;
    problem = status;
    end();
  });
  const timer = setTimeout(end, options.patienceMs ?? 180_000);
  await graph.start();
  await ended;
  clearTimeout(timer);
  return { batches, missing: missing(), problem };
}

function trialSpec({ id, receiver, signals }: TrialOptions, take: (batch: Batch) => Promise<void>) {
  const consumer: Consumer = { consume: take };
  const consumers: Consumers = { logs: consumer, metrics: consumer, traces: consumer };
  const result = defineExporter({
    type: "result",
    description: "Keeps the first batch of each signal.",
    schema: z.strictObject({}),
    signals: { logs: "stable", metrics: "stable", traces: "stable" },
    create: () => ({ consumers, start: async () => {}, stop: async () => {} }),
  });
  const pipeline = (signal: Signal) =>
    [signal, { signal, receivers: [id], processors: [], exporters: ["result"] }] as const;
  return {
    receivers: new Map([[id, receiver]]),
    processors: new Map(),
    exporters: new Map([["result", result()]]),
    connectors: new Map(),
    extensions: new Map(),
    service: { extensions: [], pipelines: new Map(signals.map(pipeline)) },
  };
}
