import { type Batch, type Logs, logsBuilder, type Signal } from "@dbintel/pdata";
import { z } from "zod";
import {
  type Component,
  type Configured,
  type ConnectorDefinition,
  type Consumer,
  type Consumers,
  type ExitGuard,
  type ExporterDefinition,
  type ExtensionDefinition,
  type GraphSpec,
  type Host,
  type PipelineSpec,
  type ProcessorDefinition,
  type ReceiverDefinition,
  systemEnvironment,
} from "../src/index.ts";
import { createTestHost, seededRandom } from "../src/testing/index.ts";

export const never = new AbortController().signal;
const nothing = z.strictObject({});
const all = { logs: "stable", metrics: "stable", traces: "stable" } as const;

/** Logs with one record a body. */
export function logsOf(...bodies: readonly string[]): Logs {
  const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
  for (const body of bodies) builder.record({ body });
  return builder.build();
}

export function bodies(batch: Batch): unknown[] {
  const found: unknown[] = [];
  if (batch.signal === "logs") for (const record of batch.records()) found.push(record.body);
  return found;
}

/** What happened, in order: `start exporter x`. */
export type Diary = string[];

/** How a test component lives: hooks that run inside start and stop. */
export interface Life {
  readonly diary?: Diary;
  readonly onStart?: (host: Host, signal: AbortSignal) => Promise<void> | void;
  readonly onStop?: (signal: AbortSignal) => Promise<void> | void;
  readonly onRetry?: () => void;
}

function life(name: string, host: Host, { diary, onStart, onStop, onRetry }: Life): Component {
  return {
    ...(onRetry === undefined ? {} : { retry: onRetry }),
    async start({ signal }) {
      await onStart?.(host, signal);
      diary?.push(`start ${name}`);
    },
    async stop({ signal }) {
      await onStop?.(signal);
      diary?.push(`stop ${name}`);
    },
  };
}

/** A receiver that a test speaks through: it counts as a listener does. */
export class TestReceiver {
  next: Consumers = {};
  #host: Host | undefined;

  configured(options: Life = {}): Configured<ReceiverDefinition> {
    return {
      config: {},
      definition: {
        kind: "receiver",
        type: "test",
        description: "A receiver of a test.",
        schema: nothing,
        signals: all,
        create: ({ id, host, next }) => {
          this.next = next;
          this.#host = host;
          return life(`receiver ${id}`, host, options);
        },
      },
    };
  }

  /** Sends as if the batch came from outside; the client gets back what is rejected. */
  async send(batch: Batch): Promise<void> {
    const { signal, count } = batch;
    const next: Consumer | undefined = this.next[signal];
    this.#host?.accounting.received(signal, count);
    try {
      await next?.consume(batch, { signal: never });
    } catch (error) {
      if (!(error instanceof Error && "kind" in error && error.kind === "partial")) {
        this.#host?.accounting.refused(signal, count);
      }
      throw error;
    }
  }
}

/** A processor that does to the batch what the test says, then passes it on. */
export function testProcessor(
  edit: (batch: Batch) => Promise<void> | void = () => {},
  options: Life & Partial<ExitGuard> & { readonly signals?: readonly Signal[] } = {},
): Configured<ProcessorDefinition> {
  return {
    config: {},
    definition: {
      kind: "processor",
      type: "test",
      description: "A processor of a test.",
      schema: nothing,
      signals: Object.fromEntries((options.signals ?? Object.keys(all)).map((signal) => [signal, "stable"])),
      create: ({ id, host, next }) => ({
        ...life(`processor ${id}`, host, options),
        async consume(batch, context) {
          await edit(batch);
          await next.consume(batch, context);
        },
        ...(options.guardExit === undefined ? {} : { guardExit: options.guardExit }),
      }),
    },
  };
}

/** A processor that keeps what it is handed until it stops, then passes it on or, when that fails, drops it. */
export function testHolder(): Configured<ProcessorDefinition> {
  return {
    config: {},
    definition: {
      kind: "processor",
      type: "holder",
      description: "A holding processor of a test.",
      schema: nothing,
      signals: all,
      create: ({ host, signal, next }) => {
        let kept: Batch[] = [];
        return {
          async start() {},
          async stop() {
            for (const batch of kept) {
              const failure: unknown = await next.consume(batch, { signal: never }).catch((error) => error);
              const partial = failure instanceof Error && "rejected" in failure;
              if (failure !== undefined && !partial) host.accounting.dropped(signal, batch.count, "shutdown");
            }
            kept = [];
          },
          async consume(batch) {
            kept.push(batch);
          },
          held: () => kept.reduce((sum, batch) => sum + batch.count, 0),
        };
      },
    },
  };
}

/** An exporter in front of a consumer of the test. */
export function testExporter(
  target: Consumer = { consume: async () => {} },
  options: Life & { readonly signals?: readonly Signal[] } = {},
): Configured<ExporterDefinition> {
  const signals = options.signals ?? (["logs", "metrics", "traces"] as const);
  return {
    config: {},
    definition: {
      kind: "exporter",
      type: "test",
      description: "An exporter of a test.",
      schema: nothing,
      signals: Object.fromEntries(signals.map((signal) => [signal, "stable"])),
      create: ({ id, host }) => {
        const consumer: Consumer = {
          async consume(batch, context) {
            const { signal, count } = batch;
            try {
              await target.consume(batch, context);
              host.accounting.sent(signal, count);
            } catch (error) {
              if (error instanceof Error && "rejected" in error) {
                host.accounting.sent(signal, count - Number(error.rejected));
              }
              throw error;
            }
          },
        };
        const consumers = { logs: consumer, metrics: consumer, traces: consumer };
        return { ...life(`exporter ${id}`, host, options), consumers };
      },
    },
  };
}

/** A connector that passes on what it gets. */
export function testConnector(options: Life = {}): Configured<ConnectorDefinition> {
  return {
    config: {},
    definition: {
      kind: "connector",
      type: "test",
      description: "A connector of a test.",
      schema: nothing,
      signals: { logs: { logs: "stable" } },
      create: ({ id, host, next }) => ({ ...life(`connector ${id}`, host, options), consumers: next }),
    },
  };
}

export function testExtension(options: Life = {}): Configured<ExtensionDefinition> {
  return {
    config: {},
    definition: {
      kind: "extension",
      type: "test",
      description: "An extension of a test.",
      schema: nothing,
      stability: "stable",
      create: ({ id, host }) => life(`extension ${id}`, host, options),
    },
  };
}

/** A spec from plain objects; pipelines are `"logs: a, b > p > x, y"` by id. */
export function specOf(parts: {
  readonly receivers?: Readonly<Record<string, Configured<ReceiverDefinition>>>;
  readonly processors?: Readonly<Record<string, Configured<ProcessorDefinition>>>;
  readonly exporters?: Readonly<Record<string, Configured<ExporterDefinition>>>;
  readonly connectors?: Readonly<Record<string, Configured<ConnectorDefinition>>>;
  readonly extensions?: Readonly<Record<string, Configured<ExtensionDefinition>>>;
  readonly pipelines: Readonly<Record<string, string>>;
}): GraphSpec {
  const map = <Value>(record: Readonly<Record<string, Value>> = {}) => new Map(Object.entries(record));
  const names = (text = "") => text.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]));
  const pipelines = Object.entries(parts.pipelines).map(([id, text]): [string, PipelineSpec] => {
    const [receivers, processors, exporters] = text.split(">").map(names);
    const signal = id.split("/")[0] as Signal;
    return [id, { signal, receivers: receivers ?? [], processors: processors ?? [], exporters: exporters ?? [] }];
  });
  return {
    receivers: map(parts.receivers),
    processors: map(parts.processors),
    exporters: map(parts.exporters),
    connectors: map(parts.connectors),
    extensions: map(parts.extensions),
    service: { extensions: Object.keys(parts.extensions ?? {}), pipelines: new Map(pipelines) },
  };
}

/** An environment on a fake clock with a record of what was logged. */
export function testEnvironment() {
  const { clock, logger, lines } = createTestHost();
  return { ...systemEnvironment({ clock, logger, random: seededRandom(1) }), clock, lines };
}
