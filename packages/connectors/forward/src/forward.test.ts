import { RefusedError } from "@dbintel/errors";
import { type Logs, logsBuilder } from "@dbintel/pdata";
import { connectorGraph } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { forward } from "./index.ts";

const signal = new AbortController().signal;

const aLog = (): Logs => logsBuilder().resource({ attributes: {} }).scope({ name: "t" }).record({ body: "a" }).build();

/** Two pipelines that end in `forward`, and two that begin with it. */
function joined() {
  const { graph, sources, sinks } = connectorGraph({
    id: "forward",
    connector: forward(),
    pipelines: {
      "logs/one": { signal: "logs", receivers: ["one"], exporters: ["forward"] },
      "logs/two": { signal: "logs", receivers: ["two"], exporters: ["forward"] },
      "logs/left": { signal: "logs", receivers: ["forward"], exporters: ["left"] },
      "logs/right": { signal: "logs", receivers: ["forward"], exporters: ["right"] },
    },
  });
  const ledger = graph
    .components()
    .find(({ kind }) => kind === "connector")
    ?.ledger.of("logs");
  return { graph, sources, sinks, ledger };
}

describe("forward", () => {
  it("joins several pipelines and gives each batch to every pipeline behind it", async () => {
    const { sources, sinks, graph, ledger } = joined();
    await graph.start();
    await sources.get("one")?.logs?.consume(aLog(), { signal });
    await sources.get("two")?.logs?.consume(aLog(), { signal });
    expect([...sinks.values()].map(({ items }) => items)).toEqual([2, 2]);
    expect(ledger).toMatchObject({ received: 2, sent: 2, held: 0 });
    await graph.stop();
  });

  it("passes back-pressure through", async () => {
    const { sources, sinks, graph, ledger } = joined();
    await graph.start();
    const full = new RefusedError("full");
    sinks.get("right")?.failNext(full);
    await expect(sources.get("one")?.logs?.consume(aLog(), { signal })).rejects.toBe(full);
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
