import type { Signal } from "@dbintel/pdata";
import { z } from "zod";
import type {
  Configured,
  ConnectorDefinition,
  Consumers,
  ExporterDefinition,
  PipelineSpec,
  ReceiverDefinition,
} from "../index.ts";
import { Graph, systemEnvironment } from "../index.ts";
import { Sink } from "./sink.ts";
import { createTestHost } from "./test-host.ts";

const schema = z.strictObject({});
const signals = { logs: "stable", metrics: "stable", traces: "stable" } as const;
const life = { start: async () => {}, stop: async () => {} };

/** A graph around one connector, without processors. */
export interface ConnectorGraph {
  readonly graph: Graph;
  readonly host: ReturnType<typeof createTestHost>;
  /** The test speaks through these: what the pipelines name as receivers beside the connector. */
  readonly sources: ReadonlyMap<string, Consumers>;
  /** What the pipelines name as exporters beside the connector. */
  readonly sinks: ReadonlyMap<string, Sink<Signal>>;
}

/** Builds the pipelines around the connector, on a fake clock. */
export function connectorGraph(args: {
  readonly id: string;
  readonly connector: Configured<ConnectorDefinition>;
  /** By pipeline id; ids of receivers and exporters are made up by the test. */
  readonly pipelines: Readonly<Record<string, Omit<PipelineSpec, "processors">>>;
}): ConnectorGraph {
  const { id, connector } = args;
  const pipelines = new Map(Object.entries(args.pipelines).map(([name, spec]) => [name, { ...spec, processors: [] }]));
  const others = (ids: readonly string[]) => [...new Set(ids)].filter((name) => name !== id);
  const sources = new Map<string, Consumers>();
  const sinks = new Map<string, Sink<Signal>>();
  const receiver = (name: string): Configured<ReceiverDefinition> => ({
    config: {},
    definition: {
      ...{ kind: "receiver", type: "source", description: "A source of the test.", schema, signals },
      create: ({ next }) => {
        sources.set(name, next);
        return life;
      },
    },
  });
  const exporter = (name: string): Configured<ExporterDefinition> => ({
    config: {},
    definition: {
      ...{ kind: "exporter", type: "sink", description: "A sink of the test.", schema, signals },
      create: () => {
        const sink = new Sink<Signal>();
        sinks.set(name, sink);
        return { ...life, consumers: { logs: sink, metrics: sink, traces: sink } };
      },
    },
  });
  const specs = [...pipelines.values()];
  const host = createTestHost();
  const graph = new Graph(
    {
      receivers: new Map(others(specs.flatMap(({ receivers }) => receivers)).map((name) => [name, receiver(name)])),
      processors: new Map(),
      exporters: new Map(others(specs.flatMap(({ exporters }) => exporters)).map((name) => [name, exporter(name)])),
      connectors: new Map([[id, connector]]),
      extensions: new Map(),
      service: { extensions: [], pipelines },
    },
    systemEnvironment({ clock: host.clock, logger: host.logger, meter: host.meter }),
  );
  return { graph, host, sources, sinks };
}
