import { RefusedError } from "@dbintel/errors";
import { type Logs, logsBuilder } from "@dbintel/pdata";
import type { Consumers, GraphSpec } from "@dbintel/pipeline";
import { Graph, systemEnvironment } from "@dbintel/pipeline";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { forward } from "./index.ts";

const signal = new AbortController().signal;
const signals = { logs: "stable" } as const;
const schema = z.strictObject({});
const life = { start: async () => {}, stop: async () => {} };

const aLog = (): Logs => logsBuilder().resource({ attributes: {} }).scope({ name: "t" }).record({ body: "a" }).build();

/** Two pipelines that end in `forward`, and two that begin with it. */
function joined(sinks: readonly Sink<"logs">[]) {
  const sources: Consumers[] = [];
  const receiver = (at: number) => ({
    config: {},
    definition: {
      kind: "receiver" as const,
      type: "source",
      description: "A source of the test.",
      schema,
      signals,
      create: ({ next }: { readonly next: Consumers }) => {
        sources[at] = next;
        return life;
      },
    },
  });
  const exporter = (sink: Sink<"logs"> | undefined) => ({
    config: {},
    definition: {
      kind: "exporter" as const,
      type: "sink",
      description: "A sink of the test.",
      schema,
      signals,
      create: () => ({ ...life, consumers: sink === undefined ? {} : { logs: sink } }),
    },
  });
  const spec: GraphSpec = {
    receivers: new Map([
      ["one", receiver(0)],
      ["two", receiver(1)],
    ]),
    processors: new Map(),
    exporters: new Map([
      ["left", exporter(sinks[0])],
      ["right", exporter(sinks[1])],
    ]),
    connectors: new Map([["forward", forward()]]),
    extensions: new Map(),
    service: {
      extensions: [],
      pipelines: new Map([
        ["logs/one", { signal: "logs", receivers: ["one"], processors: [], exporters: ["forward"] }],
        ["logs/two", { signal: "logs", receivers: ["two"], processors: [], exporters: ["forward"] }],
        ["logs/left", { signal: "logs", receivers: ["forward"], processors: [], exporters: ["left"] }],
        ["logs/right", { signal: "logs", receivers: ["forward"], processors: [], exporters: ["right"] }],
      ]),
    },
  };
  const { clock, logger } = createTestHost();
  const graph = new Graph(spec, systemEnvironment({ clock, logger }));
  const ledger = graph
    .components()
    .find(({ kind }) => kind === "connector")
    ?.ledger.of("logs");
  return { sources, graph, ledger };
}

describe("forward", () => {
  it("joins several pipelines and gives each batch to every pipeline behind it", async () => {
    const sinks = [new Sink<"logs">(), new Sink<"logs">()];
    const { sources, graph, ledger } = joined(sinks);
    await graph.start();
    await sources[0]?.logs?.consume(aLog(), { signal });
    await sources[1]?.logs?.consume(aLog(), { signal });
    expect(sinks.map(({ items }) => items)).toEqual([2, 2]);
    expect(ledger).toMatchObject({ received: 2, sent: 2, held: 0 });
    await graph.stop();
  });

  it("passes back-pressure through", async () => {
    const sinks = [new Sink<"logs">(), new Sink<"logs">()];
    const { sources, graph, ledger } = joined(sinks);
    await graph.start();
    const full = new RefusedError("full");
    sinks[1]?.failNext(full);
    await expect(sources[0]?.logs?.consume(aLog(), { signal })).rejects.toBe(full);
    expect(ledger).toMatchObject({ received: 1, refused: 1, sent: 0, held: 0 });
    await graph.stop();
  });

  it("carries each signal to the same signal only", () => {
    expect(forward.definition.signals).toEqual({
      logs: { logs: "stable" },
      metrics: { metrics: "stable" },
      traces: { traces: "stable" },
    });
  });
});
