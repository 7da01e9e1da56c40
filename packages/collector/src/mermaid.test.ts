import { expect, it } from "vitest";
import { mermaid } from "./mermaid.ts";

it("draws shared receivers and connectors once and processors per pipeline", () => {
  const text = mermaid({
    connectors: new Map([["forward", undefined as never]]),
    service: {
      extensions: [],
      telemetry: undefined,
      pipelines: new Map([
        ["logs", { id: "logs", signal: "logs", receivers: ["otlp"], processors: ["batch"], exporters: ["forward"] }],
        [
          "logs/out",
          { id: "logs/out", signal: "logs", receivers: ["forward", "otlp"], processors: [], exporters: ["nop"] },
        ],
      ]),
    },
  });
  expect(text).toBe(`flowchart LR
  n0(["otlp"])
  n1{{"forward"}}
  n2(["nop"])
  subgraph p0["logs"]
    direction LR
    p0s0["batch"]
  end
  subgraph p1["logs/out"]
    direction LR
    p1s0["logs/out"]
  end
  n0 --> p0s0
  p0s0 --> n1
  n1 --> p1s0
  n0 --> p1s0
  p1s0 --> n2`);
});

it("escapes what would end a label", () => {
  const pipelines = new Map([
    ["logs", { id: "logs", signal: "logs" as const, receivers: ['otlp/"a#b"'], processors: [], exporters: ["nop"] }],
  ]);
  expect(mermaid({ connectors: new Map(), service: { extensions: [], telemetry: undefined, pipelines } })).toContain(
    'n0(["otlp/#quot;a#35;b#quot;"])',
  );
});
